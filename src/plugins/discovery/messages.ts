// Reads and writes mDNS packets with dns-packet. Nothing throws: unreadable packets are undefined. core/dns-sd gives the
// records their meaning.
import { decode, encode, AUTHORITATIVE_ANSWER, TRUNCATED_RESPONSE, type Answer, type DecodedPacket } from 'dns-packet'
import { SERVICE_TYPE } from '../../core/dns-sd/constants.ts'
import { canonicalName, type DiscoveryQuestion, type DiscoveryRecord } from '../../core/dns-sd/records.ts'

/** RFC 6762 §17: no mDNS message is larger, headers included. */
const MAX_PACKET_BYTES = 9000
/** PTR records of 72 bytes that fit into an Ethernet frame with room for tunnels. */
const ANSWERS_PER_PACKET = 16
/** Flags that must be zero in a response: opcode and rcode (RFC 6762 §18.3, §18.11). */
const MUST_BE_ZERO = 0x780f
const RESPONSE_BIT = 0x8000

/**
 * The records of a response that may be about proxies or their hosts; undefined for queries, other opcodes, errors,
 * and broken or oversized packets.
 */
export function readResponse(packet: Buffer): DiscoveryRecord[] | undefined {
  if (packet.length < 12 || packet.length > MAX_PACKET_BYTES) return undefined
  const flags = packet.readUInt16BE(2)
  if ((flags & RESPONSE_BIT) === 0 || (flags & MUST_BE_ZERO) !== 0) return undefined
  // dns-packet allocates as many records as the header claims: believe no more than fit.
  const claimed = [4, 6, 8, 10].reduce((sum, offset) => sum + packet.readUInt16BE(offset), 0)
  if (claimed * 5 > packet.length) return undefined
  let decoded: DecodedPacket
  try {
    decoded = decode(packet)
    if (decode.bytes > packet.length) return undefined // The last record is cut off.
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

/** The pairs of a TXT record (RFC 6763 §6.4): keys in lower case, the first of each key counts. A Map, since a key may be `__proto__`. */
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

/** A query with all questions in one packet. */
export function writeQuery(questions: readonly DiscoveryQuestion[]): Buffer {
  return encode({
    type: 'query',
    id: 0,
    flags: 0,
    questions: questions.map(({ name, type }) => ({ name, type, class: 'IN' as const }))
  })
}

/**
 * The query for all proxies. It lists known ones, which need not answer (RFC 6762 §7.1). If they do not fit into one
 * packet, each packet but the last says that more follow (§7.2).
 */
export function writeBrowseQuery(known: readonly { readonly name: string; readonly ttl: number }[]): Buffer[] {
  const packets: Buffer[] = []
  for (let start = 0; start === 0 || start < known.length; start += ANSWERS_PER_PACKET) {
    const questions = start === 0 ? [{ name: SERVICE_TYPE, type: 'PTR' as const, class: 'IN' as const }] : []
    const answers = known
      .slice(start, start + ANSWERS_PER_PACKET)
      .map(({ name, ttl }) => ({ name: SERVICE_TYPE, type: 'PTR' as const, class: 'IN' as const, ttl, data: name }))
    const more = start + ANSWERS_PER_PACKET < known.length
    packets.push(encode({ type: 'query', id: 0, flags: more ? TRUNCATED_RESPONSE : 0, questions, answers }))
  }
  return packets
}

/** A response. Tests and tools use it to speak like a proxy. */
export function writeResponse(answers: Answer[], additionals: Answer[] = []): Buffer {
  return encode({ type: 'response', id: 0, flags: AUTHORITATIVE_ANSWER, answers, additionals })
}
