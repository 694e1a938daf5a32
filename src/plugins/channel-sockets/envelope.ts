// The envelope dialect: JSON text with action, source, target and data, and its binary form for clients that take it. The
// grammars are in core/envelope.ts and core/binary-envelope.ts.
import { decodeBinaryRequest, OP_BROADCAST, OP_MESSAGE } from '../../core/binary-envelope.ts'
import type { ErrorCode } from '../../core/errors.ts'
import {
  binaryAsText,
  broadcastHead,
  decodeRequest,
  errorText,
  messageHead,
  presenceText,
  readToken,
  statusText
} from '../../core/envelope.ts'
import type { Encoding } from '../../core/hub/encoding.ts'
import type { Payload } from '../../core/hub/payload.ts'
import type { Outbox } from '../../core/hub/outbox.ts'
import type { Peer, PeerPort } from '../../core/hub/peer.ts'
import { connectDelayMs } from '../../core/legacy/meeting.ts'
import { asciiFrame, BINARY, objectFrame, startFrame, textFrame } from '../../core/websocket-frame.ts'
import type { Dialect, DialectSocket } from './dialect.ts'

function textOf(payload: Payload): Buffer {
  return payload.binary ? binaryAsText(payload.bytes) : payload.bytes
}

function binaryFrame(op: number, source: string, payload: Buffer): Buffer {
  const length = 2 + source.length + payload.length
  const frame = startFrame(BINARY, length)
  const start = frame.length - length
  frame[start] = op
  frame[start + 1] = source.length
  frame.write(source, start + 2, 'latin1')
  payload.copy(frame, start + 2 + source.length)
  return frame
}

/** Broadcasts as JSON text only. */
export const textEncoding: Encoding = {
  name: 'envelope',
  broadcast: (source, payload) => objectFrame(broadcastHead(source.id), textOf(payload))
}

/** Broadcasts as JSON text, binary data as binary frames. */
export const binaryEncoding: Encoding = {
  name: 'envelope with binary',
  sameText: textEncoding,
  broadcast: (source, payload) =>
    payload.binary ? binaryFrame(OP_BROADCAST, source.id, payload.bytes) : textEncoding.broadcast(source, payload)
}

function messageFrame(source: Peer, you: string, payload: Payload, takesBinary: boolean): Buffer {
  if (payload.binary && takesBinary) return binaryFrame(OP_MESSAGE, source.id, payload.bytes)
  return objectFrame(messageHead(source.id, you), textOf(payload))
}

function sendBroadcast(socket: DialectSocket, payload: Payload): void {
  const { missed } = socket.hub.broadcast(socket.peer, payload)
  if (missed > 0) socket.refuse('NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE', { missed })
}

function sendMessage(socket: DialectSocket, target: string, payload: Payload): void {
  const result = socket.hub.message(socket.peer, target, payload)
  if (result !== 'delivered') socket.refuse(result)
}

function receiveBinary(socket: DialectSocket, bytes: Buffer): void {
  if (!socket.takesBinary) {
    socket.takesBinary = true
    socket.peer.channel.changeEncoding(socket.outbox, binaryEncoding)
  }
  const request = decodeBinaryRequest(bytes)
  switch (request.action) {
    case 'broadcast':
      return sendBroadcast(socket, { binary: true, bytes: request.payload })
    case 'message':
      return sendMessage(socket, request.target, { binary: true, bytes: request.payload })
    case 'error':
      return socket.refuse(request.code)
  }
}

function receiveText(socket: DialectSocket, bytes: Buffer): void {
  const request = decodeRequest(bytes, socket.maxDataDepth)
  switch (request.action) {
    case 'broadcast':
      return sendBroadcast(socket, { binary: false, bytes: request.data })
    case 'message':
      return sendMessage(socket, request.target, { binary: false, bytes: request.data })
    case 'status':
      return socket.send(textFrame(statusText(socket.peer.id)))
    case 'resume':
      return socket.acknowledge(request.received)
    // The client has proven its token already.
    case 'auth':
      return
    case 'error':
      return socket.refuse(request.code)
  }
}

/** A class, because a literal of functions would cost more memory for each of many idle sockets. */
class EnvelopePort implements PeerPort {
  readonly #socket: DialectSocket
  readonly #id: string

  constructor(socket: DialectSocket, id: string) {
    this.#socket = socket
    this.#id = id
  }

  get outbox(): Outbox {
    return this.#socket.outbox
  }

  get encoding(): Encoding {
    return this.#socket.takesBinary ? binaryEncoding : textEncoding
  }

  broadcast(): void {}

  message(source: Peer, payload: Payload): boolean {
    this.#socket.send(messageFrame(source, this.#id, payload, this.#socket.takesBinary))
    return true
  }

  connect(other: Peer): void {
    // A newcomer hears of the members before it is one of them.
    const cameLater = other.channel.peer(this.#id) === undefined
    this.#socket.sendPresence(
      asciiFrame(presenceText('connect', this.#id, other.id)),
      connectDelayMs(this.#socket, this.#id, other, cameLater)
    )
  }

  disconnect(other: Peer): void {
    this.#socket.sendPresence(asciiFrame(presenceText('disconnect', this.#id, other.id)))
  }

  whenRead(run: () => void): void {
    this.#socket.whenRead(run)
  }

  end(code: ErrorCode): void {
    this.#socket.end(code)
  }
}

/** The dialect of `/<channel>`. */
export const envelopeDialect: Dialect = {
  name: 'envelope',
  errorFrame: (code, message, extra) => textFrame(errorText(code, message, extra)),
  readToken,
  createPort: (socket, peer) => new EnvelopePort(socket, peer.id),
  receive: (socket, bytes, isBinary) => (isBinary ? receiveBinary(socket, bytes) : receiveText(socket, bytes))
}
