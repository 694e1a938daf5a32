// A proxy that runs, takes a message and ends leaves nothing on the disk.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startServer } from '../support/process.ts'

t.test('[R17] the proxy writes no file', async t => {
  const home = mkdtempSync(join(tmpdir(), 'nws-home-'))
  const folder = mkdtempSync(join(tmpdir(), 'nws-cwd-'))
  t.teardown(() => {
    for (const each of [home, folder]) rmSync(each, { recursive: true, force: true })
  })
  const server = startServer(
    t,
    { HOME: home, XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config') },
    { cwd: folder }
  )
  const port = await server.port()
  await fetch(`http://localhost:${port}/api/channels/room/messages?waitMs=0`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":1}'
  })
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
  t.strictSame([readdirSync(home), readdirSync(folder)], [[], []])
})
