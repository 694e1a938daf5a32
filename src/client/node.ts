// The client library for Node.js: index.ts, with the WebSocket of `ws` if there is no global one (before Node.js 22). File
// transfers hash with node:crypto.
import { createRequire } from 'node:module'
import type { WebSocketClass } from './connection.ts'
import { setDefaultWebSocket } from './channel-socket.ts'
import { setFilesModule } from './network-web-socket.ts'

export * from './index.ts'

setFilesModule(async () => await import('./files/node.ts'))

if (!('WebSocket' in globalThis)) {
  // A module with a top-level `await` cannot be required.
  setDefaultWebSocket((createRequire(import.meta.url)('ws') as { WebSocket: WebSocketClass }).WebSocket)
}
