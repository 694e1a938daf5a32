// The real process, `node dist/server.js`, for tests: its output as it comes, its end. Tests wait for lines, not for time.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { leashed } from './leash.ts'

const STOPWATCH = new URL('programs/stopwatch.mjs', import.meta.url).href
const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))

/** A running or ended process. */
export interface ServerProcess {
  readonly child: ChildProcess
  /** Waits for a line of the log or of stderr; rejects when the process ends before it. */
  line(pattern: RegExp): Promise<string>
  /** Waits for the start line and gives the port in it. */
  port(): Promise<number>
  /** All that it has written. */
  output(): string
  /** Its end. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>
}

/** How to start it. */
export interface ProcessOptions {
  /** The program. Default: that of this build. */
  readonly file?: string
  readonly args?: readonly string[]
  readonly cwd?: string
  /** Options of Node. */
  readonly node?: readonly string[]
  /** A command before `node`, such as one that changes namespaces. */
  readonly wrapper?: readonly string[]
}

/** A server, and how long it took from the first signal to its end. Read when it has ended. */
export interface TimedServer extends ServerProcess {
  /** Milliseconds, without those in which it could have run and another process did. */
  stoppedIn(): number
}

/** Starts a server that measures how long it takes to end. */
export function startTimedServer(t: Test, environment: Record<string, string>): TimedServer {
  const file = join(mkdtempSync(join(tmpdir(), 'nws-stopwatch-')), 'ms')
  t.teardown(() => {
    rmSync(dirname(file), { recursive: true, force: true })
  })
  const server = startServer(t, { ...environment, STOPWATCH: file }, { node: ['--import', STOPWATCH] })
  return { ...server, stoppedIn: () => Number(readFileSync(file, 'utf8')) }
}

/** Starts the server with these variables and no others of its own; ends it with the test. */
export function startServer(
  t: Test,
  environment: Record<string, string>,
  { file = SERVER, args = [], cwd, node = [], wrapper = [] }: ProcessOptions = {}
): ServerProcess {
  if (!existsSync(file)) throw new Error('dist/server.js is missing: npm run build')
  const [command, ...rest] = [...wrapper, process.execPath, ...node, file, ...args]
  const child = spawn(...leashed(command!, rest), {
    cwd,
    env: { PATH: process.env['PATH'], NWS_PORT: '0', NWS_DISCOVERY: 'off', ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const text = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
      for (const check of waiting) check()
    })
  }
  let over = false
  const ended = new Promise<Awaited<ServerProcess['ended']>>(resolve =>
    child.once('close', (code, signal) => {
      over = true
      resolve({ code, signal, ...text })
      for (const check of waiting) check()
    })
  )
  t.teardown(() => {
    child.kill('SIGKILL')
    return ended
  })
  const output = () => text.stdout + text.stderr
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        const found = output()
          .split('\n')
          .slice(0, -1)
          .find(each => pattern.test(each))
        if (found !== undefined) resolve(found)
        else if (over) reject(new Error(`the process ended without ${String(pattern)}:\n${output()}`))
        else return
        waiting.delete(check)
      }
      waiting.add(check)
      check()
    })
  const port = async () => Number(/:(\d+)"/.exec(await line(/is running: http/))![1])
  return { child, line, port, output, ended }
}
