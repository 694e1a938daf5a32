// Processes that do not outlive the test that started them, however it ends: a test file that is killed runs no teardown.
// Not the processes themselves.
import { existsSync } from 'node:fs'

const PROGRAM = ['/usr/bin/setpriv', '/bin/setpriv'].find(path => existsSync(path))

/** A command and its arguments so that the system kills it with its parent; unchanged if the system cannot. */
export function leashed(command: string, args: readonly string[]): [command: string, args: string[]] {
  return PROGRAM === undefined ? [command, [...args]] : [PROGRAM, ['--pdeathsig', 'KILL', command, ...args]]
}
