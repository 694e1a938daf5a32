// The set *new* of PROTOCOL §5.5 on one side of one link: open channels that are still to be put into a sweep, and those
// that sat out because a budget was empty and enter again later. Not the sweep itself, which is different at each end.
import type { LinkTimings } from '../constants.ts'
import type { Cancel, Clock } from '../../clock.ts'

/** The needs of the set. */
export interface FreshOwner {
  /** Whether the channel is open (or lingers) and not confirmed on the link. */
  isCandidate(name: string): boolean
  /** The set may have become non-empty. */
  entered(): void
}

/** Channels to be tested. */
export class FreshChannels {
  readonly #owner: FreshOwner
  readonly #clock: Clock
  readonly #timings: LinkTimings
  /** 0 to 1. */
  readonly #random: () => number
  readonly #names = new Set<string>()
  /** Channels that the running sweep has taken. */
  #turn: Set<string> = new Set()
  /** Channels that sat out since the last retry. */
  readonly #satOut = new Set<string>()
  /** Channels of the last retry of which it is not known yet whether they sit out again. */
  readonly #retried = new Set<string>()
  #factor = 1
  #doubled = false
  #timer: Cancel | undefined

  constructor(owner: FreshOwner, clock: Clock, timings: LinkTimings, random: () => number) {
    this.#owner = owner
    this.#clock = clock
    this.#timings = timings
    this.#random = random
  }

  get size(): number {
    return this.#names.size
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  /** Whether it is not known yet if the remote has the channel, but will be soon: not of those that sit out. */
  isUntested(name: string): boolean {
    return this.#names.has(name) || this.#turn.has(name)
  }

  /** A channel was opened, or left by the remote. */
  enter(names: Iterable<string>): void {
    for (const name of names) this.#names.add(name)
    if (this.#names.size > 0) this.#owner.entered()
  }

  /** A channel was closed or confirmed. */
  remove(name: string): void {
    this.#names.delete(name)
    this.#turn.delete(name)
    this.#satOut.delete(name)
    this.#settled(name)
  }

  /** A sweep takes all: the names, and an empty set. */
  take(): Set<string> {
    const taken = new Set(this.#names)
    this.#names.clear()
    this.#turn = new Set(taken)
    return taken
  }

  /** The sweep has ended: a channel that it took and did not confirm is not open at the remote, or enters again. */
  turnOver(): void {
    this.#turn.clear()
  }

  /** A channel that was put into a round, or had its turn without being hit for want of tokens. */
  paid(name: string): void {
    this.#settled(name)
  }

  /** A channel could not pay; it enters again with all others that could not, 30–60 s after the first of them. */
  sitOut(name: string): void {
    this.#names.delete(name)
    this.#turn.delete(name)
    this.#satOut.add(name)
    const again = this.#retried.delete(name)
    if (again && !this.#doubled) {
      this.#factor *= 2
      this.#doubled = true
      this.#timer?.()
      this.#timer = undefined
    }
    this.#timer ??= this.#clock.after(this.#delay(), () => this.#retry())
  }

  stop(): void {
    this.#timer?.()
  }

  #delay(): number {
    const { sitOutMs, sitOutMaxMs } = this.#timings
    return Math.min(sitOutMaxMs, sitOutMs * (1 + this.#random()) * this.#factor)
  }

  #retry(): void {
    this.#timer = undefined
    this.#doubled = false
    const names = [...this.#satOut].filter(name => this.#owner.isCandidate(name))
    this.#satOut.clear()
    for (const name of names) this.#retried.add(name)
    this.enter(names)
  }

  /** When every channel of a retry had its turn, and none sat out again, the delay is the first one again. */
  #settled(name: string): void {
    if (this.#retried.delete(name) && this.#retried.size === 0 && !this.#doubled) this.#factor = 1
  }
}
