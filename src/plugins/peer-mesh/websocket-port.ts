// A WebSocket as the port of a link: sends, reports what has not been taken, ends. Not the link, and not how the
// WebSocket came to be (mesh-listener.ts, connect.ts).
import type { Socket } from 'node:net'
import { WebSocket, type RawData } from 'ws'
import type { LinkPort } from '../../core/link/environment.ts'
import type { Link } from '../../core/link/link.ts'
import { BINARY, bytesFrame } from '../../core/websocket-frame.ts'

/** Time that the closing handshake of the WebSocket may take, milliseconds. */
const CLOSE_TIMEOUT_MS = 2000
/** What ws reports for a message above maxPayload. */
const TOO_LONG = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'

/**
 * Wraps an open WebSocket whose TCP socket is `socket`.
 * @param listens whether this end accepted the connection
 */
export function createWebSocketPort(websocket: WebSocket, socket: Socket, listens: boolean): LinkPort {
  let corked = false
  /** What several calls of one turn send goes to the kernel at once. */
  function gather(): void {
    if (corked) return
    corked = true
    socket.cork()
    process.nextTick(() => {
      corked = false
      socket.uncork()
    })
  }
  return {
    send: bytes => {
      if (websocket.readyState !== WebSocket.OPEN) return
      gather()
      // A listener's frames need no mask: header and message in one buffer are one write for the kernel, not a list of two.
      if (listens) socket.write(bytesFrame(BINARY, bytes))
      else websocket.send(bytes, { binary: true, compress: false }, () => {})
    },
    get queuedBytes() {
      return queuedBytes(websocket, socket)
    },
    pause: paused => {
      if (paused) websocket.pause()
      else websocket.resume()
    },
    close: () => {
      websocket.close(1000)
      setTimeout(() => websocket.terminate(), CLOSE_TIMEOUT_MS).unref()
    },
    destroy: () => websocket.terminate()
  }
}

/**
 * Bytes that the kernel has not taken. `bufferedAmount` counts a write that is under way as a whole until it is done, so
 * that a queue which drains steadily would seem to stand still; the handle knows what is left of it.
 */
function queuedBytes(websocket: WebSocket, socket: Socket): number {
  const { _handle: handle, _writableState: state } = socket as {
    _handle?: { writeQueueSize?: number } | null
    _writableState?: { writelen?: number }
  }
  const done = Math.max(0, (state?.writelen ?? 0) - (handle?.writeQueueSize ?? 0))
  return Math.max(0, websocket.bufferedAmount - done)
}

/**
 * Hands what arrives on a WebSocket to its link. Attached at once, before anything can arrive.
 * @param report told of a mistake of ours, which costs that link and nothing else
 */
export function attachLink(websocket: WebSocket, link: Link, report: (error: unknown) => void): void {
  websocket.on('message', (data: RawData, isBinary: boolean) => {
    // As a plain Uint8Array: a Buffer's slice() shares memory, which the protocol's code does not expect.
    const bytes = data as Buffer
    try {
      if (isBinary) link.receive(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      else link.receiveBad(1003)
    } catch (error) {
      report(error)
      link.close(1011, 'What arrived could not be handled')
    }
  })
  websocket.on('error', (error: Error & { code?: string }) => {
    if (error.code?.startsWith('WS_ERR_') === true) link.receiveBad(error.code === TOO_LONG ? 1009 : 1002)
  })
  websocket.on('close', () => link.streamEnded())
}
