// Repeats a task while the page is visible, one run at a time.

/** Largest share of the time for the task. A slow proxy is asked less often. */
const SHARE = 0.2
/** Delay of a run that is wanted soon, so that several requests become one. Milliseconds. */
const SOON_MS = 30

/** @param work must not reject @param intervalMs between two starts @returns runs the task soon */
export function poll(work: () => Promise<unknown>, intervalMs: number): () => void {
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
