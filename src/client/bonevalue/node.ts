// BoneValue for Node.js: index.ts, with the WebSocket of `ws` if there is no global one (before Node.js 22). Node.js has no
// RTCPeerConnection: pass one as the option of that name.
import { createRequire } from 'node:module'
import { setDefaultWebSocket } from './bone-value.ts'
import type { WebSocketClass } from './rendezvous.ts'

export * from './index.ts'

if (!('WebSocket' in globalThis)) {
  setDefaultWebSocket((createRequire(import.meta.url)('ws') as { WebSocket: WebSocketClass }).WebSocket)
}
