// How @fastify/websocket makes sockets for this proxy. Not used if an embedding app has registered it already.
import type { WebsocketPluginOptions } from '@fastify/websocket'
import type { Settings } from '../../core/settings.ts'
import { ClientWebSocket } from './web-socket.ts'

/** Options for ws: its limits, and the first subprotocol that a client offers, whatever it is, since old clients ask for one. */
export function websocketOptions({
  maxMessageBytes
}: Pick<Settings, 'maxMessageBytes'>): NonNullable<WebsocketPluginOptions['options']> {
  return {
    maxPayload: maxMessageBytes,
    perMessageDeflate: false, // A compression bomb, and state per socket.
    clientTracking: false, // The sockets have an owner already.
    handleProtocols: offered => offered.values().next().value ?? false,
    WebSocket: ClientWebSocket as never
  }
}
