// The measured servers and the load beside them: processes, each on a processor of its own, and the CPU time they take.
// No cases and no figures: those are in fanout.mjs and scaling.mjs.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { START_ARGUMENTS } from '../tools/start-command.mjs'

const PATIENCE_MS = 60_000

const folder = mkdtempSync(join(tmpdir(), 'networkwebsockets-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

function configFile(name, text) {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** The command that starts each server on a port, and the package to install if it is missing. */
export const TARGETS = {
  // As `npm start` has it.
  nws: port => ({
    command: process.execPath,
    args: START_ARGUMENTS,
    env: { NWS_PORT: String(port), NWS_DISCOVERY: 'off', NWS_LOG_LEVEL: 'silent' }
  }),
  ws: port => ({ command: process.execPath, args: ['bench/targets/ws.mjs'], env: { PORT: String(port) } }),
  'socket.io': port => ({
    command: process.execPath,
    args: ['bench/targets/socket.io.mjs'],
    env: { PORT: String(port) }
  }),
  mosquitto: port => ({
    command: 'mosquitto',
    args: [
      '-c',
      configFile(
        'mosquitto.conf',
        `listener ${port + 200} 127.0.0.1\nlistener ${port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\nmax_queued_messages 0\nlog_type none\n`
      )
    ],
    install: 'apt-get install -y mosquitto'
  }),
  'nats-server': port => ({
    command: 'nats-server',
    args: [
      '-c',
      configFile(
        'nats.conf',
        `listen: "127.0.0.1:${port + 100}"\nwebsocket { listen: "127.0.0.1:${port}", no_tls: true }\nmax_pending: 268435456\n`
      )
    ],
    install: 'apt-get install -y nats-server'
  })
}

const isInstalled = command =>
  command === process.execPath ||
  (process.env.PATH ?? '')
    .split(':')
    .concat('/usr/sbin')
    .some(dir => existsSync(join(dir, command)))
const pinned = (cpu, command, args) =>
  cpus().length > 1 ? ['taskset', ['-c', String(cpu), command, ...args]] : [command, args]

/** Nanoseconds of processor time of all threads of a process, from the scheduler's own account. */
export function cpuOf(pid) {
  let sum = 0n
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += BigInt(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0])
    } catch {} // A thread that has just ended.
  }
  return sum
}

/** Resident memory of a process, bytes. */
export function rssOf(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
}

/** Starts a server and resolves when it listens; `undefined`, with a line on how to install it, if it is missing. */
export async function start(name) {
  const port = await freePort()
  const { command, args, env, install } = TARGETS[name](port)
  if (!isInstalled(command)) {
    console.log(`${name} is left out: not installed (${install})`)
    return undefined
  }
  const child = spawn(...pinned(0, command, args), {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, ...env },
    stdio: 'ignore'
  })
  for (;;) {
    if (await listens(port)) return { name, port, child }
    if (child.exitCode !== null) throw new Error(`${name} does not start`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** A port on which nothing listens. */
async function freePort() {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Whether something takes connections on a port of this machine. */
async function listens(port) {
  const socket = connect(port, '127.0.0.1')
  const answered = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false)
  ]).catch(() => false)
  socket.destroy()
  return answered
}

/** A load process; each measurement gets a fresh one. */
export async function withLoad(use) {
  const [, args] = pinned(1, process.execPath, ['bench/load/client.mjs'])
  const load =
    cpus().length > 1
      ? spawn('taskset', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      : fork('bench/load/client.mjs')
  const messages = []
  let wake = () => {}
  load.on('message', message => {
    messages.push({ ...message, at: process.hrtime.bigint() })
    wake()
  })
  const phase = async wanted => {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const index = messages.findIndex(message => message.phase === wanted)
      if (index >= 0) return messages.splice(index, 1)[0]
      if (Date.now() >= deadline) throw new Error(`the load did not get to "${wanted}" in ${PATIENCE_MS} ms`)
      await new Promise(resolve => {
        // Cleared when it is not needed any more: the process would not end before it.
        const timer = setTimeout(resolve, PATIENCE_MS)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  await phase('ready')
  try {
    return await use(load, phase)
  } finally {
    load.kill('SIGKILL')
  }
}

/**
 * One measurement of a running server.
 * @param command what bench/load/client.mjs is to run; its `port` is the server's
 * @returns CPU microseconds of the server per delivery, deliveries per second, latencies in microseconds
 */
export async function measure({ name, port, child }, command) {
  return await withLoad(async (load, phase) => {
    load.send({ do: 'run', target: name, port, ...command })
    await phase('begin')
    const before = cpuOf(child.pid)
    await phase('end')
    const used = cpuOf(child.pid) - before
    const { deliveries, seconds, p50, p99 } = await phase('done')
    return { microseconds: Number(used) / 1000 / deliveries, perSecond: deliveries / seconds, p50, p99 }
  })
}
