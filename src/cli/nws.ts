#!/usr/bin/env node
// The command `nws`: runs it and ends the process with its exit code. Not what it consists of (program.ts).
import { endWithReader } from './output.ts'
import { createProgram } from './program.ts'
import { exitCodeOf } from './report.ts'

endWithReader()
try {
  await createProgram().parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
  // A socket or a timer that is still there does not hold the end up; what was written is.
  process.stdout.write('', () => process.stderr.write('', () => process.exit()))
}
