// A progress bar on standard error, if that is a terminal.
import { bytesText, isColourful, printable } from './output.ts'

/** Milliseconds between two drawings. */
const REDRAW_MS = 100
const BAR = 24

export class Progress {
  readonly #label: string
  readonly #total: number | undefined
  readonly #shown = process.stderr.isTTY
  readonly #began = performance.now()
  #start: number | undefined
  #drawnAt = -Infinity

  /** @param total undefined if the end is not known */
  constructor(label: string, total: number | undefined) {
    this.#label = printable(label)
    this.#total = total
  }

  /** Shows the number of bytes that are done. The first call sets the start. */
  at(done: number, remark = ''): void {
    this.#start ??= done
    const now = performance.now()
    const total = this.#total
    if (!this.#shown || (now - this.#drawnAt < REDRAW_MS && done !== total)) return
    this.#drawnAt = now
    const rate = ((done - this.#start) / Math.max(1, now - this.#began)) * 1000
    const speed = `${bytesText(Math.round(rate))}/s`
    const words =
      total === undefined
        ? `${bytesText(done)}, ${speed}`
        : `${shareText(done, total)}, ${speed}${leftText(total - done, rate)}`
    process.stderr.write(`\r\x1b[K${this.#label} ${words}${remark === '' ? '' : `, ${remark}`}`)
  }

  /** Ends the line. A later call of `at` begins another one. */
  end(): void {
    if (this.#shown && this.#drawnAt > 0) process.stderr.write('\n')
    this.#drawnAt = -Infinity
  }
}

function shareText(done: number, total: number): string {
  const share = total === 0 ? 1 : done / total
  const filled = Math.round(share * BAR)
  const bar = `${(isColourful(process.stderr) ? '█' : '#').repeat(filled)}${'·'.repeat(BAR - filled)}`
  return `${bar} ${Math.floor(share * 100)} % of ${bytesText(total)}`
}

/** @param rate bytes per second */
function leftText(bytes: number, rate: number): string {
  if (rate <= 0 || bytes <= 0) return ''
  const seconds = Math.ceil(bytes / rate)
  return seconds < 120 ? `, ${seconds} s left` : `, ${Math.ceil(seconds / 60)} min left`
}
