// Records the packets of a host's interface with tcpdump and takes them apart as far as tests look: what UDP and TCP carried.
// Not a protocol analyser: no fragments, no retransmissions sorted out, which a test network without loss does not have.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host, Owner } from './namespaces.ts'

/** What one packet carried above IP. */
export interface Packet {
  readonly kind: 'udp' | 'tcp'
  /** `address port > address port` */
  readonly flow: string
  readonly ports: readonly [from: number, to: number]
  readonly payload: Buffer
}

/** A running or ended recording. */
export interface Capture {
  /** All bytes of the recording so far, headers too. */
  bytes(): Buffer
  packets(): Packet[]
  /** Resolves when the recording holds these bytes, and so all earlier ones. */
  holds(bytes: Buffer): Promise<void>
  /** Resolves when all that has passed the interface so far is in the recording: sends a packet that comes after it. */
  settle(): Promise<void>
  stop(): Promise<void>
}

const FILE_HEADER_BYTES = 24
const PACKET_HEADER_BYTES = 16
const ETHERNET_BYTES = 14
const IPV4 = 0x0800
const IPV6 = 0x86dd
const TCP = 6
const UDP = 17
const LOOK_MS = 50
const LOOKS = 1200
/** An address of nobody (RFC 5737). */
const NOBODY = '192.0.2.1'

/** Starts to record an interface; resolves when it does. `filter` in tcpdump's language. */
export async function startCapture(owner: Owner, host: Host, filter = '', name = 'eth0'): Promise<Capture> {
  const directory = mkdtempSync(join(tmpdir(), 'nws-capture-'))
  owner.teardown(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  const file = join(directory, 'packets')
  const program = host.spawn('tcpdump', [
    '-i',
    name,
    '-s',
    '0',
    '-U',
    '-n',
    '--immediate-mode',
    '-Z',
    'root',
    '-w',
    file,
    ...filter.split(' ').filter(Boolean)
  ])
  await program.printed(/listening on/)
  const bytes = () => readFileSync(file)
  const holds = async (wanted: Buffer): Promise<void> => {
    for (let look = 0; !bytes().includes(wanted); look++) {
      if (look === LOOKS) throw new Error('the packets were not recorded')
      await new Promise(resolve => {
        setTimeout(resolve, LOOK_MS)
      })
    }
  }
  return {
    bytes,
    packets: () => [...packetsOf(bytes())],
    holds,
    async settle() {
      const mark = randomUUID()
      host.exec('ip', ['neigh', 'replace', NOBODY, 'lladdr', '02:00:00:00:00:01', 'dev', name])
      host.exec('ip', ['route', 'replace', `${NOBODY}/32`, 'dev', name])
      host.exec('bash', ['-c', `printf ${mark} >/dev/udp/${NOBODY}/9`])
      await holds(Buffer.from(mark))
    },
    stop: async () => await program.kill('SIGINT')
  }
}

function* packetsOf(file: Buffer): Generator<Packet> {
  for (let at = FILE_HEADER_BYTES; at + PACKET_HEADER_BYTES <= file.length;) {
    const length = file.readUInt32LE(at + 8)
    const frame = file.subarray(at + PACKET_HEADER_BYTES, at + PACKET_HEADER_BYTES + length)
    at += PACKET_HEADER_BYTES + length
    const packet = packetOf(frame)
    if (packet !== undefined) yield packet
  }
}

function packetOf(frame: Buffer): Packet | undefined {
  const type = frame.readUInt16BE(12)
  const ip = frame.subarray(ETHERNET_BYTES)
  if (type === IPV4) {
    const headerBytes = (ip[0]! & 15) * 4
    return transport(
      ip[9]!,
      [...ip.subarray(12, 16)].join('.'),
      [...ip.subarray(16, 20)].join('.'),
      ip.subarray(headerBytes, ip.readUInt16BE(2))
    )
  }
  if (type === IPV6)
    return transport(
      ip[6]!,
      ip.toString('hex', 8, 24),
      ip.toString('hex', 24, 40),
      ip.subarray(40, 40 + ip.readUInt16BE(4))
    )
  return undefined
}

function transport(protocol: number, source: string, target: string, bytes: Buffer): Packet | undefined {
  if (protocol !== TCP && protocol !== UDP) return undefined
  const ports = [bytes.readUInt16BE(0), bytes.readUInt16BE(2)] as const
  const headerBytes = protocol === UDP ? 8 : (bytes[12]! >> 4) * 4
  return {
    kind: protocol === UDP ? 'udp' : 'tcp',
    flow: `${source} ${ports[0]} > ${target} ${ports[1]}`,
    ports,
    payload: bytes.subarray(headerBytes)
  }
}

/** What each TCP connection carried in each direction, in one piece. */
export function streamsOf(packets: readonly Packet[]): Buffer[] {
  const flows = new Map<string, Buffer[]>()
  for (const { kind, flow, payload } of packets) {
    if (kind !== 'tcp' || payload.length === 0) continue
    const parts = flows.get(flow) ?? []
    flows.set(flow, parts)
    parts.push(payload)
  }
  return [...flows.values()].map(parts => Buffer.concat(parts))
}
