// The built command as a child process, as a user runs it: its standard output and error apart, and its exit code. Not
// the functions that it is made of.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { leashed } from './leash.ts'

/** The built command. */
export const NWS = fileURLToPath(new URL('../../dist/cli/nws.js', import.meta.url))

/** How it is run. */
export interface NwsOptions {
  readonly env?: Record<string, string>
  /** Standard input; without it there is none. */
  readonly input?: string | Buffer
  /** Standard input stays open, and the test writes to it. */
  readonly keepsInput?: true
  readonly cwd?: string
  /** Name of a network namespace to run it in. */
  readonly namespace?: string
  /** Runs it on a terminal, where both outputs are one, and types the answer when the pattern is seen. */
  readonly terminal?: { readonly to: RegExp; readonly answer: string }
  /** A command before it, such as one that takes rights away. */
  readonly wrapper?: readonly string[]
}

/** How it ended. */
export interface NwsEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly bytes: Buffer
  readonly stderr: string
}

/** A command that runs. */
export interface RunningNws {
  readonly child: ChildProcess
  readonly ended: Promise<NwsEnd>
  /** Its output so far. */
  readonly text: { readonly stdout: string; readonly stderr: string }
  /** Resolves with the match when the output matches; rejects when it ends before. */
  readonly says: (stream: 'stdout' | 'stderr', pattern: RegExp) => Promise<RegExpExecArray>
}

/** Starts it; it ends with the test. No variable NWS_… of this process is handed on. */
export function startNws(
  t: Test,
  args: readonly string[],
  { env = {}, input, keepsInput, cwd, namespace, terminal, wrapper = [] }: NwsOptions = {}
): RunningNws {
  if (!existsSync(NWS)) throw new Error('dist/cli/nws.js is missing: npm run build')
  const program = [process.execPath, NWS, ...args]
  const [command, ...rest] = [
    ...(namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]),
    ...wrapper,
    ...(terminal === undefined ? program : ['script', '-qefc', program.map(quoted).join(' '), '/dev/null'])
  ]
  const child = spawn(...leashed(command!, rest), {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: [
      input === undefined && keepsInput === undefined && terminal === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe'
    ]
  })
  child.stdin?.on('error', () => {})
  if (terminal === undefined && keepsInput === undefined) child.stdin?.end(input)
  const chunks: Buffer[] = []
  const text = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const check of waiting) check()
  }
  child.stdout!.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    text.stdout += chunk.toString('latin1')
    wake()
  })
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    text.stderr += chunk
    wake()
  })
  let end: NwsEnd | undefined
  const ended = new Promise<NwsEnd>(resolve =>
    child.once('close', (code, signal) => {
      const bytes = Buffer.concat(chunks)
      end = { code, signal, stdout: bytes.toString(), bytes, stderr: text.stderr }
      resolve(end)
      wake()
    })
  )
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const says = async (stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> =>
    await new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec(text[stream])
        if (match !== null) resolve(match)
        else if (end !== undefined)
          reject(new Error(`it ended (${end.code}) without ${String(pattern)}:\n${end.stdout}\n${end.stderr}`))
        else return
        waiting.delete(check)
      }
      waiting.add(check)
      check()
    })
  if (terminal !== undefined)
    void says('stdout', terminal.to).then(
      () => child.stdin!.write(terminal.answer),
      () => {}
    )
  return { child, ended, text, says }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** Runs it to its end. */
export async function nws(t: Test, args: readonly string[], options: NwsOptions = {}): Promise<NwsEnd> {
  return await startNws(t, args, options).ended
}
