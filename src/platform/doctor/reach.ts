// Tries whether a port can be reached and is the mesh port of a proxy: by a connection and the start of a link, which is
// given up at once.
import { generateKeyPairSync } from 'node:crypto'
import { connect } from 'node:net'

const ATTEMPT_MS = 3000

/** The result of an attempt; `unknown`: the name has no address. */
export type Reach = 'proxy' | 'other' | 'refused' | 'silent' | 'unknown'

/** W0 of a link with fresh keys (docs/protocol/link.md). A proxy answers it with 96 bytes, and gets nothing more. */
function beginLink(): Buffer {
  const keys = [0, 1].map(() =>
    generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  )
  return Buffer.concat([Buffer.from('NWS3'), Buffer.alloc(16), ...keys])
}

const W1_BYTES = 96

export async function reach(host: string, port: number): Promise<Reach> {
  return await new Promise(resolve => {
    const socket = connect({ host, port })
    let heard = 0
    let connected = false
    const done = (result: Reach): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => done(connected ? 'other' : 'silent'), ATTEMPT_MS)
    socket.on('connect', () => {
      connected = true
      socket.write(beginLink())
    })
    socket.on('data', chunk => {
      heard += chunk.length
      if (heard === W1_BYTES) done('proxy')
      else if (heard > W1_BYTES) done('other')
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
