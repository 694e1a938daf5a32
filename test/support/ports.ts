// Ports for tests that have to name one before anything listens on it, or on which nothing may listen. Port 0 is better
// wherever it will do.
//
// A port that the system gave and took back may be given to the next who asks. These are below the range that it gives
// from, and no two test processes have the same one at once.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Linux gives ports from 32768 on, other systems from higher ones. */
const FIRST = 20_000
const COUNT = 10_000
const CLAIMS = join(tmpdir(), 'nws-test-ports')

const own = new Set<number>()
let next = FIRST + ((process.pid * 61) % COUNT)

function claim(port: number): boolean {
  const file = join(CLAIMS, String(port))
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    own.add(port)
    return true
  } catch {
    // Of a killed process; the next caller finds it free.
    try {
      process.kill(Number(readFileSync(file, 'utf8')) || process.pid, 0)
    } catch {
      rmSync(file, { force: true })
    }
    return false
  }
}

/** Whether nobody listens, on any address, for TCP or UDP. */
async function isFree(port: number): Promise<boolean> {
  for (const host of ['0.0.0.0', '::1']) {
    const server = createServer()
    const listening = await new Promise<boolean>(resolve => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')
      )
      server.listen({ port, host, exclusive: true }, () => resolve(true))
    })
    if (server.listening)
      await new Promise(resolve => {
        server.close(resolve)
      })
    if (!listening) return false
  }
  const socket = createSocket('udp4')
  const bound = await new Promise<boolean>(resolve => {
    socket.once('error', () => resolve(false))
    socket.bind({ port, exclusive: true }, () => resolve(true))
  })
  const closed = once(socket, 'close')
  socket.close()
  await closed
  return bound
}

/** So many ports on which nobody listens; this process's until it ends. */
export async function freePorts(count: number): Promise<number[]> {
  mkdirSync(CLAIMS, { recursive: true, mode: 0o777 })
  if (own.size === 0)
    process.once('exit', () => {
      for (const port of own) rmSync(join(CLAIMS, String(port)), { force: true })
    })
  const ports: number[] = []
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > COUNT) throw new Error('no port is free')
    const port = next
    next = port + 1 < FIRST + COUNT ? port + 1 : FIRST
    if (claim(port) && (await isFree(port))) ports.push(port)
  }
  return ports
}

/** One such port. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}
