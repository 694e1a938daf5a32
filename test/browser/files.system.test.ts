// Files between the console, the command and pages of the library, as people send them: several at once, refused, cancelled,
// through a proxy that goes away, and in a page without WebCrypto.
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import t from 'tap'
import type { Page } from 'playwright-core'
import { friendlyWords } from '../../src/core/friendly-words.ts'
import { NetworkWebSocket, type ReceivedFile, type Source } from '../../src/client/node.ts'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, sharedBrowser } from '../support/browser.ts'
import { startNws } from '../support/cli.ts'
import { button, join, line, part, save } from '../support/console.ts'
import { nextEvent } from '../support/events.ts'
import { buildProxies, inspectPage, visit } from '../support/pages.ts'

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const SIZES = [0, 1, 130_048, 1_000_003, 3_333_333]

/** Chooses several files, which are offered together. */
async function choose(page: Page, files: { name: string; bytes: Buffer }[]): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), part(page, 'attach').click()])
  await chooser.setFiles(files.map(({ name, bytes }) => ({ name, mimeType: 'text/html', buffer: bytes })))
}

const makeFiles = (prefix: string): { name: string; bytes: Buffer }[] =>
  SIZES.map((size, index) => ({ name: `${prefix}${index}.bin`, bytes: randomBytes(size) }))

t.test('from console to console: five files in one go, two transfers at once, both ways', needsBrowser, async t => {
  const [first, second] = await buildProxies(t, 2)
  const [a, b] = await Promise.all([visit(t, first!.url), visit(t, second!.url)])
  const [idA, idB] = [await join(a, 'room'), await join(b, 'room')]
  await line(a, `${idB}is here`).waitFor()
  const [fromA, fromB, more] = [makeFiles('a'), makeFiles('b'), { name: 'more.bin', bytes: randomBytes(2_000_000) }]
  await Promise.all([choose(a, fromA), choose(b, fromB)])
  await choose(a, [more])
  await line(b, `${idA}offers 5 files, 4.5 MB`).waitFor()
  await button(a, 'Save 5 files').click()
  await button(b, 'Save 5 files').click()
  t.ok((await save(b, button(b, 'Save more.bin'), 'pointer')).bytes.equals(more.bytes))
  for (const [page, files] of [
    [b, fromA],
    [a, fromB]
  ] as const)
    for (const { name, bytes } of files) {
      const saved = await save(page, button(page, `Save ${name}`), 'pointer')
      t.equal(saved.name, name)
      t.equal(hashOf(saved.bytes), hashOf(bytes), name)
    }
  await line(a, `5 files, 4.5 MB: ${idB} has it`).waitFor()
  await line(b, `5 files, 4.5 MB: ${idA} has it`).waitFor()
  await inspectPage(t, a, 'console-files')
})

t.test('from the console to the command and back', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  const id = await join(page, 'room')
  const folder = t.testdir({ in: {} })
  const files = makeFiles('c')
  const receiver = startNws(t, ['file', 'receive', 'room', '--url', url, '--yes', '--output', joinPath(folder, 'in')])
  await line(page, 'is here').waitFor()
  await choose(page, files)
  t.match(await receiver.ended, { code: 0 })
  t.strictSame(
    readdirSync(joinPath(folder, 'in')),
    files.map(({ name }) => name)
  )
  for (const { name, bytes } of files) t.equal(hashOf(readFileSync(joinPath(folder, 'in', name))), hashOf(bytes), name)
  await line(page, /5 files, .* has it/).waitFor()

  const bytes = randomBytes(700_001)
  writeFileSync(joinPath(folder, 'notes.txt'), bytes)
  const sender = startNws(t, ['file', 'send', 'room', joinPath(folder, 'notes.txt'), '--url', url])
  const saved = await save(page, button(page, 'Save notes.txt'), 'pointer')
  t.ok(saved.bytes.equals(bytes))
  t.match(await sender.ended, { code: 0, stderr: new RegExp(`Peer ${id} has everything`) })
})

t.test('refusals are named by receiver, and both ends can cancel', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t)
  const [a, b] = await Promise.all([visit(t, url), visit(t, url)])
  const [idA, idB] = [await join(a, 'room'), await join(b, 'room')]
  await line(a, `${idB}is here`).waitFor()
  const silent = new NetworkWebSocket('room', { endpoint: ws })
  t.teardown(() => silent.close())
  await nextEvent(silent, 'open')
  await line(a, friendlyWords(silent.id)).waitFor()
  await choose(a, [{ name: 'no.txt', bytes: Buffer.from('no') }])
  await button(b, 'Refuse no.txt').click()
  await line(a, `${idB} has not got it: The receiver does not want the file.`).waitFor()
  await line(a, `${friendlyWords(silent.id)} has not got it: The peer does not take files.`).waitFor()
  await line(b, 'no.txt, 2 bytes: refused').waitFor()

  await choose(a, [{ name: 'later.txt', bytes: Buffer.from('later') }])
  await button(b, 'Save later.txt').waitFor()
  await a.getByRole('button', { name: /^Cancel later\.txt/ }).click()
  await line(b, 'later.txt, 5 bytes: The transfer was cancelled.').waitFor()
  t.equal(await button(b, 'Save later.txt').count(), 0)
  await line(a, 'later.txt, 5 bytes: cancelled').waitFor()

  // In the middle: a source that never ends goes to a file that the user chooses. Without a screen there is no dialog.
  await b.evaluate(
    'globalThis.showSaveFilePicker = async ({ suggestedName }) => (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })'
  )
  const endless = silent.sendFile(
    (function* () {
      for (;;) yield new Uint8Array(50_000)
    })(),
    { name: 'endless', to: await whole(b, idB) }
  )
  await button(b, 'Save endless').click()
  await line(b, /endless, of unknown size: .* here/).waitFor()
  await b.getByRole('button', { name: /^Cancel/ }).click()
  t.match(await endless, { completed: [], refused: [{ code: 'NWS_CLIENT_FILE_CANCELLED' }] })
  await line(b, 'endless, of unknown size: The transfer was cancelled.').waitFor()
  await part(a, 'leave').click()
  await line(b, `${idA}has gone`).waitFor()
})

/** The id of which a page shows the words. */
async function whole(page: Page, shown: string): Promise<string> {
  const { peers } = (await page.evaluate('fetch("/api/channels/room").then(answer => answer.json())')) as {
    peers: { list: { id: string; words: string }[] }
  }
  return peers.list.find(({ words }) => words === shown)!.id
}

t.test('a page that is loaded again goes on where it was', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t)
  const page = await visit(t, url)
  await join(page, 'room')
  const bytes = randomBytes(12_000_003)
  // The sender waits near the end until the page is loaded again.
  let goOn!: () => void
  const again = new Promise<void>(resolve => {
    goOn = resolve
  })
  let isNearEnd!: () => void
  const nearEnd = new Promise<void>(resolve => {
    isNearEnd = resolve
  })
  const offsets: number[] = []
  const source: Source = {
    size: bytes.length,
    read: async (into, offset) => {
      if (offset > 10_000_000) {
        isNearEnd()
        await again
      }
      offsets.push(offset)
      into.set(bytes.subarray(offset, offset + into.length))
      return Math.min(into.length, bytes.length - offset)
    }
  }
  const sender = new NetworkWebSocket('room', { endpoint: ws })
  t.teardown(() => sender.close())
  const sent = sender.sendFile(source, { name: 'film.bin', receivers: 1 })
  await button(page, 'Save film.bin').click()
  await nearEnd
  await page.reload()
  await join(page, 'room')
  offsets.length = 0
  await button(page, 'Save film.bin').waitFor()
  goOn()
  const saved = await save(page, button(page, 'Save film.bin'), 'pointer')
  t.equal(hashOf(saved.bytes), hashOf(bytes))
  t.ok(Math.min(...offsets) >= 4 * 1024 * 1024, 'most of it is not sent again')
  t.equal((await sent).completed.length, 1)
  t.equal(await page.evaluate('indexedDB.databases().then(all => all.length)'), 1)
})

t.test('a page of another origin, without WebCrypto, sends and takes files', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t)
  const { page, run } = await openPage(t, await sharedBrowser(), 'about:blank')
  await page.addInitScript(() => {
    // A page at http://192.168.1.5 does not have these.
    Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })
    Object.defineProperty(Crypto.prototype, 'randomUUID', { value: undefined })
  })
  await page.goto(`${url}/examples/`)
  const node = new NetworkWebSocket('phone', { endpoint: ws })
  t.teardown(() => node.close())
  await nextEvent(node, 'open')
  const bytes = randomBytes(1_500_000)
  let received!: Promise<ReceivedFile[]>
  node.onfile = offer => {
    received = offer.accept()
  }
  const back = run<string>(`
    const { NetworkWebSocket } = await import('/lib/networkwebsockets.js')
    const socket = new NetworkWebSocket('phone')
    return await new Promise(resolve => {
      socket.onfile = async offer => {
        const [file] = await offer.accept({ maxBytes: 2e6 })
        const report = await socket.sendFile(new File([file.blob], 'back.bin'))
        resolve([file.sha256, report.completed.length, String(crypto.subtle)].join(' '))
      }
    })`)
  await nextEvent(node, 'connect')
  const report = await node.sendFile(new Blob([bytes]), { name: 'there.bin', receivers: 1 })
  t.equal(report.completed.length, 1)
  t.equal(await back, `${hashOf(bytes)} 1 undefined`)
  const [file] = await received
  t.match(file, { name: 'back.bin', size: bytes.length, sha256: hashOf(bytes) })
})
