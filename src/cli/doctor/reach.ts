// Whether a port can be reached, and whether a proxy's mesh listens there: by a connection, and by the beginning of a
// link that is given up at once. Says nothing of channels.
import { connect } from 'node:net'

/** How long an attempt may take, milliseconds. */
const ATTEMPT_MS = 3000

/** What an attempt showed; `unknown`: the name has no address. */
export type Reach = 'proxy' | 'other' | 'refused' | 'silent' | 'unknown'

/** The request that begins a link (docs/protocol/link.md §5.1). The key is that of RFC 6455 §1.3: nothing depends on it. */
const REQUEST =
  'GET /nws2/link HTTP/1.1\r\nHost: mesh\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: nws.link.2\r\n\r\n'

/** Tries a mesh port. */
export async function reach(host: string, port: number): Promise<Reach> {
  return await new Promise(resolve => {
    const socket = connect({ host, port })
    let heard = ''
    let connected = false
    const done = (result: Reach): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => done(connected ? 'other' : 'silent'), ATTEMPT_MS)
    socket.on('connect', () => {
      connected = true
      socket.write(REQUEST)
    })
    socket.on('data', chunk => {
      heard += chunk.toString('latin1')
      if (heard.length >= 12)
        done(
          heard.startsWith('HTTP/1.1 101') && !/[\r\n]sec-websocket-protocol: (?!nws\.link\.2)/i.test(heard)
            ? 'proxy'
            : 'other'
        )
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (connected) done('other')
      else
        done(
          error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN'
            ? 'unknown'
            : error.code === 'ECONNREFUSED'
              ? 'refused'
              : 'silent'
        )
    })
    socket.on('close', () => done(connected ? 'other' : 'silent'))
  })
}
