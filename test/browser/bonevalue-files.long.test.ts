// A file of a gigabyte from page to page: progress to its end, a slow receiver that slows the sender down, and memory of both pages
// that does not grow with the file.
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { addFriends, openUser, rendezvousOptions } from '../support/bonevalue.ts'
import { needsBrowser, type TestPage } from '../support/browser.ts'

const SIZE = 1_000_000_000
/** The receiver stops here for a while. */
const HELD_AT = 100_000_000
const HELD_MS = 3000
/** What the sender keeps of a stream, and what is on its way. */
const MAX_AHEAD = 16_000_000
const MAX_MEMORY = 64_000_000

/** Bytes that a page really needs. */
async function memory({ page }: TestPage): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize = 0 } = (await devtools.send('Runtime.getHeapUsage')) as {
    usedSize: number
    backingStorageSize?: number
  }
  await devtools.detach()
  return usedSize + backingStorageSize
}

t.test('a gigabyte, with progress and back pressure', { ...needsBrowser, timeout: 850_000 }, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addFriends(t, url, 'ann', 'ben')
  const ann = await openUser(t, url, 'ann')
  const ben = await openUser(t, url, 'ben')
  await ann.said('peerconnect ben')
  await ben.run(`
    globalThis.written = 0
    globalThis.release = () => {}
    const sink = {
      write: async chunks => {
        for (const { length } of chunks) {
          if (written < ${HELD_AT} && written + length >= ${HELD_AT}) {
            console.log('holds')
            await new Promise(resolve => { release = resolve })
          }
          written += length
        }
      },
      close: () => {},
      abort: () => {}
    }
    $BV.onfile = offer => { offer.accept({ sink }).then(() => console.log('has it'), error => console.log('failed ' + error.code)) }
    return 0`)
  await ann.run(`
    globalThis.pulled = 0
    globalThis.progress = []
    async function * bytes () {
      const chunk = crypto.getRandomValues(new Uint8Array(50_000))
      for (; pulled < ${SIZE}; pulled += chunk.length) yield chunk
    }
    globalThis.sent = $BV.sendFile(bytes(), { name: 'large.bin', onProgress: ({ bytes }) => { if (bytes !== progress.at(-1)) progress.push(bytes) } })
    globalThis.sent.catch(() => {})
    return 0`)
  await ben.said('holds')
  await setTimeout(HELD_MS) // The sender has time to go on.
  t.ok((await ann.run<number>('return pulled')) < HELD_AT + MAX_AHEAD, 'the sender waits for the receiver')
  await ben.run('release(); return 0')
  await ben.page.waitForFunction('written > 500_000_000', undefined, { timeout: 600_000 })
  for (const page of [ann, ben]) t.ok((await memory(page)) < MAX_MEMORY, 'the memory of a page')
  const { report, progress } = await ann.run<{ report: unknown; progress: number[] }>(
    'return { report: await sent, progress }'
  )
  t.strictSame(report, { accepted: [ben.id], completed: [ben.id], refused: [] })
  await ben.said('has it')
  t.equal(progress.at(-1), SIZE)
  t.ok(progress.length > 1000 && progress.every((bytes, at) => at === 0 || bytes > progress[at - 1]!), 'and it grows')
})
