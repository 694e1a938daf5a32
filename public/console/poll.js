// Does something again and again while the page can be seen, never twice at a time. Not what is done.

/** Part of the time that the work may take: slow answers are asked for less often. */
const SHARE = 0.2
/** What is asked for soon waits for this, so that several requests are one. Milliseconds. */
const SOON_MS = 30

/**
 * @param {() => Promise<unknown>} work must not reject
 * @param {number} intervalMs between two beginnings
 * @returns {() => void} asks for it to be done soon
 */
export function poll(work, intervalMs) {
  let timer = 0
  let running = false
  let soon = false
  async function run() {
    clearTimeout(timer)
    soon = false
    if (running || document.hidden) return
    running = true
    const started = performance.now()
    await work()
    running = false
    const took = performance.now() - started
    timer = setTimeout(run, soon ? SOON_MS : Math.max(intervalMs - took, took / SHARE))
  }
  document.addEventListener('visibilitychange', () => void run())
  void run()
  return () => {
    if (soon) return
    soon = true
    if (running) return
    clearTimeout(timer)
    timer = setTimeout(run, SOON_MS)
  }
}
