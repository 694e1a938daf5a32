// The WebSocket of a client. It adds to ws: an event before the close frame, so that queued frames go out before it, and a code
// of the catalogue as the reason if ws itself closes.
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { ErrorCode } from '../../core/errors.ts'

/** Reasons for the close codes of ws itself. If ws echoes the code of the client, it echoes its reason too. */
const REASONS: Readonly<Record<number, ErrorCode>> = {
  1002: 'NWS_ERR_WEBSOCKET_PROTOCOL',
  1007: 'NWS_ERR_MESSAGE_NOT_UTF8',
  1009: 'NWS_ERR_MESSAGE_TOO_LARGE'
}

/** Time for the answer to a close frame, as the server of ws has it. */
const CLOSE_TIMEOUT_MS = 30_000

/** The receiver of ws, whose types leave it out. ws has a fixed version, and a test checks these. */
interface Receiver {
  readonly _bufferedBytes: number
  readonly _messageLength: number
}

/** Members that the types of ws leave out. */
type ServerSocket = ClientWebSocket & { setSocket(stream: Duplex, head: Buffer, options: object): void }

/** A socket that emits `closing` before it sends a close frame, with the reason if ws itself closes. */
export class ClientWebSocket extends WebSocket {
  /** A socket over a stream that carries the frames of a client. No handshake of HTTP has to come before them. */
  static over(stream: Duplex, maxPayload: number): ClientWebSocket {
    // As the server of ws makes its sockets.
    const Class = ClientWebSocket as unknown as new (...nothing: [null, undefined, object]) => ServerSocket
    const socket = new Class(null, undefined, { autoPong: true, closeTimeout: CLOSE_TIMEOUT_MS })
    socket.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload, skipUTF8Validation: false })
    return socket
  }

  /** Bytes of messages that have begun and not ended. */
  get unfinishedBytes(): number {
    const { _receiver: receiver } = this as unknown as { readonly _receiver: Receiver | null }
    return receiver === null ? 0 : receiver._bufferedBytes + receiver._messageLength
  }

  override close(code?: number, reason?: string | Buffer): void {
    const cause = reason === undefined ? REASONS[code ?? 0] : undefined
    if (this.readyState === WebSocket.OPEN) this.emit('closing', cause)
    super.close(code, reason ?? cause)
  }
}
