#!/usr/bin/env node
// The process of `nws`: runs the command and exits with its code. program.ts has the commands.
import { endWithReader } from './output.ts'
import { createProgram } from './program.ts'
import { exitCodeOf } from './report.ts'

endWithReader()
try {
  await createProgram().parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
  // Exits as soon as everything is written, also with open sockets and timers.
  process.stdout.write('', () => process.stderr.write('', () => process.exit()))
}
