// A WebSocket class whose connections a test can cut, as a phone does whose screen goes dark.
import { WebSocket } from 'ws'
import type { WebSocketClass } from '../../src/client/connection.ts'

export interface Cuttable {
  readonly Socket: WebSocketClass
  /** Cuts all connections, without a close frame. */
  cut(): void
  /** While it is true no connection succeeds. */
  offline: boolean
}

export function cuttable(): Cuttable {
  const open = new Set<WebSocket>()
  const state: Cuttable = {
    offline: false,
    cut: () => {
      for (const socket of open) socket.terminate()
      open.clear()
    },
    Socket: class extends WebSocket {
      constructor(url: string) {
        super(state.offline ? 'ws://127.0.0.1:1/' : url)
        open.add(this)
      }
    } as unknown as WebSocketClass
  }
  return state
}
