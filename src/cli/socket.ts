// A joined channel over a WebSocket of `ws`: messages, presence, and sending with back pressure. stay-joined.ts reconnects.
import { lookup } from 'node:dns'
import { EventEmitter } from 'node:events'
import type { WebSocket } from 'ws'
import { isFileMessage } from '../client/files/messages.ts'
import { decodeBinary, decodeText, encodeBinary, encodeText, type Data } from '../client/wire.ts'
import { CliError, ProxyError } from './errors.ts'
import { connectError, type Proxy } from './proxy.ts'

export interface Received {
  readonly action: 'broadcast' | 'message'
  readonly source: string
  readonly data: Data
}

interface SocketEvents {
  received: [Received]
  /** A message of a file transfer in JSON, which is told of nowhere else. */
  file: [Received]
  connect: [id: string]
  disconnect: [id: string]
  /** The proxy refused a message; the socket stays open. */
  refused: [ProxyError]
  /** The socket is over. */
  closed: [CliError | ProxyError]
}

/** Time for the connection and the join, milliseconds. */
const JOIN_MS = 15_000
/** Bytes in this process above which `ready` waits. */
const HIGH_WATER = 256 * 1024
const LOOPBACK = /^https?:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\])(?:[:/]|$)/

/** A joined channel. Events before `begin` are held, so that no listener misses any. */
export class ChannelConnection extends EventEmitter<SocketEvents> {
  id = ''
  readonly peers = new Set<string>()
  /** The reason of the end; undefined before. */
  end: CliError | ProxyError | undefined
  readonly #socket: WebSocket
  readonly #fences: (() => void)[] = []
  #refusal: ProxyError | undefined
  /** Events until `begin`. */
  #held: (() => void)[] | undefined = []
  #ending = false
  #paused = false

  private constructor(socket: WebSocket) {
    super()
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.on('message', (data: ArrayBuffer | Buffer, isBinary: boolean) => this.#take(data, isBinary))
    socket.on('error', () => {}) // `close` follows.
    socket.on('close', (code, reason) => this.#over(code, reason.toString()))
  }

  /** Joins. @throws CliError, ProxyError */
  static async open({ base, token }: Proxy, channel: string): Promise<ChannelConnection> {
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/${channel}?binary=1`, {
      handshakeTimeout: JOIN_MS,
      maxPayload: 128 * 1024 * 1024,
      perMessageDeflate: false,
      // The masks of RFC 6455 §5.3 keep pages from writing bytes of their choice past a cache. No page chooses these bytes, and
      // no cache sees them if they stay on this machine; without masks a file needs a third less of the processor.
      ...(LOOPBACK.test(base) ? { generateMask: (mask: Buffer) => void mask.fill(0) } : {}),
      // Without hints: see `call` of proxy.ts.
      lookup: (host, options, done) => lookup(host, { ...options, hints: 0 }, done),
      headers: token === '' ? {} : { authorization: `Bearer ${token}` }
    })
    const connection = new ChannelConnection(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', error => reject(connectError(error)))
      socket.once('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          reject(refusalOf(Buffer.concat(chunks).toString(), response.statusCode))
          socket.terminate()
        })
      })
    })
    await connection.fence(JOIN_MS)
    return connection
  }

  /** Emits the held events and all later ones. Call it when all listeners are attached. */
  begin(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const tell of held) tell()
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** Sends text as a JSON string, or bytes, to all or to one. */
  send(data: string | Uint8Array, target?: string): void {
    if (typeof data === 'string') this.sendJson(JSON.stringify(data), target)
    else this.#socket.send(encodeBinary(data, target))
  }

  /** Sends a JSON value, given as its text. */
  sendJson(json: string, target?: string): void {
    this.#socket.send(encodeText(json, target))
  }

  /** Sends a complete binary frame. @param sent called when the bytes are no longer needed */
  sendFrame(frame: Uint8Array, sent: () => void): void {
    this.#socket.send(frame, sent)
  }

  /** Resolves when there is room to send more. @throws the reason of the end */
  async ready(): Promise<void> {
    while (this.#socket.bufferedAmount > HIGH_WATER) await this.#written()
    if (this.end !== undefined) throw this.end
  }

  async #written(): Promise<void> {
    // A ping is written last. Its callback comes when it has left this process.
    await new Promise<void>(resolve => {
      if (this.end !== undefined) resolve()
      else this.#socket.ping(undefined, undefined, () => resolve())
    })
    if (this.end !== undefined) throw this.end
  }

  /** Resolves when the proxy has taken everything. @throws the reason of the end, NWS_CLI_LOST after the time */
  async fence(timeoutMs = 60_000): Promise<void> {
    if (this.end !== undefined) throw this.end
    await new Promise<void>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const late = (): void => {
        // A paused socket does not read the answer.
        if (this.#paused) timer = setTimeout(late, timeoutMs)
        else finish(new CliError('NWS_CLI_LOST', 'The proxy no longer answers.'))
      }
      timer = setTimeout(late, timeoutMs)
      const finish = (error?: Error): void => {
        clearTimeout(timer)
        this.off('closed', finish)
        if (error === undefined) resolve()
        else reject(error)
      }
      this.once('closed', finish)
      this.#fences.push(() => finish())
      this.#socket.send('{"action":"status"}')
    })
  }

  /** Reads nothing until `resume`. The proxy keeps messages, up to its NWS_MAX_QUEUED_BYTES. */
  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#socket.resume()
  }

  /** Leaves, and resolves when the socket is closed. */
  async close(): Promise<void> {
    if (this.end !== undefined) return
    this.#ending = true
    const closed = new Promise<void>(resolve => {
      this.once('closed', () => resolve())
    })
    this.#socket.close(1000)
    const timer = setTimeout(() => this.#socket.terminate(), 2000)
    await closed
    clearTimeout(timer)
  }

  #take(data: ArrayBuffer | Buffer, isBinary: boolean): void {
    const incoming = isBinary
      ? decodeBinary(data as ArrayBuffer)
      : decodeText(Buffer.from(data as ArrayBuffer).toString())
    switch (incoming?.action) {
      case 'status':
        this.id = incoming.source
        this.#fences.shift()?.()
        return
      case 'connect':
        this.id = incoming.source || this.id
        if (incoming.target === this.id || this.peers.has(incoming.target)) return
        this.peers.add(incoming.target)
        this.#tell(() => this.emit('connect', incoming.target))
        return
      case 'disconnect':
        if (this.peers.delete(incoming.target)) this.#tell(() => this.emit('disconnect', incoming.target))
        return
      case 'error': {
        const error = new ProxyError(incoming.code, incoming.message)
        this.#refusal = error
        this.#tell(() => this.emit('refused', error))
        return
      }
      case 'broadcast':
      case 'message': {
        const { data } = incoming
        this.#tell(() => this.emit('json' in data && isFileMessage(data.json) ? 'file' : 'received', incoming))
      }
    }
  }

  #tell(event: () => void): void {
    if (this.#held === undefined) event()
    else this.#held.push(event)
  }

  #over(code: number, reason: string): void {
    if (this.end !== undefined) return
    const known = /^NWS_ERR_\w+$/.test(reason)
    this.end =
      this.#ending || !known
        ? new CliError('NWS_CLI_LOST')
        : this.#refusal?.code === reason
          ? this.#refusal
          : new ProxyError(reason, `The proxy closed the connection (${code}).`)
    this.emit('closed', this.end)
  }
}

function refusalOf(body: string, status: number | undefined): CliError | ProxyError {
  try {
    const { code, message } = Object(JSON.parse(body)) as { code?: unknown; message?: unknown }
    if (typeof code === 'string' && typeof message === 'string' && code.startsWith('NWS_ERR_'))
      return new ProxyError(code, message, status)
  } catch {
    // Not an answer of a proxy.
  }
  return new CliError('NWS_CLI_NOT_A_PROXY')
}
