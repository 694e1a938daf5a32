// How @fastify/websocket makes sockets for this proxy. Not used if an embedding app has registered it already.
import type { WebsocketPluginOptions } from '@fastify/websocket'
import type { Settings } from '../../core/settings.ts'
import { ClientWebSocket } from './web-socket.ts'

/** Options of ws. Any first subprotocol of a client is accepted, because old clients ask for one. */
export function websocketOptions({
  maxMessageBytes
}: Pick<Settings, 'maxMessageBytes'>): NonNullable<WebsocketPluginOptions['options']> {
  return {
    maxPayload: maxMessageBytes,
    perMessageDeflate: false, // It would allow compression bombs, and cost memory per socket.
    clientTracking: false, // The sockets have an owner.
    handleProtocols: offered => offered.values().next().value ?? false,
    WebSocket: ClientWebSocket as never
  }
}
