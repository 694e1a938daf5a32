// The raw dialect of the first generation: each frame is the data of a broadcast, and there is nothing else; with
// markers, also two frames that say that somebody came or went. Not the data sockets of the second (numbered.ts), which
// hear in the same form but for binary data.
import { binaryAsText } from '../../core/envelope.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Encoding } from '../../core/hub/encoding.ts'
import type { Outbox } from '../../core/hub/outbox.ts'
import type { PeerPort } from '../../core/hub/peer.ts'
import { jsonOfRaw, rawOfJson } from '../../core/raw-text.ts'
import { asciiFrame, BINARY, bytesFrame, TEXT } from '../../core/websocket-frame.ts'
import type { Dialect, DialectSocket } from './dialect.ts'

/** Broadcasts as raw text, binary ones as the JSON text that stands for them. */
export const rawTextEncoding: Encoding = {
  name: 'raw',
  broadcast: (_source, payload) =>
    bytesFrame(TEXT, payload.binary ? binaryAsText(payload.bytes) : rawOfJson(payload.bytes))
}

/** Broadcasts as raw text, binary ones as binary frames. */
export const rawEncoding: Encoding = {
  name: 'raw with binary',
  sameText: rawTextEncoding,
  broadcast: (source, payload) =>
    payload.binary ? bytesFrame(BINARY, payload.bytes) : rawTextEncoding.broadcast(source, payload)
}

/** Takes a frame of a raw socket to all others. A client of this kind cannot be told that some missed it. */
export function broadcastRaw({ hub, peer }: DialectSocket, bytes: Buffer, isBinary: boolean): void {
  hub.broadcast(peer, isBinary ? { binary: true, bytes } : { binary: false, bytes: jsonOfRaw(bytes) })
}

const CONNECT = asciiFrame('____connect')
const DISCONNECT = asciiFrame('____disconnect')

/** A class and not a literal of functions: there is one for each socket, and most of them are idle. */
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
    if (this.#markers) this.#socket.outbox.pushPresence(CONNECT)
  }

  disconnect(): void {
    if (this.#markers) this.#socket.outbox.pushPresence(DISCONNECT)
  }

  whenRead(run: () => void): void {
    this.#socket.whenRead(run)
  }

  end(code: ErrorCode): void {
    this.#socket.end(code)
  }
}

/** The dialect of `/local/<name>` and `/broadcast/<name>`. @param markers whether others are told of by marker frames */
export function createRawDialect(markers: boolean): Dialect {
  return {
    name: 'raw',
    errorFrame: () => undefined,
    greetsUnseen: true,
    createPort: socket => new RawPort(socket, markers),
    receive: broadcastRaw
  }
}
