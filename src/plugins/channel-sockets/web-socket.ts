// The WebSocket of a client, with two additions to ws: it says when it is about to close, so that what waits goes out
// before the close frame, and it gives the catalogue's code as the reason where ws itself ends it. No channel rules.
import { WebSocket } from 'ws'
import type { ErrorCode } from '../../core/errors.ts'

/** The reason for the close codes that ws sends of its own accord; an echo of the client's code brings its own reason. */
const REASONS: Readonly<Record<number, ErrorCode>> = {
  1002: 'NWS_ERR_WEBSOCKET_PROTOCOL',
  1007: 'NWS_ERR_MESSAGE_NOT_UTF8',
  1009: 'NWS_ERR_MESSAGE_TOO_LARGE'
}

/** A socket that tells its listeners, by the event `closing`, before it sends a close frame. */
export class ClientWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    if (this.readyState === WebSocket.OPEN) this.emit('closing')
    super.close(code, reason ?? REASONS[code ?? 0])
  }
}
