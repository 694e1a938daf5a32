// BoneValue for Node.js: index.ts, with the WebSocket of `ws` if there is no global one (before Node.js 22). Node.js has no
// RTCPeerConnection: pass one as the option of that name.
import { createRequire } from 'node:module'
import { setDefaults } from './bone-value.ts'
import type { WebSocketClass } from './rendezvous.ts'

export * from './index.ts'

setDefaults(
  'WebSocket' in globalThis
    ? undefined
    : (createRequire(import.meta.url)('ws') as { WebSocket: WebSocketClass }).WebSocket,
  async () => await import('../files/node.ts')
)
