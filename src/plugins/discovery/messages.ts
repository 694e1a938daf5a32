// mDNS packets to records and questions to packets, over dns-packet. Not the meaning of the records (core/dns-sd), and
// nothing that throws: what cannot be read is undefined.
import { decode, encode, AUTHORITATIVE_ANSWER, TRUNCATED_RESPONSE, type Answer, type DecodedPacket } from 'dns-packet'
import { canonicalName, serviceType, type DiscoveryQuestion, type DiscoveryRecord } from '../../core/dns-sd/records.ts'

/** RFC 6762 §17: no mDNS message is larger, headers included. */
const maxPacketBytes = 9000
/** As many pointers of 72 bytes as fit an Ethernet frame with room for tunnels. */
const answersPerPacket = 16
/** Bits of the header's second 16 that must be zero in a response: opcode and rcode (RFC 6762 §18.3, §18.11). */
const mustBeZero = 0x780f
const responseBit = 0x8000

/**
 * The records of a response that are about proxies or their hosts; undefined for everything else: queries, other
 * opcodes, errors, broken or oversized packets.
 */
export function readResponse(packet: Buffer): DiscoveryRecord[] | undefined {
  if (packet.length < 12 || packet.length > maxPacketBytes) return undefined
  const flags = packet.readUInt16BE(2)
  if ((flags & responseBit) === 0 || (flags & mustBeZero) !== 0) return undefined
  // dns-packet makes room for as many records as the header claims: believe no more than can be there.
  const claimed = [4, 6, 8, 10].reduce((sum, offset) => sum + packet.readUInt16BE(offset), 0)
  if (claimed * 5 > packet.length) return undefined
  let decoded: DecodedPacket
  try {
    decoded = decode(packet)
    if (decode.bytes > packet.length) return undefined // the last record is cut off
  } catch {
    return undefined
  }
  return [...(decoded.answers ?? []), ...(decoded.additionals ?? [])].flatMap(answer => recordOf(answer) ?? [])
}

function recordOf(answer: Answer): DiscoveryRecord | undefined {
  if (answer.type === 'OPT' || !('class' in answer) || answer.class !== 'IN') return undefined
  const base = { name: canonicalName(answer.name), ttl: answer.ttl ?? 0, flush: answer.flush === true }
  switch (answer.type) {
    case 'PTR':
      return { ...base, type: 'PTR', target: canonicalName(answer.data) }
    case 'SRV':
      return { ...base, type: 'SRV', target: canonicalName(answer.data.target), port: answer.data.port ?? 0 }
    case 'TXT':
      return { ...base, type: 'TXT', pairs: pairsOf(answer.data) }
    case 'A':
    case 'AAAA':
      return { ...base, type: answer.type, address: answer.data }
    default:
      return undefined
  }
}

/** The pairs of a TXT record (RFC 6763 §6.4): keys without case, the first of a key counts. A Map, since a key may be `__proto__`. */
function pairsOf(data: unknown): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const item of Array.isArray(data) ? data : [data]) {
    const text = Buffer.isBuffer(item) ? item.toString('latin1') : String(item)
    const [key = '', ...value] = text.split('=')
    const name = canonicalName(key)
    if (name !== '' && !pairs.has(name)) pairs.set(name, value.join('='))
  }
  return pairs
}

/** A query for what is asked, as far as one packet takes it. */
export function writeQuery(questions: readonly DiscoveryQuestion[]): Buffer {
  return encode({
    type: 'query',
    id: 0,
    flags: 0,
    questions: questions.map(({ name, type }) => ({ name, type, class: 'IN' as const }))
  })
}

/**
 * The query for all proxies. Those already known are listed and need not answer (RFC 6762 §7.1); where they do not fit
 * one packet, the others follow and each packet but the last says that more comes (§7.2).
 */
export function writeBrowseQuery(known: readonly { readonly name: string; readonly ttl: number }[]): Buffer[] {
  const packets: Buffer[] = []
  for (let start = 0; start === 0 || start < known.length; start += answersPerPacket) {
    const questions = start === 0 ? [{ name: serviceType, type: 'PTR' as const, class: 'IN' as const }] : []
    const answers = known
      .slice(start, start + answersPerPacket)
      .map(({ name, ttl }) => ({ name: serviceType, type: 'PTR' as const, class: 'IN' as const, ttl, data: name }))
    const more = start + answersPerPacket < known.length
    packets.push(encode({ type: 'query', id: 0, flags: more ? TRUNCATED_RESPONSE : 0, questions, answers }))
  }
  return packets
}

/** A response, for tests and tools that speak as a proxy would. */
export function writeResponse(answers: Answer[], additionals: Answer[] = []): Buffer {
  return encode({ type: 'response', id: 0, flags: AUTHORITATIVE_ANSWER, answers, additionals })
}
