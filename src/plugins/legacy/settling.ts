// Holds the first messages of clients that greet everybody without knowing the members, until the proxy knows which other
// proxies have the channel. It asks now and then: few clients ever wait, and none for long.
import type { DialectSocket } from '../channel-sockets/dialect.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 15
/** The messages go out after this time at the latest, milliseconds. */
const MAX_WAIT_MS = 2000

/** Calls `release` later, once it is known. @returns ends the wait; undefined: it is known already */
export function holdUntilSettled({ hub, peer }: DialectSocket, release: () => void): (() => void) | undefined {
  const { channel } = peer
  if (!hub.isSettling(channel)) return undefined
  const end = performance.now() + MAX_WAIT_MS
  const timer = setInterval(() => {
    if (hub.isSettling(channel) && performance.now() < end) return
    clearInterval(timer)
    release()
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
