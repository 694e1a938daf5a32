// Runs the long computations of all links in slices: a few milliseconds each, in turn, with the events of the process in
// between (PROTOCOL §6: no longer slice than 10 ms). Not a budget: who may compute at all is decided before.
import type { Cancel, Clock } from '../../clock.ts'
import type { StepRunner } from '../environment.ts'
import type { Sliced } from '../result.ts'

/** One computation: runs a piece, says whether it was the last. */
type Task = () => boolean

/** A runner that takes turns among computations. */
export class SliceRunner implements StepRunner {
  readonly #clock: Clock
  readonly #sliceMs: number
  readonly #later: (run: () => void) => void
  /** In the order of their turns. */
  readonly #tasks = new Set<Task>()
  #scheduled = false
  /** The longest slice so far, in milliseconds. */
  longestMs = 0

  /**
   * @param clock with fractions of milliseconds
   * @param sliceMs how long a slice may go on before others have their turn
   * @param later calls its argument after the events that are waiting, such as `setImmediate`
   */
  constructor(clock: Clock, sliceMs: number, later: (run: () => void) => void) {
    this.#clock = clock
    this.#sliceMs = sliceMs
    this.#later = later
  }

  run<T>(steps: Sliced<T>, done: (value: T) => void, failed: (error: unknown) => void): Cancel {
    const task: Task = () => {
      try {
        const step = steps.next()
        if (step.done !== true) return false
        this.#tasks.delete(task)
        done(step.value)
      } catch (error) {
        this.#tasks.delete(task)
        failed(error)
      }
      return true
    }
    this.#tasks.add(task)
    this.#schedule()
    return () => this.#tasks.delete(task)
  }

  #schedule(): void {
    if (this.#scheduled || this.#tasks.size === 0) return
    this.#scheduled = true
    this.#later(() => this.#slice())
  }

  /** Gives each computation an equal part of the slice, those that had none for longest first. */
  #slice(): void {
    this.#scheduled = false
    const begun = this.#clock.now()
    const end = begun + this.#sliceMs
    const share = this.#sliceMs / this.#tasks.size
    for (const task of this.#tasks) {
      const until = Math.min(end, this.#clock.now() + share)
      this.#tasks.delete(task)
      this.#tasks.add(task)
      let finished = task()
      while (!finished && this.#tasks.has(task) && this.#clock.now() < until) finished = task()
      if (finished) this.#tasks.delete(task)
      if (this.#clock.now() >= end) break
    }
    this.longestMs = Math.max(this.longestMs, this.#clock.now() - begun)
    this.#schedule()
  }
}
