// Dialling: makes the TCP connection to a remote proxy's mesh listener. core/link/session/dialer.ts
// decides when to dial which.
import { connect as connectTcp, type Socket } from 'node:net'

/** Where a dial ended. */
export interface ConnectOutcome {
  /** The connection is open. Handlers must be attached at once. */
  open(socket: Socket): void
  /** It never came to be. @param refused nothing listens there */
  failed(refused: boolean): void
}

/**
 * Connects to a mesh listener; calls one of the outcomes once.
 * @param timeoutMs time until it must be open
 * @returns a function that gives up, as long as it is not open
 */
export function connect(host: string, port: number, timeoutMs: number, outcome: ConnectOutcome): () => void {
  const socket = connectTcp({ host, port, noDelay: true })
  let settled = false
  const fail = (refused: boolean): void => {
    clearTimeout(timer)
    if (settled) return
    settled = true
    socket.destroy()
    outcome.failed(refused)
  }
  const timer = setTimeout(() => fail(false), timeoutMs).unref()
  socket.on('error', ({ code }: NodeJS.ErrnoException) => fail(code === 'ECONNREFUSED'))
  socket.once('connect', () => {
    clearTimeout(timer)
    if (settled) return
    settled = true
    outcome.open(socket)
  })
  return () => fail(false)
}
