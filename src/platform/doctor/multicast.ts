// Tries multicast on this machine: whether port 5353 can be shared, whether packets come back, and which proxies answer. It
// advertises nothing.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { randomBytes } from 'node:crypto'
import { SERVICE_TYPE } from '../../core/dns-sd/constants.ts'
import type { NetworkInterface } from './interfaces.ts'

const PORT = 5353
const GROUPS = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const

/** Limit for a packet to come back, milliseconds. */
const LOOP_MS = 1500
/** Time for the answers of other proxies, milliseconds. */
const ANSWER_MS = 2500

/** The result for a packet; `forbidden`: a firewall of this machine drops outgoing packets. */
export type Sent = 'heard' | 'not heard' | 'refused' | 'forbidden'

const sentOf = (error: unknown): Sent =>
  (error as NodeJS.ErrnoException | null)?.code === 'EPERM' ? 'forbidden' : 'refused'

export interface Answerer {
  readonly id: string
  readonly addresses: Set<string>
  port: number
}

/** A socket bound to a port, or the error code. */
async function openSocket(family: 'udp4' | 'udp6', port: number): Promise<Socket | string> {
  const socket = createSocket({ type: family, reuseAddr: true, ipv6Only: family === 'udp6' })
  return await new Promise(resolve => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      resolve(error.code ?? 'unknown error')
    })
    socket.bind({ port, address: family === 'udp4' ? '0.0.0.0' : '::', exclusive: false }, () => {
      socket.removeAllListeners('error').on('error', () => {})
      resolve(socket)
    })
  })
}

/** The error code if port 5353 cannot be shared. */
export async function portProblem(family: 'udp4' | 'udp6'): Promise<string | undefined> {
  const socket = await openSocket(family, PORT)
  if (typeof socket === 'string') return socket
  socket.close()
  return undefined
}

/** Sends a packet to the group on one interface. @param port 5353, or 0 for any other */
export async function tryLoop({ family, address }: NetworkInterface, port: 0 | typeof PORT): Promise<Sent> {
  const socket = await openSocket(family, port)
  if (typeof socket === 'string') return 'refused'
  // A question for a random name, so that nobody else sends it.
  const { encode } = await import('dns-packet')
  const packet = encode({
    type: 'query',
    id: 0,
    flags: 0,
    questions: [{ name: `${randomBytes(8).toString('hex')}.local`, type: 'A', class: 'IN' }]
  })
  try {
    socket.setMulticastLoopback(true)
    socket.setMulticastTTL(1)
    socket.setMulticastInterface(address)
    socket.addMembership(GROUPS[family], address)
    return await new Promise<Sent>(resolve => {
      const timer = setTimeout(() => resolve('not heard'), LOOP_MS)
      const done = (sent: Sent) => {
        clearTimeout(timer)
        resolve(sent)
      }
      socket.on('message', heard => {
        if (heard.equals(packet)) done('heard')
      })
      socket.send(packet, socket.address().port, GROUPS[family], error => {
        if (error !== null) done(sentOf(error))
      })
    })
  } catch (error) {
    return sentOf(error)
  } finally {
    socket.close()
  }
}

export async function askForProxies(
  interfaces: readonly NetworkInterface[],
  until: (heard: ReadonlyMap<string, Answerer>) => boolean
): Promise<ReadonlyMap<string, Answerer>> {
  const proxies = new Map<string, Answerer>()
  const { encode } = await import('dns-packet')
  const query = encode({
    type: 'query',
    id: 0,
    flags: 0,
    questions: [{ name: SERVICE_TYPE, type: 'PTR', class: 'IN' }]
  })
  const sockets: Socket[] = []
  let wake: () => void = () => {}
  for (const { name, family, address } of interfaces) {
    const socket = await openSocket(family, PORT)
    if (typeof socket === 'string') continue
    sockets.push(socket)
    const read = await reader(proxies, family === 'udp6' ? name : undefined)
    socket.on('message', (packet: Buffer, { port }: RemoteInfo) => {
      if (port === PORT) read(packet)
      if (until(proxies)) wake()
    })
    try {
      socket.setMulticastTTL(255)
      socket.setMulticastInterface(address)
      socket.addMembership(GROUPS[family], address)
      for (const delay of [0, ANSWER_MS / 2])
        setTimeout(() => {
          if (sockets.includes(socket)) socket.send(query, PORT, GROUPS[family], () => {})
        }, delay)
    } catch {
      // tryLoop reports it.
    }
  }
  if (sockets.length > 0) {
    await new Promise<void>(resolve => {
      wake = resolve
      setTimeout(resolve, ANSWER_MS)
    })
  }
  for (const socket of sockets.splice(0)) socket.close()
  return proxies
}

/**
 * Reads responses into the map. They are claims, which only lead to attempts of the doctor.
 *
 * @param zone of link-local addresses; undefined for IPv4
 */
async function reader(proxies: Map<string, Answerer>, zone: string | undefined): Promise<(packet: Buffer) => void> {
  const { decode } = await import('dns-packet')
  const hosts = new Map<string, Set<string>>()
  const targets = new Map<string, Answerer>()
  return packet => {
    let answers
    try {
      const decoded = decode(packet)
      if (decoded.type !== 'response') return
      answers = [...(decoded.answers ?? []), ...(decoded.additionals ?? [])]
    } catch {
      return
    }
    for (const answer of answers) {
      if (proxies.size > 64 || hosts.size > 64) return
      const name = answer.name.toLowerCase()
      if (answer.type === 'SRV' && name.endsWith(`.${SERVICE_TYPE}`)) {
        const id = name.slice(0, -SERVICE_TYPE.length - 1)
        const proxy = proxies.get(id) ?? { id, addresses: new Set<string>(), port: 0 }
        proxy.port = answer.data.port ?? 0
        proxies.set(id, proxy)
        targets.set(answer.data.target.toLowerCase(), proxy)
      } else if (answer.type === 'PTR' && name === SERVICE_TYPE && (answer.ttl ?? 0) > 0) {
        const id = answer.data.toLowerCase().slice(0, -SERVICE_TYPE.length - 1)
        if (!proxies.has(id)) proxies.set(id, { id, addresses: new Set(), port: 0 })
      } else if (answer.type === (zone === undefined ? 'A' : 'AAAA')) {
        const address = answer.data
        hosts.set(
          name,
          (hosts.get(name) ?? new Set()).add(
            zone !== undefined && /^fe[89ab]/i.test(address) ? `${address}%${zone}` : address
          )
        )
      }
    }
    for (const [target, proxy] of targets) for (const address of hosts.get(target) ?? []) proxy.addresses.add(address)
  }
}
