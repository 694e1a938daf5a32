// Where the log goes: words on a terminal, JSON anywhere else. Not what is logged.
import type { WriteStream } from 'node:tty'
import { logLine } from './core/log-line.ts'

/** What pino writes its lines to. */
export interface LogStream {
  write(line: string): void
}

/**
 * The stream for a process.
 *
 * @returns undefined where the log goes to a file or program: JSON, straight from the logger
 */
export function logStream(
  output: NodeJS.WriteStream & { fd?: number },
  environment: Readonly<Record<string, string | undefined>>
): LogStream | undefined {
  if (!output.isTTY) return undefined
  const color = (environment['NO_COLOR'] ?? '') === '' && (output as WriteStream).hasColors(environment)
  return {
    write: line => {
      output.write(logLine(line, color))
    }
  }
}
