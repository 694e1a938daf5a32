// Dialling: makes the WebSocket to a remote proxy's mesh listener. Not whom to dial or when (core/link/dialer.ts), and
// not what is said on the link.
import { connect as connectTcp, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { MAX_MESSAGE_BYTES } from '../../core/link/constants.ts'
import { LINK_PATH, LINK_PROTOCOL } from './mesh-listener.ts'

/** Where a dial ended. */
export interface ConnectOutcome {
  /** The WebSocket is open. Handlers must be attached at once. */
  open(websocket: WebSocket, socket: Socket): void
  /** It never came to be. */
  failed(): void
}

/**
 * Opens a WebSocket to a mesh listener; calls one of the outcomes once.
 * @param handshakeMs time until it must be open
 * @returns a function that gives up, as long as it is not open
 */
export function connect(host: string, port: number, handshakeMs: number, outcome: ConnectOutcome): () => void {
  let tcp: Socket | undefined
  let settled = false
  const settle = (): boolean => {
    const first = !settled
    settled = true
    return first
  }
  // The URL is a formality: the address may have a scope, which URLs do not carry.
  const websocket = new WebSocket(`ws://link${LINK_PATH}`, LINK_PROTOCOL, {
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handshakeTimeout: handshakeMs,
    followRedirects: false,
    autoPong: false,
    // A mask keeps senders from choosing what intermediaries see (RFC 6455 §10.3). What a link sends is encrypted: nobody
    // chooses it, and masking it once more would be paid at both ends. The library skips a mask of zeros.
    generateMask: mask => {
      mask.fill(0)
    },
    createConnection: () => {
      tcp = connectTcp({ host, port })
      return tcp
    }
  })
  websocket.on('error', () => {
    if (settle()) outcome.failed()
  })
  websocket.once('open', () => {
    if (settle()) outcome.open(websocket, tcp!)
  })
  return () => {
    if (settle()) outcome.failed()
    websocket.terminate()
  }
}
