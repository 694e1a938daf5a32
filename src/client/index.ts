// The client library as a module for browsers and bundlers: what applications import. Not the WebRTC helper, which is
// a module of its own (webrtc.ts).
import { setScriptUrl } from './endpoint.ts'

export type { SocketOptions } from './channel-socket.ts'
export type { WebSocketClass } from './connection.ts'
export { clientErrors } from './errors.ts'
export type { ClientErrorCode } from './errors.ts'
export { NetworkErrorEvent, NetworkMessageEvent } from './events.ts'
export type { PeerDetail, ReconnectingDetail } from './events.ts'
export type { AcceptOptions, ArrivingFile, FileOffer, ReceivedFile } from './files/file-offer.ts'
export type { FileErrorCode } from './files/errors.ts'
export type { FileReport } from './files/offering.ts'
export type { SendProgress } from './files/recipient.ts'
export type { Sink } from './files/sink.ts'
export type { Source } from './files/source.ts'
export type { FileToSend, SendFileOptions, SendOptions } from './files/transfers.ts'
export { NetworkBroadcastChannel } from './network-broadcast-channel.ts'
export type { NetworkBroadcastChannelEventMap } from './network-broadcast-channel.ts'
export { NetworkWebSocket } from './network-web-socket.ts'
export type { NetworkWebSocketEventMap } from './network-web-socket.ts'
export type { PeerWebSocket } from './peer-web-socket.ts'
export type { Peers } from './peers.ts'
export { BroadcastWebSocket, LocalWebSocket } from './raw-web-socket.ts'
export type { ReconnectOptions } from './reconnect.ts'

setScriptUrl(import.meta.url)
