// One request to one peer, from the moment it is made to its one outcome, wherever it waits meanwhile. Not its way there.
import type { BoneValueErrorCode } from './errors.ts'

/** The result of a request. */
export type Outcome = { readonly response: unknown } | { readonly code: BoneValueErrorCode }

/** The question. */
export interface Question {
  readonly module: string
  /** JSON text of the data. */
  readonly data: string
  readonly keepAlive: boolean
}

/** A request. */
export class Call {
  readonly question: Question
  /** Moment at which it times out, by `performance.now`. */
  readonly deadline: number
  /** The queue sets this, and is called when the request need not wait any longer. */
  onSettled: (() => void) | undefined
  readonly #done: (outcome: Outcome) => void
  readonly #timer: ReturnType<typeof setTimeout>
  #isSettled = false

  constructor(question: Question, timeoutMs: number, done: (outcome: Outcome) => void) {
    this.question = question
    this.deadline = performance.now() + timeoutMs
    this.#done = done
    this.#timer = setTimeout(() => this.settle({ code: 'TIMEOUT' }), timeoutMs)
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Ends it. Later calls do nothing. */
  settle(outcome: Outcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearTimeout(this.#timer)
    this.onSettled?.()
    this.#done(outcome)
  }
}
