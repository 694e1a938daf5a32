// A process that runs test files for the runner (run.mjs), one after another. Each file has a tap test of its own.
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Test } from 'tap'
import { setCurrent } from './tap.mjs'

/** How long what a file has opened may take to close after its last test. */
const CLOSING_MS = 10_000
let current

/** What keeps this process alive, by its kind. */
function openResources() {
  const counts = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

async function leftOpen(before) {
  let left
  for (const end = performance.now() + CLOSING_MS; performance.now() < end; await wait(5, undefined, { ref: false })) {
    left = Object.entries(openResources()).filter(([kind, count]) => count > (before[kind] ?? 0))
    if (left.length === 0) break
  }
  return left.map(([kind, count]) => `${kind} ${count - (before[kind] ?? 0)}`)
}

async function run({ path, timeoutMs }) {
  const before = openResources()
  const test = new Test({
    name: path,
    timeout: timeoutMs,
    cb: async t => {
      current = t
      setCurrent(t)
      await import(pathToFileURL(path).href)
    }
  })
  test.on('assert', result => {
    const { ok, fullname, skip, todo, diag } = result
    if (skip || todo) process.send({ skip: fullname, reason: skip || todo })
    else if (!ok) process.send({ fail: fullname, diag })
  })
  test.resume()
  await new Promise(resolve => test.runMain(resolve))
  const { pass, fail, skip, todo } = test.counts
  process.send({ done: { pass, fail, skip: skip + todo }, open: await leftOpen(before) })
}

const broken = error => {
  if (current === undefined) throw error
  current.threw(error)
}
process.on('uncaughtException', broken)
process.on('unhandledRejection', broken)
process.on('message', file => void run(file))
process.on('disconnect', () => process.exit())
process.send({ ready: true })
