// The hostile hour: all that is known to hurt a proxy, at once, for ten minutes. A pair in another channel is measured
// throughout. Nothing of it may be lost or late, and the memory comes back.
//   HOSTILE_SECONDS=60         a shorter hour
//   HOSTILE_ACTS=crowd,…       not all of it: names of functions in hostiles.ts, and `files`
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { constants, loadavg, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { START_ARGUMENTS, START_VARIABLES } from '../../tools/start-command.mjs'
import { joinChannel } from '../support/channel.ts'
import { leashed } from '../support/leash.ts'
import { needs } from '../support/needs.ts'
import { freePorts } from '../support/ports.ts'

const LOADER = fileURLToPath(new URL('../../tools/typescript.mjs', import.meta.url))
const HOSTILES = fileURLToPath(new URL('../support/programs/hostiles.ts', import.meta.url))
const SECONDS = Number(process.env['HOSTILE_SECONDS'] ?? 600)
const ACTS = (process.env['HOSTILE_ACTS'] ?? '').split(',').filter(act => act !== '')
const MIB = 2 ** 20
const TOKEN = 'a-long-enough-token-123456'
/** Between two messages of the pair. */
const EVERY_MS = 20
const MOST_P99_MS = 50
/** After this time the memory must be back, milliseconds. */
const BACK_MS = 60_000
const MOST_SHARE = 1.5
/** Once a minute the process may open no file for a while: as many as it has are more than it may have. */
const FILES = 256
const MINUTE_MS = 60_000
const WITHOUT_FILES_MS = 5000

t.test(
  'a hostile hour neither delays nor costs the others a message, and the memory comes back',
  {
    ...needs('prlimit'),
    ...(existsSync('/dev/full') ? {} : { skip: 'no /dev/full' }),
    timeout: SECONDS * 1000 + 200_000
  },
  async t => {
    const data = mkdtempSync(join(tmpdir(), 'nws-hostile-'))
    t.teardown(() => rmSync(data, { recursive: true, force: true }))
    const [port, meshPort, bvPort] = (await freePorts(3)) as [number, number, number]
    const full = openSync('/dev/full', 'w')
    const server = spawn(...leashed(process.execPath, START_ARGUMENTS), {
      env: {
        PATH: process.env['PATH'],
        ...START_VARIABLES,
        NWS_PORT: String(port),
        NWS_MESH_PORT: String(meshPort),
        NWS_BV: 'on',
        NWS_BV_LISTEN: `127.0.0.1:${bvPort}`,
        NWS_DATA_DIR: data,
        NWS_DISCOVERY: 'off',
        NWS_API_TOKEN: TOKEN,
        NWS_MAX_CONNECTIONS: '5000',
        NWS_LOG_LEVEL: 'debug'
      },
      stdio: ['ignore', full, full]
    })
    closeSync(full)
    const ended = once(server, 'exit')
    t.teardown(() => server.kill('SIGKILL'))
    const url = `http://127.0.0.1:${port}`
    const residentBytes = (): number =>
      Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))![1]) * 1024
    const answer = async (path: string): Promise<string | undefined> => {
      const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } }).catch(
        () => undefined
      )
      const text = await response?.text().catch(() => undefined)
      return response?.status === 200 ? text : undefined
    }
    const whenAnswered = async (path: string): Promise<string> => {
      for (;;) {
        const text = await answer(path)
        if (text !== undefined) return text
        if (server.exitCode !== null) throw new Error(`the proxy ended with ${server.exitCode}`)
        await pause(100)
      }
    }
    await whenAnswered('/api/metrics')
    const sender = await joinChannel(t, url, 'innocent')
    const receiver = await joinChannel(t, url, 'innocent')
    const before = residentBytes()
    let highest = before

    const sentAt: number[] = []
    const delays: number[] = []
    let heard = 0
    let isInOrder = true
    receiver.socket.on('message', bytes => {
      const { action, data: n } = JSON.parse((bytes as Buffer).toString()) as { action: string; data: number }
      if (action !== 'broadcast') return
      if (n !== heard) isInOrder = false
      heard++
      delays.push(performance.now() - sentAt[n]!)
    })
    const sending = setInterval(() => {
      sentAt.push(performance.now())
      sender.send({ action: 'broadcast', data: sentAt.length - 1 })
    }, EVERY_MS)
    const looking = setInterval(() => {
      highest = Math.max(highest, residentBytes())
    }, 500)
    const limitFiles = (limit: string): void => {
      spawnSync('prlimit', ['--pid', String(server.pid), `--nofile=${limit}`])
    }
    const files = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/limits`, 'utf8'))![1]!
    const starving = setInterval(() => {
      if (ACTS.length > 0 && !ACTS.includes('files')) return
      limitFiles(`${FILES}:${files}`)
      setTimeout(() => limitFiles(files), WITHOUT_FILES_MS)
    }, MINUTE_MS)
    t.teardown(() => {
      for (const timer of [sending, looking, starving]) clearInterval(timer)
    })

    const load = loadavg()[0]!
    const hostiles = spawn(
      ...leashed(process.execPath, [
        '--import',
        LOADER,
        HOSTILES,
        JSON.stringify({ port, meshPort, bvPort, token: TOKEN, seconds: SECONDS, acts: ACTS })
      ]),
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] }
    )
    t.teardown(() => hostiles.kill('SIGKILL'))
    // They share the processors with the proxy and the pair.
    setPriority(hostiles.pid!, constants.priority.PRIORITY_BELOW_NORMAL)
    let done = ''
    hostiles.stdout!.setEncoding('utf8').on('data', (text: string) => {
      done += text
    })
    await Promise.race([once(hostiles, 'close'), ended])
    clearInterval(starving)
    t.equal(server.exitCode, null, 'the proxy runs')
    const [ran, waited] = readFileSync(`/proc/${server.pid}/schedstat`, 'utf8')
      .split(' ')
      .map(ns => (Number(ns) / 1e9).toFixed(0))
    limitFiles(files)
    const back = performance.now() + BACK_MS
    while (residentBytes() > before * MOST_SHARE && performance.now() < back) await pause(1000)
    const after = residentBytes()
    clearInterval(sending)
    clearInterval(looking)
    await Promise.race([sender.arrived(), ended])
    await Promise.race([receiver.arrived(), ended])
    t.equal(heard, sentAt.length, 'nothing is lost')
    t.ok(isInOrder, 'in the order of the sender')
    delays.sort((a, b) => a - b)
    const quantile = (share: number): string => delays[Math.floor((delays.length - 1) * share)]!.toFixed(1)
    const dropped = Number(/^nws_log_lines_dropped_total (\d+)$/m.exec(await whenAnswered('/api/metrics'))?.[1])
    t.ok(dropped > 0, `${dropped} lines of the log were dropped`)
    const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`
    process.stdout.write(
      `${[
        `${SECONDS} s; load average of the machine before: ${load.toFixed(1)}`,
        `${heard} messages: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, max ${quantile(1)} ms`,
        `the proxy ran for ${ran} s, and waited for a processor for ${waited} s`,
        `memory: before ${mib(before)}, most ${mib(highest)}, after ${mib(after)}`,
        `open files now: ${readdirSync(`/proc/${server.pid}/fd`).length}`,
        done.trim()
      ].join('\n')}\n`
    )
    t.ok(Number(quantile(0.99)) < MOST_P99_MS, `p99 is ${quantile(0.99)} ms`)
    t.ok(after <= before * MOST_SHARE, `${mib(after)} of ${mib(before)} before`)
    server.kill('SIGTERM')
    t.same(await ended, [0, null])
  }
)
