// A client of a channel for tests: a real WebSocket whose messages are taken one by one. Waits for events, never for
// time; asserts nothing by itself.
import { once } from 'node:events'
import type { Test } from 'tap'
import { WebSocket, type ClientOptions } from 'ws'

/** A message of the envelope. */
export interface Envelope {
  action: string
  source?: string
  target?: string
  data?: unknown
  code?: string
  message?: string
  [key: string]: unknown
}

export interface ChannelClient {
  readonly socket: WebSocket
  /** Own id, asked for by `status`. */
  readonly id: string
  /** Sends an object as JSON, a string or bytes as they are. */
  send(message: object | string | Buffer): void
  /** The next message, as an object; a binary one as `{ action: 'binary', bytes }`. */
  next(): Promise<Envelope>
  nextRaw(): Promise<{ text: string; bytes: Buffer; isBinary: boolean }>
  /** The next message of an action, passing over others. */
  nextOf(action: string): Promise<Envelope>
  /** The messages up to the answer of a status request, sent now: a fence, not a pause. */
  arrived(): Promise<Envelope[]>
  /** How the socket closed. */
  closed(): Promise<{ code: number; reason: string }>
}

/** Collects the messages of a socket, from its first byte on. */
function collect(socket: WebSocket) {
  const queue: { bytes: Buffer; isBinary: boolean }[] = []
  const waiting: {
    resolve: (message: { bytes: Buffer; isBinary: boolean }) => void
    reject: (error: Error) => void
  }[] = []
  const closed = new Promise<{ code: number; reason: string }>(resolve =>
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  )
  socket.on('message', (data, isBinary) => {
    const message = { bytes: data as Buffer, isBinary }
    const taker = waiting.shift()
    if (taker === undefined) queue.push(message)
    else taker.resolve(message)
  })
  void closed.then(({ code, reason }) => {
    for (const { reject } of waiting.splice(0))
      reject(new Error(`closed with ${code} ${reason} while a message was awaited`))
  })
  return {
    closed,
    take: async () =>
      queue.shift() ??
      (await new Promise<{ bytes: Buffer; isBinary: boolean }>((resolve, reject) => {
        if (socket.readyState === WebSocket.CLOSED) reject(new Error('closed'))
        else waiting.push({ resolve, reject })
      }))
  }
}

/** Opens a WebSocket and hands it over with its messages; does not wait for its opening. */
export function openSocket(t: Test, url: string, options: ClientOptions & { protocols?: string[] } = {}) {
  const { protocols = [], ...rest } = options
  const socket = new WebSocket(url, protocols, rest)
  socket.on('error', () => {})
  t.teardown(() => socket.terminate())
  const { closed, take } = collect(socket)
  return { socket, closed, take }
}

/** Joins a channel: resolves when the proxy has told the client its own id; what came before is still to be read. */
export async function joinChannel(
  t: Test,
  address: string,
  path: string,
  options: ClientOptions & { protocols?: string[] } = {}
): Promise<ChannelClient> {
  const { socket, closed, take } = openSocket(t, `${address.replace(/^http/, 'ws')}/${path}`, options)
  await Promise.race([
    once(socket, 'open'),
    closed.then(({ code, reason }) => {
      throw new Error(`refused: ${code} ${reason}`)
    })
  ])
  const early: { bytes: Buffer; isBinary: boolean }[] = []
  const nextRaw = async () => {
    const message = early.shift() ?? (await take())
    return { ...message, text: message.bytes.toString() }
  }
  const next = async (): Promise<Envelope> => {
    const { text, isBinary, bytes } = await nextRaw()
    return isBinary ? { action: 'binary', bytes } : (JSON.parse(text) as Envelope)
  }
  const arrived = async (): Promise<Envelope[]> => {
    socket.send('{"action":"status"}')
    const messages: Envelope[] = []
    for (;;) {
      const message = await next()
      if (message.action === 'status') return messages
      messages.push(message)
    }
  }
  socket.send('{"action":"status"}')
  let id = ''
  const before: { bytes: Buffer; isBinary: boolean }[] = []
  for (;;) {
    const message = await take()
    const envelope = message.isBinary ? undefined : (JSON.parse(message.bytes.toString()) as Envelope)
    if (envelope?.action === 'status') {
      id = envelope.source ?? ''
      break
    }
    before.push(message)
  }
  early.push(...before)
  return {
    socket,
    id,
    send: message =>
      socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    next,
    nextRaw,
    nextOf: async action => {
      for (;;) {
        const message = await next()
        if (message.action === action) return message
      }
    },
    arrived,
    closed: () => closed
  }
}
