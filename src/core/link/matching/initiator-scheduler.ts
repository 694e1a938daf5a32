// The rounds of I: starts them, pays the budgets, computes M1, M3 and M5, takes M2, M4 and M6. The channels of a round come
// from sweep.ts, its mathematics from round-initiator.ts.
import type { CpuReservation } from '../budget/cpu-budget.ts'
import type { Cancel } from '../../clock.ts'
import type { FreshChannels } from './fresh-channels.ts'
import { frameType, type Frame } from '../wire/frames.ts'
import { fault, type Fault } from '../result.ts'
import type { Confirmed } from './round/round.ts'
import { RoundInitiator } from './round/round-initiator.ts'
import { readM2Header } from './round/round-messages.ts'
import {
  StepDriver,
  confirmAll,
  freshChannelsOf,
  prsOf,
  roundContextOf,
  sweepOwnerOf,
  type Scheduler,
  type SchedulerOptions,
  type SchedulerPort
} from './scheduler.ts'
import { InitiatorSweep } from './sweep.ts'

/** idle → budget → m1 (computed) → m2, m4, m6 (awaited or computed) → idle, or budget within a sweep. */
type Phase = 'early' | 'idle' | 'budget' | 'm1' | 'm2' | 'm4' | 'm6' | 'computing' | 'over'

/** The rounds of the dialling end. */
export class InitiatorScheduler implements Scheduler {
  readonly #options: SchedulerOptions
  readonly #port: SchedulerPort
  readonly #fresh: FreshChannels
  readonly #sweep: InitiatorSweep
  readonly #steps: StepDriver
  sweeps = 0
  #phase: Phase = 'early'
  #r = 0
  #round: RoundInitiator | undefined
  #startedAt = 0
  /** The channels of the round, in the order of its indices. */
  #names: readonly string[] = []
  /** Flags of the round's M2. */
  #flags = 0
  #reservation: CpuReservation | undefined
  /** Channels whose guesses are reserved and not settled. */
  #reserved: readonly string[] = []
  /** Ends the wait of the next round for its time or its budget. */
  #waiting: Cancel = () => {}
  #batch: Cancel | undefined

  constructor(options: SchedulerOptions, port: SchedulerPort) {
    this.#options = options
    this.#port = port
    this.#fresh = freshChannelsOf(options, port, () => this.#batchUp())
    this.#sweep = new InitiatorSweep(sweepOwnerOf(options, port), this.#fresh)
    this.#steps = new StepDriver(options, fault => port.fail(fault))
  }

  get ended(): number {
    return this.#r
  }

  start(): void {
    this.#fresh.enter(this.#port.candidates())
    this.#phase = 'idle'
    this.#consider()
  }

  entered(names: readonly string[]): void {
    this.#fresh.enter(names)
  }

  isUntested(name: string): boolean {
    return this.#fresh.isUntested(name)
  }

  gone(name: string): void {
    this.#fresh.remove(name)
  }

  take(frame: Frame): void {
    if (frame.type === frameType.want) {
      this.#sweep.want()
      this.#consider()
      return
    }
    const wrong = this.#takeStep(frame)
    if (wrong !== undefined) this.#port.fail(wrong)
  }

  streamEnded(): void {} // no step here waits for anything but the computation

  stop(): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#waiting()
    this.#batch?.()
    this.#steps.stop()
    this.#fresh.stop()
    this.#round?.erase()
    this.#settle(0, 0)
  }

  /** New channels within a few milliseconds share a sweep. */
  #batchUp(): void {
    if (this.#phase === 'early' || this.#phase === 'over') return
    this.#batch ??= this.#options.clock.after(this.#options.timings.batchMs, () => {
      this.#batch = undefined
      this.#consider()
    })
  }

  /** Starts a sweep if one is due. */
  #consider(): void {
    if (this.#phase !== 'idle' || !this.#sweep.due) return
    if (this.#batch !== undefined && !this.#sweep.wanted) return
    this.#batch?.()
    this.#batch = undefined
    this.#payCpu()
  }

  #payCpu(): void {
    this.#phase = 'budget'
    this.#waiting()
    this.#waiting = this.#options.cpu.reserve(this.#port.client, reservation => {
      this.#reservation = reservation
      this.#payGuesses()
    })
  }

  /** Waits while other rounds hold tokens that a channel needs. Then leaves out channels that cannot pay. */
  #payGuesses(): void {
    if (this.#phase !== 'budget') return
    const { guesses } = this.#options
    if (this.#sweep.outlook().some(name => guesses.outlook(name) === 'later')) {
      this.#waiting = guesses.afterSettlement(() => this.#payGuesses())
      return
    }
    const { names, flags } = this.#sweep.round()
    const paid: string[] = []
    for (const name of names) {
      if (guesses.reserve(name)) {
        this.#fresh.paid(name)
        paid.push(name)
      } else {
        this.#fresh.sitOut(name)
      }
    }
    this.#reserved = paid
    this.#names = paid
    this.#begin(flags)
  }

  #begin(flags: number): void {
    const round = new RoundInitiator(roundContextOf(this.#options, this.#r), prsOf(this.#names), flags)
    this.#round = round
    this.#startedAt = this.#options.clock.now()
    this.#phase = 'm1'
    this.#steps.compute(round.m1(), m1 => {
      this.#port.write(frameType.m1, m1)
      this.#phase = 'm2'
      this.#steps.await(this.#options.timings.m2Ms, () => this.#settle(0, 0, true))
    })
  }

  #takeStep({ type, body }: Frame): Fault | undefined {
    const round = this.#round
    if (this.#phase === 'over') return undefined
    if (type === frameType.m2 && this.#phase === 'm2') return this.#onM2(round!, body)
    if (type === frameType.m4 && this.#phase === 'm4') return this.#onM4(round!, body)
    if (type === frameType.m6 && this.#phase === 'm6') return this.#onM6(round!, body)
    return fault(1002, 'A message of a round comes out of order')
  }

  #onM2(round: RoundInitiator, body: Uint8Array): Fault | undefined {
    const header = readM2Header(this.#r, body)
    if (!header.ok) return header
    const wrong = this.#sweep.onM2()
    if (wrong !== undefined) return wrong
    const { flags, size } = header.value
    this.#flags = flags
    const again = this.#reservation?.revoked === true
    this.#settle(size, size + 1)
    this.#compute(false)
    const answer = (): void =>
      this.#steps.compute(round.onM2(body), result => {
        if (result.ok) this.#answer(frameType.m3, result.value.m3, 'm4')
        else this.#port.fail(result)
      })
    if (!again) {
      answer()
      return undefined
    }
    this.#steps.stop()
    const refuse = (): void => this.#port.fail(fault(1013, 'The CPU budget is empty'))
    this.#waiting = this.#options.cpu.charge(this.#port.client, size, answer, refuse)
    return undefined
  }

  #onM4(round: RoundInitiator, body: Uint8Array): undefined {
    this.#compute(false)
    this.#steps.compute(round.onM4(body), result => {
      if (result.ok) this.#answer(frameType.m5, result.value, 'm6')
      else this.#port.fail(result)
    })
  }

  #onM6(round: RoundInitiator, body: Uint8Array): undefined {
    // R's first DATA for a handle follows M6, so that here not even DATA may pass.
    this.#compute(true)
    this.#steps.compute(round.onM6(body), result => {
      if (result.ok) this.#confirm(result.value)
      else this.#port.fail(result)
    })
  }

  #compute(wholly: boolean): void {
    this.#phase = 'computing'
    this.#port.hold(wholly)
  }

  #answer(type: typeof frameType.m3 | typeof frameType.m5, body: Uint8Array, next: 'm4' | 'm6'): void {
    this.#port.write(type, body)
    this.#phase = next
    this.#steps.await(this.#options.timings.stepMs)
    this.#port.release()
  }

  #confirm(confirmed: readonly Confirmed[]): void {
    this.#steps.compute(confirmAll(this.#port, this.#fresh, this.#names, confirmed), fault => {
      if (fault === undefined) this.#end(confirmed.length)
      else this.#port.fail(fault)
    })
  }

  #end(confirmed: number): void {
    const ms = this.#options.clock.now() - this.#startedAt
    this.#port.roundEnded({ channels: this.#names.length, confirmed, ms })
    this.#steps.stop()
    this.#round = undefined
    this.#r += 1
    if (this.#sweep.roundEnded(this.#flags)) {
      this.#phase = 'idle'
      this.sweeps += 1
      this.#consider()
    } else {
      this.#payCpu()
    }
    this.#port.release()
  }

  /** Gives back the unused reservation of the round. */
  #settle(elements: number, guesses: number, ranOut = false): void {
    this.#reservation?.settle(elements, ranOut)
    this.#reservation = undefined
    const names = this.#reserved
    this.#reserved = []
    if (names.length > 0) this.#options.guesses.settle(names, guesses)
  }
}
