// The WebSocket of a client. It adds to ws: an event before the close frame, so that queued frames go out before it, and a code
// of the catalogue as the reason if ws itself closes.
import { WebSocket } from 'ws'
import type { ErrorCode } from '../../core/errors.ts'

/** Reasons for the close codes of ws itself. If ws echoes the code of the client, it echoes its reason too. */
const REASONS: Readonly<Record<number, ErrorCode>> = {
  1002: 'NWS_ERR_WEBSOCKET_PROTOCOL',
  1007: 'NWS_ERR_MESSAGE_NOT_UTF8',
  1009: 'NWS_ERR_MESSAGE_TOO_LARGE'
}

/** A socket that emits `closing` before it sends a close frame. */
export class ClientWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    if (this.readyState === WebSocket.OPEN) this.emit('closing')
    super.close(code, reason ?? REASONS[code ?? 0])
  }
}
