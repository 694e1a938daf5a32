// Clients of the earlier generations for tests, on real sockets: raw frames, and the pair of data and control socket.
// Waits for events, never for time; asserts nothing by itself. For the envelope see channel.ts.
import { once } from 'node:events'
import type { Test } from 'tap'
import type { ClientOptions, WebSocket } from 'ws'
import { openSocket } from './channel.ts'

/** Options of a test socket. */
export type SocketOptions = ClientOptions & { protocols?: string[] }

/** One socket whose messages are taken one by one. */
export interface TestSocket {
  readonly socket: WebSocket
  send(data: string | Buffer): void
  /** The next frame: text as it stands, a binary one as bytes. */
  next(): Promise<string | Buffer>
  /** How it closed. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Opens a socket at a path; resolves when it is open, which is when its peer is in the channel. */
export async function openRaw(
  t: Test,
  address: string,
  path: string,
  options: SocketOptions = {}
): Promise<TestSocket> {
  const { socket, closed, take } = openSocket(t, `${address.replace(/^http/, 'ws')}/${path}`, options)
  await Promise.race([
    once(socket, 'open'),
    closed.then(({ code, reason }) => {
      throw new Error(`refused: ${code} ${reason}`)
    })
  ])
  return {
    socket,
    closed,
    send: data => socket.send(data),
    next: async () => {
      const { bytes, isBinary } = await take()
      return isBinary ? bytes : bytes.toString()
    }
  }
}

/** The messages to a control socket, with numbers as the digits of the wire. */
export interface ControlMessage {
  readonly Action: string
  readonly Source: string
  readonly Target: string
  readonly Payload: unknown
}

const CONTROL = /^\{"Action":"(connect|disconnect|message)","Source":(\d+),"Target":(\d+),"Payload":(.*)\}$/s

/** Reads a control message, which must have exactly the four members, in their order, with bare numbers. */
export function parseControl(frame: string | Buffer): ControlMessage {
  const [, Action, Source, Target, payload] = CONTROL.exec(String(frame)) ?? []
  if (payload === undefined) throw new Error(`no control message: ${String(frame)}`)
  return { Action: Action!, Source: Source!, Target: Target!, Payload: JSON.parse(payload) as unknown }
}

/** A client of the second generation. */
export interface NumberedClient {
  readonly id: string
  readonly data: TestSocket
  readonly control: TestSocket
  /** Sends a direct message. */
  direct(target: string, payload: unknown): void
  nextControl(): Promise<ControlMessage>
  /** The messages to the control socket up to an answer to itself, sent now: a fence, not a pause. */
  told(): Promise<ControlMessage[]>
}

let fences = 0

/** Opens both sockets, in the given order. @param base what stands before the channel: `network`, `local`, `broadcast` */
export async function joinNumbered(
  t: Test,
  address: string,
  channel: string,
  id: string,
  { first = 'data', base = 'network', ...options }: SocketOptions & { first?: 'data' | 'control'; base?: string } = {}
): Promise<NumberedClient> {
  const path = `${base}/${channel}/${id}`
  const openData = (): Promise<TestSocket> => openRaw(t, address, path, options)
  const { protocols: _none, ...plain } = options
  const openControl = (): Promise<TestSocket> => openRaw(t, address, `control/${path}`, plain)
  let data: TestSocket
  let control: TestSocket
  if (first === 'data') {
    data = await openData()
    control = await openControl()
  } else {
    control = await openControl()
    data = await openData()
  }
  const direct = (target: string, payload: unknown): void =>
    control.send(`{"Action":"message","Target":${target},"Payload":${JSON.stringify(payload)}}`)
  const nextControl = async (): Promise<ControlMessage> => parseControl(await control.next())
  return {
    id,
    data,
    control,
    direct,
    nextControl,
    told: async () => {
      const fence = `fence ${++fences}`
      direct(id, fence)
      const messages: ControlMessage[] = []
      for (;;) {
        const message = await nextControl()
        if (message.Payload === fence) return messages
        messages.push(message)
      }
    }
  }
}

/** A page is at the first proxy. A second page at the other proxy greets it and is answered, and all comes in order. */
export async function greet(t: Test, one: string, two: string): Promise<void> {
  const resident = await openRaw(t, one, 'broadcast/conference')
  const newcomer = await openRaw(t, two, 'broadcast/conference')
  for (const text of ['hello', '', 'offer']) newcomer.send(text)
  for (const text of ['hello', '', 'offer']) t.equal(await resident.next(), text)
  resident.send('welcome')
  t.equal(await newcomer.next(), 'welcome')
  newcomer.send('later')
  t.equal(await resident.next(), 'later')
}
