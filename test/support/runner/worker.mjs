// A process that runs test files for the runner (run.mjs), one after another. Each file has a tap test of its own.
import { pathToFileURL } from 'node:url'
import { Test } from 'tap'
import { allowOpen, leftOpen } from './resources.ts'
import { setCurrent } from './tap.mjs'

/** How long what a file has opened may take to close after its last test. */
const CLOSING_MS = 10_000
let current

async function run({ path, timeoutMs }) {
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
  test.setTimeout(0)
  const { pass, fail, skip, todo } = test.counts
  process.send({ done: { pass, fail, skip: skip + todo }, open: await leftOpen(CLOSING_MS) })
}

const broken = error => {
  if (current === undefined) throw error
  current.threw(error)
}
process.on('uncaughtException', broken)
process.on('unhandledRejection', broken)
process.on('message', file => void run(file))
process.on('disconnect', () => process.exit())
allowOpen()
process.send({ ready: true })
