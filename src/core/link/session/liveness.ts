// Whether the remote of a link is there: PING after silence, death after more of it, and the guard against floods of
// PING. Not the frames' codec, and nothing is closed here: the link is told.
import { TokenBucket } from '../../token-bucket.ts'
import { compare, u64 } from '../../bytes.ts'
import { MAX_PINGS_PER_SECOND, type LinkTimings } from '../constants.ts'
import type { Cancel, Clock } from '../../clock.ts'

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
  #lastHeard: number
  #timer: Cancel = () => {}
  /** Since when a sign of life is due. */
  #dueSince: number | undefined
  #probe: Cancel | undefined
  /** The PING that has no answer yet. */
  #sent: { readonly x: Uint8Array; readonly at: number } | undefined
  /** One more PING is wanted: it goes out after the answer to the last one, and askMs after it. */
  #wanted = false
  #ask: Cancel | undefined
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
    this.#lastHeard = clock.now()
  }

  /** Begins, with a PING that measures the way. */
  start(): void {
    this.#lastHeard = this.#clock.now()
    this.#ping()
    this.#check(this.#timings.pingMs)
  }

  /** Since the last sign of life. */
  get silentMs(): number {
    return this.#clock.now() - this.#lastHeard
  }

  stop(): void {
    this.#timer()
    this.#probe?.()
    this.#ask?.()
  }

  /** Any valid record is a sign of life. */
  heard(): void {
    this.#lastHeard = this.#clock.now()
    this.#dueSince = undefined
  }

  /** A PING came: false if they are too many. */
  allowsPing(): boolean {
    return this.#pings.take(1, this.#clock.now())
  }

  pong(x: Uint8Array): void {
    if (this.#sent === undefined || compare(this.#sent.x, x) !== 0) return
    this.rttMs = this.#clock.now() - this.#sent.at
    this.#sent = undefined
    if (this.#wanted) this.ask()
  }

  /**
   * Has the remote say how far it is: its PONG comes with an ACK. Never more than one PING of this kind is unanswered,
   * so that a network which stalls and then delivers at once brings the remote no flood.
   */
  ask(): void {
    this.#wanted = true
    if (this.#ask !== undefined || this.#sent !== undefined) return
    this.#wanted = false
    this.#ping()
    this.#ask = this.#clock.after(this.#timings.askMs, () => {
      this.#ask = undefined
      if (this.#wanted) this.ask()
    })
  }

  /** While this end does not read, silence says nothing. */
  pause(paused: boolean): void {
    this.#paused = paused
    this.heard()
  }

  /**
   * A sign of life is due: a frame went out that the remote must acknowledge, or there is a doubt. The link is dead if
   * nothing comes in time.
   */
  probe(): void {
    this.#dueSince ??= this.#clock.now()
    if (this.#probe === undefined) this.#expect(this.#dueSince)
  }

  #expect(since: number): void {
    this.ask()
    const { probeMs } = this.#timings
    this.#probe = this.#clock.after(since + probeMs - this.#clock.now(), () => {
      this.#probe = undefined
      if (this.#paused || this.#dueSince === undefined) return
      if (this.#clock.now() - this.#dueSince >= probeMs) this.#port.dead()
      else this.#expect(this.#dueSince)
    })
  }

  #ping(): void {
    const x = u64(++this.#count)
    this.#sent = { x, at: this.#clock.now() }
    this.#port.ping(x)
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
