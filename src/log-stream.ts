// The log's way out of the process: words on a terminal, JSON anywhere else. Losing a line is better than stopping the
// proxy, so a line that cannot be written is counted and dropped.
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { WriteStream } from 'node:tty'
import { logLine } from './core/log-line.ts'
import { logDrops } from './platform/log-drops.ts'

/** Bytes that may wait for a slow reader of a pipe. */
const MAX_QUEUED_BYTES = 1024 * 1024
/** How pino marks a warning. */
const WARNING = 40

/**
 * Lets writes to a terminal wait in this process. Node.js makes them block, so that Ctrl-S on the terminal would stop the whole
 * proxy.
 */
export function freeFromTerminal(output: NodeJS.WriteStream): void {
  const { _handle: handle } = output as { _handle?: { setBlocking?(isBlocking: boolean): void } }
  handle?.setBlocking?.(false)
}

/** pino's destination. It has no `flushSync`: pino would wait there for a disk that stays full. */
export class LogStream {
  readonly #output: NodeJS.WriteStream & { fd: number }
  readonly #format: (line: string) => string
  /** A regular file is written to here and now; `process.stdout` would give up for good after its first error. */
  readonly #isFile: boolean
  #dropped = 0
  #untold = 0
  /** The end of a file is half a line, because the disk became full in its middle. */
  #torn = false

  /** @param output `process.stdout` @param environment says if colours are wanted */
  constructor(output: NodeJS.WriteStream & { fd: number }, environment: Readonly<Record<string, string | undefined>>) {
    this.#output = output
    this.#isFile = !(output instanceof Socket)
    const color =
      output.isTTY && (environment['NO_COLOR'] ?? '') === '' && (output as WriteStream).hasColors(environment)
    this.#format = output.isTTY ? line => logLine(line, color) : line => line
    if (output.isTTY) freeFromTerminal(output)
    // A reader that has gone: the lines that follow are dropped.
    output.on('error', () => this.#drop())
  }

  /** Lines that could not be written since the start. */
  get dropped(): number {
    return this.#dropped
  }

  write(line: string): void {
    if (this.#untold > 0) {
      const untold = this.#untold
      const notice = {
        level: WARNING,
        time: Date.now(),
        pid: process.pid,
        lines: untold,
        msg: 'log lines were dropped'
      }
      if (!this.#put(this.#format(`${JSON.stringify(notice)}\n`))) return this.#drop()
      this.#untold -= untold
    }
    if (!this.#put(this.#format(line))) this.#drop()
  }

  #drop(): void {
    this.#dropped++
    logDrops.lines++
    this.#untold++
  }

  /** Returns false if the text was not written. */
  #put(text: string): boolean {
    if (this.#isFile) return this.#putInFile(text)
    if (this.#output.destroyed || this.#output.writableLength > MAX_QUEUED_BYTES) return false
    this.#output.write(text)
    return true
  }

  #putInFile(text: string): boolean {
    const bytes = Buffer.from(this.#torn ? `\n${text}` : text)
    try {
      const written = writeSync(this.#output.fd, bytes)
      if (written > 0) this.#torn = written < bytes.length
      return written === bytes.length
    } catch {
      return false
    }
  }
}
