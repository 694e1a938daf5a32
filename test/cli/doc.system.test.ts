// `nws doc` as a command: files of two commands, and a document of a program, stay the same.
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startNws } from '../support/cli.ts'
import { docsUntil, openEditor, synced } from '../support/documents.ts'
import { startServer } from '../support/process.ts'

function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nws-doc-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Resolves when a file has a content that holds. */
async function fileUntil(path: string, holds: (text: string) => boolean): Promise<void> {
  const isSo = (): boolean => {
    try {
      return holds(readFileSync(path, 'utf8'))
    } catch {
      return false
    }
  }
  if (isSo()) return
  await new Promise<void>(resolve => {
    const watcher = watch(join(path, '..'), () => {
      if (!isSo()) return
      watcher.close()
      resolve()
    })
    if (isSo()) {
      watcher.close()
      resolve()
    }
  })
}

t.test('a text file and the document of others stay the same, both ways', async t => {
  const server = startServer(t, {})
  const port = await server.port()
  const path = join(makeFolder(t), 'notes.md')
  writeFileSync(path, 'one\ntwo\n')
  chmodSync(path, 0o640)
  const nws = startNws(t, ['doc', 'notes', path], { env: { NWS_PORT: String(port) } })
  await nws.says('stderr', /are the same/)
  const page = openEditor(t, 'notes', { endpoint: `ws://localhost:${port}` })
  await synced(page)
  t.equal(page.text.toJSON(), 'one\ntwo\n')
  page.text.insert(0, 'zero\n')
  await fileUntil(path, text => text === 'zero\none\ntwo\n')
  t.equal(statSync(path).mode & 0o777, 0o640, 'its rights stay')
  // As editors save.
  writeFileSync(`${path}.new`, 'zero\none\n2\n')
  renameSync(`${path}.new`, path)
  await docsUntil([page.doc], () => page.text.toJSON() === 'zero\none\n2\n')
  writeFileSync(path, 'zero!\none\n2\n')
  page.text.insert(page.text.length, 'three\n')
  await docsUntil([page.doc], () => page.text.toJSON() === 'zero!\none\n2\nthree\n')
  await fileUntil(path, text => text === 'zero!\none\n2\nthree\n')
  nws.child.kill('SIGINT')
  t.equal((await nws.ended).code, 0)
})

t.test('JSON files of two commands stay the same; half of an edit is not overwritten', async t => {
  const server = startServer(t, {})
  const env = { NWS_PORT: String(await server.port()) }
  const folder = makeFolder(t)
  const [one, other] = [join(folder, 'one.json'), join(folder, 'other.json')]
  writeFileSync(one, '{"a":1}')
  const first = startNws(t, ['doc', 'settings', one], { env })
  await first.says('stderr', /are the same/)
  const second = startNws(t, ['doc', 'settings', other], { env })
  await fileUntil(other, text => text === '{\n  "a": 1\n}\n')
  writeFileSync(other, '{"a":1,')
  await second.says('stderr', /waits until you have mended it/)
  writeFileSync(one, Buffer.from([0xff, 0xfe]))
  await first.says('stderr', /waits until you have mended it/)
  writeFileSync(one, '{"a":1,"b":[true]}')
  await first.says('stderr', /can be read again/)
  t.equal(readFileSync(other, 'utf8'), '{"a":1,')
  writeFileSync(other, '{"a":1,"c":2}')
  for (const path of [one, other])
    await fileUntil(path, text => {
      try {
        return JSON.stringify(JSON.parse(text), ['a', 'b', 'c']) === '{"a":1,"b":[true],"c":2}'
      } catch {
        return false
      }
    })
})

t.test('if both have content and differ, the user chooses', async t => {
  const server = startServer(t, {})
  const port = await server.port()
  const env = { NWS_PORT: String(port) }
  const page = openEditor(t, 'notes', { endpoint: `ws://localhost:${port}` })
  page.text.insert(0, 'from the page\n')
  await synced(page)
  const path = join(makeFolder(t), 'notes.txt')
  writeFileSync(path, 'from the file\n')
  t.match(await startNws(t, ['doc', 'notes', path], { env }).ended, { code: 1, stderr: /NWS_CLI_DOC_DIFFERS/ })
  t.equal(readFileSync(path, 'utf8'), 'from the file\n')
  const nws = startNws(t, ['doc', 'notes', path, '--prefer', 'file'], { env })
  await docsUntil([page.doc], () => page.text.toJSON() === 'from the file\n')
  nws.child.kill('SIGTERM')
  await nws.ended
  writeFileSync(path, Buffer.from([0xff, 0xfe]))
  t.match(await startNws(t, ['doc', 'notes', path], { env }).ended, { code: 1, stderr: /NWS_CLI_DOC_CONTENT/ })
})

t.test('without a proxy it says so', async t => {
  const path = join(makeFolder(t), 'notes.txt')
  t.match(await startNws(t, ['doc', 'notes', path, '--url', 'http://localhost:1']).ended, { code: 3 })
})
