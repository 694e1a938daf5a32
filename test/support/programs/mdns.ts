// Speaks mDNS by hand, as a process: prints every packet it hears and sends what it is told. For tests that play a
// foreign or hostile host. stdin, one JSON object a line:
//   { send: <base64>, port?: 5353 }                      one packet to the group, from this source port
//   { flood: <count>, kind: 'instances' | 'pointers' | 'random' | 'queries' | 'conflicts', victim?: { instance, host } }
//   { count: true }                                      prints { event: 'count', heard: { <address>: packets } }
// Prints { event: 'heard', from, port, type, questions, answers } with names and data as text.
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { createInterface } from 'node:readline'
import { decode, encode, type Answer } from 'dns-packet'
import { base32 } from '../../../src/core/bytes.ts'

const group = '224.0.0.251'
const address =
  Object.values(networkInterfaces())
    .flat()
    .find(info => info !== undefined && !info.internal && info.family === 'IPv4')?.address ?? '127.0.0.1'
const print = (event: string, fields: object) => {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`)
}
const quiet = process.argv.includes('quiet')
const heard = new Map<string, number>()

async function open(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  await new Promise<void>(resolve => {
    socket.bind(port, '0.0.0.0', resolve)
  })
  socket.setMulticastInterface(address)
  socket.setMulticastTTL(255)
  return socket
}

const sockets = new Map<number, Socket>()
async function socketAt(port: number): Promise<Socket> {
  const socket = sockets.get(port) ?? (await open(port))
  sockets.set(port, socket)
  return socket
}

function textOf(answer: Answer): string {
  const { type, name, ttl, data } = answer as { type: string; name: string; ttl?: number; data?: unknown }
  const value = Array.isArray(data)
    ? data.map(String).join('|')
    : data !== null && typeof data === 'object' && !Buffer.isBuffer(data)
      ? JSON.stringify(data)
      : String(data)
  return `${type} ${name} ${ttl ?? 0} ${value}`
}

const listener = await socketAt(5353)
listener.addMembership(group, address)
listener.on('message', (packet, from) => {
  heard.set(from.address, (heard.get(from.address) ?? 0) + 1)
  if (quiet) return
  try {
    const { type, questions = [], answers = [], additionals = [], flags } = decode(packet)
    print('heard', {
      from: from.address,
      port: from.port,
      type,
      flags,
      bytes: packet.length,
      questions: questions.map(({ type, name }) => `${type} ${name}`),
      answers: [...answers, ...additionals].map(textOf)
    })
  } catch (error) {
    print('unreadable', { from: from.address, message: String(error) })
  }
})

const response = (answers: Answer[]) => encode({ type: 'response', id: 0, flags: 1 << 10, answers })
const pointer = (instance: string): Answer => ({ type: 'PTR', name: '_nws._tcp.local', ttl: 4500, data: instance })

/** A packet of a flood. Its records are as a proxy's would be, but for what the kind says. */
function hostile(kind: string, victim: { instance: string; host: string }): Buffer {
  const instance = `${base32(randomBytes(16))}._nws._tcp.local`
  const host = `${base32(randomBytes(10))}.local`
  switch (kind) {
    case 'pointers':
      return response([pointer(instance)])
    case 'random':
      return randomBytes(12 + Math.floor(Math.random() * 500))
    case 'queries':
      return encode({
        type: 'query',
        id: 0,
        questions: [
          { type: 'PTR', name: '_nws._tcp.local' },
          { type: 'ANY' as 'PTR', name: victim.instance }
        ]
      })
    case 'conflicts':
      return Math.random() < 0.5
        ? response([
            { type: 'SRV', name: victim.instance, ttl: 120, flush: true, data: { target: host, port: 6666 } },
            { type: 'A', name: victim.host, ttl: 120, flush: true, data: '10.77.0.66' }
          ])
        : encode({
            type: 'query',
            id: 0,
            questions: [{ type: 'ANY' as 'PTR', name: victim.instance }],
            authorities: [
              { type: 'SRV', name: victim.instance, ttl: 120, data: { target: 'zzzz.local', port: 65_535 } }
            ]
          })
    default:
      return response([
        pointer(instance),
        { type: 'SRV', name: instance, ttl: 120, flush: true, data: { target: host, port: 4000 } },
        { type: 'TXT', name: instance, ttl: 4500, flush: true, data: ['v=3'] },
        { type: 'A', name: host, ttl: 120, flush: true, data: address }
      ])
  }
}

interface Command {
  send?: string
  port?: number
  flood?: number
  kind?: string
  victim?: { instance: string; host: string }
  count?: boolean
}

async function obey({
  send,
  port = 5353,
  flood = 0,
  kind = 'instances',
  victim = { instance: 'x._nws._tcp.local', host: 'x.local' },
  count
}: Command): Promise<void> {
  const socket = await socketAt(port)
  const put = async (packet: Buffer) => {
    await new Promise<void>(resolve => {
      socket.send(packet, 5353, group, () => {
        resolve()
      })
    })
  }
  if (send !== undefined) {
    await put(Buffer.from(send, 'base64'))
    print('sent', {})
  }
  if (flood > 0) {
    for (let sent = 0; sent < flood; sent++) {
      await put(hostile(kind, victim))
      if (sent % 20 === 19)
        await new Promise(resolve => {
          setTimeout(resolve, 1)
        }) // as fast as a receiver's buffer takes it
    }
    print('flooded', { kind })
  }
  if (count === true) print('count', { heard: Object.fromEntries(heard) })
}

let work = Promise.resolve()
createInterface({ input: process.stdin }).on('line', line => {
  work = work.then(async () => await obey(JSON.parse(line) as Command))
})
print('ready', { address })
