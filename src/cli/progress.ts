// A progress bar on standard error, if that is a terminal.
import { bytesText, isColourful, printable } from './output.ts'

/** Milliseconds between two drawings. */
const REDRAW_MS = 100
const BAR = 24

export class Progress {
  readonly #label: string
  readonly #total: number
  readonly #shown = process.stderr.isTTY
  readonly #began = performance.now()
  #start: number | undefined
  #drawnAt = -Infinity

  constructor(label: string, total: number) {
    this.#label = printable(label)
    this.#total = total
  }

  /** Shows the number of bytes that are done. The first call sets the start. */
  at(done: number, remark = ''): void {
    this.#start ??= done
    const now = performance.now()
    if (!this.#shown || (now - this.#drawnAt < REDRAW_MS && done < this.#total)) return
    this.#drawnAt = now
    const rate = ((done - this.#start) / Math.max(1, now - this.#began)) * 1000
    const share = this.#total === 0 ? 1 : done / this.#total
    const filled = Math.round(share * BAR)
    const bar = `${(isColourful(process.stderr) ? '█' : '#').repeat(filled)}${'·'.repeat(BAR - filled)}`
    const left = rate > 0 && done < this.#total ? ` ${Math.ceil((this.#total - done) / rate)} s left` : ''
    process.stderr.write(
      `\r\x1b[K${this.#label} ${bar} ${Math.floor(share * 100)} % of ${bytesText(this.#total)}, ${bytesText(Math.round(rate))}/s${left}${remark === '' ? '' : `, ${remark}`}`
    )
  }

  end(): void {
    if (this.#shown && this.#drawnAt > 0) process.stderr.write('\n')
  }
}
