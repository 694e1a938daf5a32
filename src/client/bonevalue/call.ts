// One request to one peer, from its start to its outcome.
import type { BoneValueErrorCode } from './errors.ts'
import type { Packed } from './values.ts'

export type Outcome = { readonly response: unknown } | { readonly code: BoneValueErrorCode }

export interface Question {
  readonly module: string
  readonly data: Packed
  readonly keepAlive: boolean
  /** Whether it arrives after all earlier questions that were asked so. */
  readonly isOrdered?: boolean | undefined
}

export class Call {
  readonly question: Question
  /** When it times out, by `performance.now`. */
  readonly deadline: number
  /** Whether it was sent to the peer. */
  wasAsked = false
  /** Called when it is settled. The place where it waits sets it. */
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

  /** Settles it. Later calls do nothing. */
  settle(outcome: Outcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearTimeout(this.#timer)
    this.onSettled?.()
    this.#done(outcome)
  }
}
