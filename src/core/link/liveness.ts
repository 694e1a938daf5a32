// Whether the remote of a link is there: PING after silence, death after more of it, and the guard against floods of
// PING. Not the frames' codec, and nothing is closed here: the link is told.
import { TokenBucket } from '../token-bucket.ts'
import { compare, u64 } from '../bytes.ts'
import { MAX_PINGS_PER_SECOND, type LinkTimings } from './constants.ts'
import type { Cancel, Clock } from '../clock.ts'

/** PINGs of probes that go out: fewer than a remote takes, since there are others beside them. */
const PROBES_PER_SECOND = MAX_PINGS_PER_SECOND / 2
/** Time from one PING of barriers to the next, which those that were asked for meanwhile share. */
const BARRIER_MS = (2 * 1000) / MAX_PINGS_PER_SECOND

/** What liveness needs of its link. */
export interface LivenessPort {
  ping(x: Uint8Array): void
  /** Nothing came for too long. */
  dead(): void
}

/** Watches one open link. */
export class Liveness {
  readonly #clock: Clock
  readonly #timings: LinkTimings
  /** 0 to 1, for the jitter. */
  readonly #random: () => number
  readonly #port: LivenessPort
  readonly #pings: TokenBucket
  readonly #probes: TokenBucket
  #lastHeard: number
  /** How many records came. */
  #heard = 0
  #timer: Cancel = () => {}
  #probe: Cancel | undefined
  /** Somebody asked for a probe while one was under way. */
  #probeAgain = false
  #sent: { readonly x: Uint8Array; readonly at: number } | undefined
  /** What waits for the answer to a PING, which has gone out or waits until the one before is some time ago. */
  #barriers: { x: Uint8Array | undefined; readonly run: () => void }[] = []
  #barrier: Cancel | undefined
  #count = 0
  #paused = false
  /** Time from the last answered PING to its PONG; `undefined` before the first. */
  rttMs: number | undefined

  constructor(clock: Clock, timings: LinkTimings, random: () => number, port: LivenessPort) {
    this.#clock = clock
    this.#timings = timings
    this.#random = random
    this.#port = port
    this.#pings = new TokenBucket(MAX_PINGS_PER_SECOND, MAX_PINGS_PER_SECOND, clock.now())
    this.#probes = new TokenBucket(PROBES_PER_SECOND, PROBES_PER_SECOND, clock.now())
    this.#lastHeard = clock.now()
  }

  /** Begins, with a PING that measures the way. */
  start(): void {
    this.#lastHeard = this.#clock.now()
    this.#ping()
    this.#check(this.#timings.pingMs)
  }

  stop(): void {
    this.#timer()
    this.#probe?.()
    this.#barrier?.()
  }

  /** Any valid record is a sign of life. */
  heard(): void {
    this.#lastHeard = this.#clock.now()
    this.#heard += 1
  }

  /** A PING came: false where they are too many. */
  allowsPing(): boolean {
    return this.#pings.take(1, this.#clock.now())
  }

  pong(x: Uint8Array): void {
    const passed = this.#barriers.findLastIndex(barrier => barrier.x !== undefined && compare(barrier.x, x) === 0)
    for (const { run } of this.#barriers.splice(0, passed + 1)) run()
    if (this.#sent === undefined || compare(this.#sent.x, x) !== 0) return
    this.rttMs = this.#clock.now() - this.#sent.at
    this.#sent = undefined
  }

  /** Calls `run` when the remote has taken all that was written so far, the way there and back. */
  barrier(run: () => void): void {
    this.#barriers.push({ x: undefined, run })
    if (this.#barrier === undefined) this.#pass()
  }

  /** One PING for all barriers that have none yet. */
  #pass(): void {
    this.#barrier = undefined
    if (this.#barriers.every(({ x }) => x !== undefined)) return
    const x = this.#ping()
    for (const barrier of this.#barriers) barrier.x ??= x
    this.#barrier = this.#clock.after(BARRIER_MS, () => this.#pass())
  }

  /** While this end does not read, silence says nothing. */
  pause(paused: boolean): void {
    this.#paused = paused
    this.#lastHeard = this.#clock.now()
  }

  /**
   * There is reason to doubt that the remote is still there: dead unless it gives a sign of life soon. Strangers can
   * give such reasons as often as they like; neither do more PINGs go out for them than the remote takes, nor does a
   * probe that is under way begin anew.
   */
  probe(): void {
    if (this.#probes.take(1, this.#clock.now())) this.#ping()
    if (this.#probe !== undefined) {
      this.#probeAgain = true
      return
    }
    const heard = this.#heard
    this.#probeAgain = false
    this.#probe = this.#clock.after(this.#timings.probeMs, () => {
      this.#probe = undefined
      if (this.#heard === heard && !this.#paused) this.#port.dead()
      else if (this.#probeAgain) this.probe()
    })
  }

  #ping(): Uint8Array {
    const x = u64(++this.#count)
    this.#sent = { x, at: this.#clock.now() }
    this.#port.ping(x)
    return x
  }

  /** Pings after silence, again after more of it, and gives up at the end. */
  #check(patience: number): void {
    const { pingMs, deadMs } = this.#timings
    const silence = this.#paused ? 0 : this.#clock.now() - this.#lastHeard
    if (silence >= deadMs) {
      this.#port.dead()
      return
    }
    let wait = patience - silence
    if (silence >= patience) {
      this.#ping()
      wait = Math.min(patience, deadMs - silence)
    }
    const next = silence >= patience ? patience : pingMs * (0.8 + 0.4 * this.#random())
    this.#timer = this.#clock.after(Math.ceil(Math.max(1, wait)), () => this.#check(next))
  }
}
