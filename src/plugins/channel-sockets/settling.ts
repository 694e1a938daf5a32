// Waits until it is known which other proxies have a channel. Asks now and then and is not told: only the first frames of a
// client that cannot see who is there ever wait for it, and never for long. Not what waits (connection.ts).
import type { Channel } from '../../core/hub/channel.ts'
import type { ChannelRegistry } from '../../core/hub/registry.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 15
/** Milliseconds after which what waits goes out anyway. */
const MOST_MS = 2000

/** Calls `run` once it is known; not before this function has returned. @returns ends the wait */
export function whenSettled(hub: ChannelRegistry, channel: Channel, run: () => void): () => void {
  const end = performance.now() + MOST_MS
  const timer = setInterval(() => {
    if (hub.isSettling(channel) && performance.now() < end) return
    clearInterval(timer)
    run()
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
