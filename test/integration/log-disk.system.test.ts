// A disk that is full under the log of a real process: the proxy answers all the same, and ends in time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { leashed } from '../support/leash.ts'
import { freePort } from '../support/ports.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))

t.test(
  'a proxy whose log cannot be written goes on, and ends after a signal',
  { skip: !existsSync('/dev/full') && 'no /dev/full' },
  async t => {
    const port = await freePort()
    const full = openSync('/dev/full', 'w')
    const child = spawn(...leashed(process.execPath, [SERVER]), {
      env: { PATH: process.env['PATH'], NWS_PORT: String(port), NWS_MESH_PORT: '0', NWS_DISCOVERY: 'off' },
      stdio: ['ignore', full, full]
    })
    closeSync(full)
    const ended = once(child, 'exit')
    t.teardown(() => child.kill('SIGKILL'))
    let health: Response | undefined
    while (health === undefined && child.exitCode === null)
      health = await fetch(`http://127.0.0.1:${port}/api/health`).catch(() => undefined)
    t.equal(health?.status, 200)
    child.kill('SIGTERM')
    t.same(await ended, [0, null])
  }
)
