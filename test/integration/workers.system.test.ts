// `nws serve --workers`: one port, several processes, one channel; a worker that dies comes back; a signal ends them all.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { joinChannel } from '../support/channel.ts'
import { nws, startNws } from '../support/cli.ts'
import { listens, newSecret, startNats } from '../support/nats.ts'
import { leashed } from '../support/leash.ts'
import { freePort } from '../support/ports.ts'
import { needs } from '../support/needs.ts'

const WORKERS = 2
const LOOK_MS = 50

/** Ids of the proxies that answer on the port, with their process: each connection may come to another one. */
async function workersOn(port: number, count: number, not: ReadonlySet<string> = new Set()): Promise<Set<string>> {
  const seen = new Set<string>()
  for (const end = Date.now() + 60_000; seen.size < count;) {
    const answer = await fetch(`http://localhost:${port}/api/health`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(2000)
    }).catch(() => undefined)
    const { proxyId } = ((await answer?.json()) as { proxyId?: string }) ?? {}
    if (proxyId !== undefined && !not.has(proxyId)) seen.add(proxyId)
    if (Date.now() > end) throw new Error(`${seen.size} of ${count} workers answer`)
    await new Promise(resolve => {
      setTimeout(resolve, LOOK_MS)
    })
  }
  return seen
}

async function story(t: Test, env: Record<string, string>): Promise<void> {
  const port = await freePort()
  const nws = spawn(
    ...leashed(process.execPath, ['dist/cli/nws.js', 'serve', '--workers', String(WORKERS), '--port', String(port)]),
    {
      env: { ...process.env, NWS_DISCOVERY: 'off', NWS_MESH_HOST: '127.0.0.1', ...env },
      stdio: ['ignore', 'pipe', 'inherit']
    }
  )
  t.teardown(() => {
    nws.kill('SIGKILL')
  })
  await listens(port)
  const proxies = await workersOn(port, WORKERS)
  t.equal(proxies.size, WORKERS, 'several processes answer on one port')
  // Connections go to the workers in turn.
  const clients = await Promise.all(
    Array.from({ length: 6 }, async () => await joinChannel(t, `ws://localhost:${port}`, 'shared'))
  )
  await Promise.all(
    clients.map(async client => {
      const there = new Set<string>()
      while (there.size < clients.length - 1) there.add((await client.nextOf('connect')).target!)
    })
  )
  const [first, ...others] = clients as [(typeof clients)[0], ...typeof clients]
  first.send({ action: 'broadcast', data: 'to all' })
  for (const other of others) t.match(await other.next(), { action: 'broadcast', source: first.id, data: 'to all' })
  for (const other of others) t.strictSame(await other.arrived(), [], 'once')
  nws.kill('SIGTERM')
  t.strictSame(await once(nws, 'exit'), [0, null])
}

t.test('joined by links over loopback', { timeout: 110_000 }, async t => await story(t, {}))

t.test('joined by NATS', { ...needs('nats-server'), timeout: 110_000 }, async t => {
  const nats = await startNats(t)
  await story(t, { NWS_CLUSTER_URL: nats.url, NWS_CLUSTER_SECRET: newSecret() })
})

t.test('a worker that dies is started again', { timeout: 110_000 }, async t => {
  const port = await freePort()
  const nws = spawn(
    ...leashed(process.execPath, ['dist/cli/nws.js', 'serve', '--workers', String(WORKERS), '--port', String(port)]),
    {
      env: { ...process.env, NWS_DISCOVERY: 'off', NWS_MESH_HOST: '127.0.0.1' },
      stdio: ['ignore', 'pipe', 'pipe']
    }
  )
  t.teardown(() => {
    nws.kill('SIGKILL')
  })
  let logged = ''
  nws.stdout.on('data', (chunk: Buffer) => {
    logged += chunk.toString()
  })
  await listens(port)
  const before = await workersOn(port, WORKERS)
  const pidIn = () => Number(/"pid":(\d+)/.exec(logged)?.[1] ?? 0)
  while (pidIn() === 0) await once(nws.stdout, 'data')
  const pid = pidIn()
  t.ok(pid > 0 && pid !== nws.pid, 'the log tells the process')
  process.kill(pid, 'SIGKILL')
  t.equal((await workersOn(port, 1, before)).size, 1, 'another one has come')
  nws.kill('SIGTERM')
  t.strictSame(await once(nws, 'exit'), [0, null])
})

t.test('what is wrong with all of them ends the start', async t => {
  const nws = spawn(process.execPath, ['dist/cli/nws.js', 'serve', '--workers', '2'], {
    env: { ...process.env, NWS_CLUSTER_URL: 'nats://localhost', NWS_CLUSTER_SECRET: 'short' },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  let said = ''
  nws.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  t.strictSame(await once(nws, 'exit'), [2, null])
  t.match(said, /NWS_ERR_CONFIG_CLUSTER_(SECRET|FILE)/)
})

t.test('a port that another program has at one of the addresses ends the start', { timeout: 110_000 }, async t => {
  const other = createServer()
  await new Promise<void>(resolve => {
    other.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const folder = mkdtempSync(join(tmpdir(), 'nws-workers-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const told = join(folder, 'told')
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >> ${told}\n`, { mode: 0o755 })
  const { code, stderr } = await nws(t, ['serve', '--workers', '2', '--port', String(port)], {
    env: {
      NWS_DISCOVERY: 'off',
      NWS_MESH_HOST: '127.0.0.1',
      NOTIFY_SOCKET: '/nowhere',
      PATH: `${folder}:${process.env['PATH']}`
    }
  })
  t.equal(code, 1)
  t.match(stderr, /NWS_ERR_LISTEN/)
  t.notMatch(existsSync(told) ? readFileSync(told, 'utf8') : '', /READY/)
})

t.test('metrics are those of all workers, also of one that was started again', { timeout: 110_000 }, async t => {
  const port = await freePort()
  const env = { NWS_DISCOVERY: 'off', NWS_MESH_HOST: '127.0.0.1' }
  const serve = startNws(t, ['serve', '--workers', '2', '--port', String(port)], { env })
  await listens(port)
  const before = await workersOn(port, 2)
  const clients = await Promise.all(
    Array.from({ length: 4 }, async () => await joinChannel(t, `ws://localhost:${port}`, 'shared'))
  )
  const read = async () =>
    await (await fetch(`http://localhost:${port}/api/metrics`, { headers: { connection: 'close' } })).text()
  for (let round = 0; round < 4; round++) {
    const text = await read()
    const sockets = [...text.matchAll(/^nws_sockets\{worker="(\d)"\} (\d+)$/gm)].map(match =>
      match.slice(1).map(Number)
    )
    t.strictSame(
      sockets.map(([worker]) => worker),
      [0, 1]
    )
    t.equal(
      sockets.reduce((sum, [, count]) => sum + count!, 0),
      clients.length
    )
    t.equal(text.match(/^# HELP nws_sockets /gm)?.length, 1)
    t.match(text, /^nws_info\{worker="0",version=/m)
  }
  const pid = Number((await serve.says('stdout', /"pid":(\d+)/))[1])
  process.kill(pid, 'SIGKILL')
  await workersOn(port, 1, before)
  while ((await read()).match(/^nws_sockets\{/gm)?.length !== 2);
  serve.child.kill('SIGTERM')
  t.match(await serve.ended, { code: 0 })
})

t.test('the end of a terminal that the proxy does not use', { timeout: 110_000 }, async t => {
  for (const args of [['serve'], ['serve', '--workers', '2']]) {
    const port = await freePort()
    const serve = startNws(t, [...args, '--port', String(port)], {
      env: { NWS_DISCOVERY: 'off', NWS_MESH_HOST: '127.0.0.1' }
    })
    await listens(port)
    const [before] = await workersOn(port, 1)
    serve.child.kill('SIGHUP')
    t.equal((await workersOn(port, 1)).size, 1)
    if (args.length === 1) t.ok((await workersOn(port, 1)).has(before!), 'it goes on')
    serve.child.kill('SIGTERM')
    t.match(await serve.ended, { code: 0 })
  }
})

t.test('the rendezvous, which knows who is online in one process, takes no workers', async t => {
  const refused = { code: 2, stdout: '', stderr: /^NWS_CLI_USAGE: .*NWS_BV=on and --workers exclude each other\.\n$/ }
  t.match(await nws(t, ['serve', '--workers', '2'], { env: { NWS_PORT: '0', NWS_BV: 'on' } }), refused)
  t.match(await nws(t, ['serve', '--bv', 'on', '--workers', '2', '--port', '0']), refused)
})
