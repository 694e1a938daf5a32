// The raw dialect of the first generation: each frame is the data of a broadcast. With markers, two more frames say that
// a peer came or went. The data sockets of the second generation (numbered.ts) get text in the same form.
import { binaryAsText, readToken } from '../../core/envelope.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Encoding } from '../../core/hub/encoding.ts'
import type { Outbox } from '../../core/hub/outbox.ts'
import type { PeerPort } from '../../core/hub/peer.ts'
import { jsonOfRaw, rawOfJson } from '../../core/legacy/raw-text.ts'
import { asciiFrame, BINARY, bytesFrame, TEXT } from '../../core/websocket-frame.ts'
import type { Dialect, DialectSocket } from '../channel-sockets/dialect.ts'
import { holdUntilSettled } from './settling.ts'

/** Broadcasts as raw text, binary data as its JSON text. */
export const rawTextEncoding: Encoding = {
  name: 'raw',
  broadcast: (_source, payload) =>
    bytesFrame(TEXT, payload.binary ? binaryAsText(payload.bytes) : rawOfJson(payload.bytes))
}

/** Broadcasts as raw text, binary data as binary frames. */
export const rawEncoding: Encoding = {
  name: 'raw with binary',
  sameText: rawTextEncoding,
  broadcast: (source, payload) =>
    payload.binary ? bytesFrame(BINARY, payload.bytes) : rawTextEncoding.broadcast(source, payload)
}

/** Sends a frame of a raw socket to all others. The wire has no form to tell the client that some missed it. */
export function broadcastRaw({ hub, peer }: DialectSocket, bytes: Buffer, isBinary: boolean): void {
  hub.broadcast(peer, isBinary ? { binary: true, bytes } : { binary: false, bytes: jsonOfRaw(bytes) })
}

const CONNECT = asciiFrame('____connect')
const DISCONNECT = asciiFrame('____disconnect')

/** A class, because a literal of functions would cost more memory for each of many idle sockets. */
class RawPort implements PeerPort {
  readonly #socket: DialectSocket
  readonly #markers: boolean

  constructor(socket: DialectSocket, markers: boolean) {
    this.#socket = socket
    this.#markers = markers
  }

  get outbox(): Outbox {
    return this.#socket.outbox
  }

  get encoding(): Encoding {
    return rawEncoding
  }

  broadcast(): void {}

  message(): boolean {
    return false
  }

  connect(): void {
    if (this.#markers) this.#socket.sendPresence(CONNECT)
  }

  disconnect(): void {
    if (this.#markers) this.#socket.sendPresence(DISCONNECT)
  }

  whenRead(run: () => void): void {
    this.#socket.whenRead(run)
  }

  end(code: ErrorCode): void {
    this.#socket.end(code)
  }
}

/** The dialect of `/local/<name>` and `/broadcast/<name>`. @param markers whether marker frames tell of others */
export function createRawDialect(markers: boolean): Dialect {
  return {
    name: 'raw',
    readToken,
    errorFrame: () => undefined,
    holdFirst: holdUntilSettled,
    createPort: socket => new RawPort(socket, markers),
    receive: broadcastRaw
  }
}
