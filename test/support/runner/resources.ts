// The resources that keep a process of the runner alive. A test file may not add to them, but for those that outlive files on
// purpose.
import { setTimeout as wait } from 'node:timers/promises'

function openResources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** What may be open between files, by kind. */
let allowed: Record<string, number> = {}

/** Allows the resources that are open now. */
export function allowOpen(): void {
  allowed = openResources()
}

/** Starts something that outlives the file. */
export async function keepOpen<T>(start: () => Promise<T>): Promise<T> {
  const before = openResources()
  const started = await start()
  for (const [kind, count] of Object.entries(openResources()))
    allowed[kind] = (allowed[kind] ?? 0) + Math.max(0, count - (before[kind] ?? 0))
  return started
}

/** The open resources that are not allowed, as texts, after a grace for those that are closing. */
export async function leftOpen(graceMs: number): Promise<string[]> {
  const end = performance.now() + graceMs
  for (;;) {
    const left = Object.entries(openResources()).filter(([kind, count]) => count > (allowed[kind] ?? 0))
    if (left.length === 0 || performance.now() > end) return left.map(([kind, count]) => `${kind} ${count}`)
    await wait(5, undefined, { ref: false })
  }
}
