// The client library as a classic script: it defines its classes on the global object, with the WebRTC helper as
// `NetworkWebSocket.peerConnection`.
import { setScriptUrl } from './endpoint.ts'
import type * as Library from './index.ts'
import { NetworkBroadcastChannel } from './network-broadcast-channel.ts'
import { NetworkWebSocket } from './network-web-socket.ts'
import { BroadcastWebSocket, LocalWebSocket } from './raw-web-socket.ts'
import { peerConnection } from './webrtc.ts'

declare global {
  var NetworkWebSocket: typeof Library.NetworkWebSocket & { readonly peerConnection: typeof peerConnection }
  var LocalWebSocket: typeof Library.LocalWebSocket
  var BroadcastWebSocket: typeof Library.BroadcastWebSocket
  var NetworkBroadcastChannel: typeof Library.NetworkBroadcastChannel
}

/** Pages of 2014 may omit `new`. */
function callable<Class extends abstract new (...args: never[]) => object>(Class: Class): Class {
  return new Proxy(Class, { apply: (target, _self, args) => Reflect.construct(target, args) as object })
}

setScriptUrl((globalThis.document?.currentScript as HTMLScriptElement | null)?.src)

Object.assign(NetworkWebSocket, { peerConnection })
for (const [name, value] of Object.entries({
  NetworkWebSocket: callable(NetworkWebSocket),
  LocalWebSocket: callable(LocalWebSocket),
  BroadcastWebSocket: callable(BroadcastWebSocket),
  NetworkBroadcastChannel
}))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
