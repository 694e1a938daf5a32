// One proxy in a process of its own, with `nws file send` and `nws file receive` beside it.
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import type { Test } from 'tap'
import { startNws, type NwsOptions, type RunningNws } from './cli.ts'
import { startServer } from './process.ts'

/** The commands for files at one proxy. */
export interface FileCommands {
  /** Address of the proxy. */
  readonly address: string
  /** Offers files. */
  readonly send: (channel: string, ...more: string[]) => RunningNws
  /** Takes the first offer without asking. */
  readonly receive: (channel: string, output: string, ...more: string[]) => RunningNws
  /** Runs `nws file` with these arguments. */
  readonly run: (args: readonly string[], options?: NwsOptions) => RunningNws
}

/** Starts the proxy. @param environment its settings */
export async function startFileCommands(t: Test, environment: Record<string, string> = {}): Promise<FileCommands> {
  const address = `http://localhost:${await startServer(t, environment).port()}`
  const run: FileCommands['run'] = (args, options) => startNws(t, ['file', ...args, '--url', address], options)
  return {
    address,
    run,
    send: (channel, ...more) => run(['send', channel, ...more]),
    receive: (channel, output, ...more) => run(['receive', channel, '--yes', '--output', output, ...more])
  }
}

/** Names of everything below a folder, sorted. */
export const namesBelow = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort()

/** SHA-256 in hexadecimal. */
export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
