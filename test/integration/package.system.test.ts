// The package as people install it: what is in the tarball, and that it runs in an empty folder.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))
const npm = (folder: string, ...args: string[]): string =>
  execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

t.test('the tarball holds what is needed and nothing else, and runs', { timeout: 280_000 }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'nws-package-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder)) as [
    { filename: string; files: { path: string }[] }
  ]
  const files = packed.files.map(({ path }) => path)
  for (const wanted of [
    'dist/server.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/client/index.js',
    'dist/client/node.js',
    'public/lib/networkwebsockets.js',
    'public/console/index.html',
    'docs/protocol/link.md',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'SECURITY.md'
  ])
    t.ok(files.includes(wanted), wanted)
  t.strictSame(
    files.filter(
      path => !/^(?:dist|public|docs)\/|^(?:README|CHANGELOG|SECURITY)\.md$|^LICENSE$|^package\.json$/.test(path)
    ),
    []
  )
  t.strictSame(
    files.filter(path => /\.test\.|node_modules|\.tap\b|\.env\b/.test(path)),
    []
  )

  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  npm(folder, 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${packed.filename}`)
  writeFileSync(
    join(folder, 'imports.mjs'),
    "import * as server from 'networkwebsockets'\nimport { NetworkWebSocket } from 'networkwebsockets/client'\nconsole.log(typeof server.serverOptions, typeof server.networkWebSockets, typeof NetworkWebSocket)\n"
  )
  t.equal(
    execFileSync(process.execPath, ['imports.mjs'], { cwd: folder, encoding: 'utf8' }),
    'function function function\n'
  )
  const child = spawn(process.execPath, ['node_modules/networkwebsockets/dist/server.js'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], NWS_PORT: '0', NWS_DISCOVERY: 'off' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = new Promise(resolve => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let port = 0
  for await (const line of createInterface({ input: child.stdout })) {
    port = Number(/is running: http:\/\/[^:]+:(\d+)/.exec(line)?.[1] ?? 0)
    if (port !== 0) break
  }
  for (const path of ['/', '/api/health', '/api/metrics', '/docs/api', '/lib/networkwebsockets.js', '/examples/'])
    t.equal((await fetch(`http://localhost:${port}${path}`)).status, 200, path)
})
