// A TCP socket as the port of a link: sends, reports the bytes that wait, ends, and hands arriving messages to the link.
// mesh-listener.ts and connect.ts make the connection.
import type { Socket } from 'node:net'
import type { LinkPort } from '../../core/link/environment.ts'
import type { Link } from '../../core/link/session/link.ts'
import { MAGIC, W0_BYTES, W1_BYTES } from '../../core/link/wire/handshake.ts'
import { MessageReader } from '../../core/link/wire/message-reader.ts'

/** Time that the other end has for its own end of the connection, milliseconds. */
const CLOSE_TIMEOUT_MS = 2000

/** Wraps a connected socket. */
export function createTcpPort(socket: Socket): LinkPort {
  let first = true
  return {
    send: bytes => {
      if (!socket.writable) return
      if (first) {
        first = false
        socket.write(bytes)
        return
      }
      const framed = Buffer.allocUnsafe(2 + bytes.length)
      framed.writeUInt16BE(bytes.length)
      framed.set(bytes, 2)
      socket.write(framed)
    },
    get queuedBytes() {
      return socket.writableLength
    },
    pause: paused => {
      if (paused) socket.pause()
      else socket.resume()
    },
    close: () => {
      socket.end()
      setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref()
    },
    destroy: () => socket.destroy()
  }
}

/**
 * Hands what arrives on a socket to its link. Attached at once, before anything can arrive.
 * @param report told of a mistake of ours, which costs that link and nothing else
 */
export function attachLink(socket: Socket, link: Link, report: (error: unknown) => void): void {
  const reader = new MessageReader(link.role === 'I' ? W1_BYTES : W0_BYTES, message => link.receive(message))
  let known = link.role === 'I'
  socket.on('data', (chunk: Buffer) => {
    // As a plain Uint8Array: a Buffer's slice() shares memory, which the protocol's code does not expect.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    // Whoever does not begin like a link is not made to wait for the time limit.
    if (!known && MAGIC.some((byte, place) => place < bytes.length && bytes[place] !== byte)) {
      socket.destroy()
      return
    }
    known = true
    try {
      reader.push(bytes)
    } catch (error) {
      report(error)
      link.close(1011, 'What arrived could not be handled')
    }
  })
  socket.on('error', () => {})
  socket.on('end', () => link.streamEnded())
  socket.on('close', () => link.streamEnded())
}
