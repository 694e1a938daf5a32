// Sends the messages of a timeline again, in their order and with their pauses. The clock is injected; the socket too.
import type { Moment } from './entry.ts'

export interface ReplayClock {
  /** Milliseconds that never go back. */
  now(): number
  /** Calls `run` once after so many milliseconds. @returns cancels it */
  after(ms: number, run: () => void): () => void
}

/** What became of a message: sent, or left out because its receiver is not here; or the channel cannot be reached. */
export type Outcome = 'sent' | 'left out' | 'unreachable'

export interface ReplayDeps {
  readonly clock: ReplayClock
  send(message: Moment): Outcome
}

export type ReplayState = 'ready' | 'playing' | 'stopped' | 'unreachable' | 'done'

/** Most messages that are sent without a break, so that the page stays quick if a timer is late. */
const MAX_AT_ONCE = 100

/** One replay of the messages of a timeline. */
export class Replay {
  state: ReplayState = 'ready'
  sent = 0
  leftOut = 0
  /** Messages in the timeline. */
  readonly total: number
  readonly #messages: Moment[]
  readonly #deps: ReplayDeps
  readonly #changed: () => void
  #next = 0
  #speed = 1
  /** When the message at `#fromAt` was due, by the clock. */
  #from = 0
  #fromAt = 0
  #cancel: (() => void) | undefined

  /** @param changed called after each change */
  constructor(moments: readonly Moment[], deps: ReplayDeps, changed: () => void) {
    this.#messages = moments.filter(({ kind }) => kind === 'message')
    this.total = this.#messages.length
    this.#deps = deps
    this.#changed = changed
  }

  /** The next message; undefined: none is left. */
  get next(): Moment | undefined {
    return this.#messages[this.#next]
  }

  /** Sends the rest. The next message goes at once. @param speed 1: with the recorded pauses; 10: ten times as fast */
  play(speed: number): void {
    this.#halt()
    if (this.next === undefined) return this.#end('done')
    this.#speed = speed
    this.#from = this.#deps.clock.now()
    this.#fromAt = this.next.at
    this.state = 'playing'
    this.#run()
  }

  /** Sends the next message alone. */
  step(): void {
    this.#halt()
    if (this.next === undefined) return this.#end('done')
    if (this.#sendNext()) this.#end(this.next === undefined ? 'done' : 'ready')
  }

  /** Sends nothing more. `play` and `step` go on. */
  stop(): void {
    if (this.state !== 'playing') return
    this.#halt()
    this.#end('stopped')
  }

  #run(): void {
    const { clock } = this.#deps
    for (let count = 0; count < MAX_AT_ONCE; count++) {
      const { next } = this
      if (next === undefined) return this.#end('done')
      const waitMs = this.#from + (next.at - this.#fromAt) / this.#speed - clock.now()
      if (waitMs > 0) return this.#later(waitMs)
      if (!this.#sendNext()) return
    }
    this.#later(0)
  }

  #later(ms: number): void {
    this.#cancel = this.#deps.clock.after(ms, () => this.#run())
    this.#changed()
  }

  /** @returns false: the channel cannot be reached */
  #sendNext(): boolean {
    const outcome = this.#deps.send(this.next!)
    if (outcome === 'unreachable') {
      this.#end('unreachable')
      return false
    }
    if (outcome === 'sent') this.sent++
    else this.leftOut++
    this.#next++
    return true
  }

  #halt(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #end(state: ReplayState): void {
    this.state = state
    this.#changed()
  }
}
