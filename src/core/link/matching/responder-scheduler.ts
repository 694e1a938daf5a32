// The rounds of R: asks for them, charges the budgets, takes M1, M3 and M5, computes M2, M4 and M6. The channels of a round
// come from sweep.ts, its mathematics from round-responder.ts.
import type { Cancel } from '../../clock.ts'
import type { FreshChannels } from './fresh-channels.ts'
import { frameType, type Frame } from '../wire/frames.ts'
import { fault, type Fault } from '../result.ts'
import { readM1Header } from './round/round-messages.ts'
import { RoundResponder, type M5Outcome } from './round/round-responder.ts'
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
import { ResponderSweep } from './sweep.ts'

/** idle → budget → computing → m3, m5 (awaited) → idle. */
type Phase = 'idle' | 'budget' | 'm3' | 'm5' | 'computing' | 'over'

/** The rounds of the listening end. */
export class ResponderScheduler implements Scheduler {
  readonly #options: SchedulerOptions
  readonly #port: SchedulerPort
  readonly #fresh: FreshChannels
  readonly #sweep: ResponderSweep
  readonly #steps: StepDriver
  sweeps = 0
  #phase: Phase = 'idle'
  #r = 0
  #round: RoundResponder | undefined
  #startedAt = 0
  /** The channels of the round, in the order of its indices. */
  #names: readonly string[] = []
  /** Flags of the round's M1, and its N_I. */
  #flags = 0
  #sizeI = 0
  #waiting: Cancel = () => {}
  #batch: Cancel | undefined

  constructor(options: SchedulerOptions, port: SchedulerPort) {
    this.#options = options
    this.#port = port
    this.#fresh = freshChannelsOf(options, port, () => this.#consider())
    this.#sweep = new ResponderSweep(sweepOwnerOf(options, port), this.#fresh)
    this.#steps = new StepDriver(options, fault => port.fail(fault))
  }

  /** Nothing is asked for before the end of the first sweep, which I starts by itself. */
  get ended(): number {
    return this.#r
  }

  start(): void {
    this.#fresh.enter(this.#port.candidates())
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

  take({ type, body }: Frame): void {
    if (this.#phase === 'over') return
    let wrong: Fault | undefined
    if (type === frameType.m1 && this.#phase === 'idle') wrong = this.#onM1(body)
    else if (type === frameType.m3 && this.#phase === 'm3') this.#onM3(body)
    else if (type === frameType.m5 && this.#phase === 'm5') this.#onM5(body)
    else wrong = fault(1002, 'A message of a round comes out of order')
    if (wrong !== undefined) this.#port.fail(wrong)
  }

  streamEnded(): void {
    if (this.#phase !== 'budget') return
    this.stop()
    this.#port.release()
  }

  stop(): void {
    this.#phase = 'over'
    this.#waiting()
    this.#batch?.()
    this.#steps.stop()
    this.#fresh.stop()
    this.#round?.erase()
  }

  /** Asks for a sweep where one is due, a few milliseconds later so that several channels share it. */
  #consider(): void {
    if (this.#phase === 'over' || !this.#sweep.due) return
    this.#batch ??= this.#options.clock.after(this.#options.timings.batchMs, () => {
      this.#batch = undefined
      if (!this.#sweep.due) return
      this.#sweep.wantSent()
      this.#port.write(frameType.want, new Uint8Array(0))
    })
  }

  #onM1(body: Uint8Array): Fault | undefined {
    const header = readM1Header(this.#r, body)
    if (!header.ok) return header
    const { flags, size } = header.value
    this.#phase = 'budget'
    this.#port.hold(false)
    this.#waiting = this.#options.cpu.charge(
      this.#port.client,
      size,
      () => this.#answerM1(body, flags, size),
      () => this.#port.fail(fault(1013, 'The CPU budget is empty'))
    )
    return undefined
  }

  #answerM1(body: Uint8Array, flags: number, size: number): void {
    const plan = this.#sweep.onM1(flags)
    if ('close' in plan) {
      this.#port.fail(plan)
      return
    }
    this.#flags = flags
    this.#sizeI = size
    this.#names = plan.names.filter(name => this.#options.guesses.canAnswer(name, size) || this.#satOut(name))
    const round = new RoundResponder(roundContextOf(this.#options, this.#r))
    this.#round = round
    this.#startedAt = this.#options.clock.now()
    this.#phase = 'computing'
    this.#steps.compute(round.onM1(body, prsOf(this.#names), plan.flags), result => {
      if (result.ok) this.#answer(frameType.m2, result.value, 'm3')
      else this.#port.fail(result)
    })
  }

  #onM3(body: Uint8Array): void {
    this.#compute()
    this.#steps.compute(
      this.#round!.onM3(body, index => this.#pay(this.#names[index]!)),
      result => {
        if (result.ok) this.#answer(frameType.m4, result.value, 'm5')
        else this.#port.fail(result)
      }
    )
  }

  #onM5(body: Uint8Array): void {
    this.#compute()
    this.#steps.compute(this.#round!.onM5(body), result => {
      if (result.ok) this.#confirm(result.value)
      else this.#port.fail(result)
    })
  }

  #compute(): void {
    this.#phase = 'computing'
    this.#port.hold(false)
  }

  #answer(type: typeof frameType.m2 | typeof frameType.m4, body: Uint8Array, next: 'm3' | 'm5'): void {
    this.#port.write(type, body)
    this.#phase = next
    this.#steps.await(this.#options.timings.stepMs)
    this.#port.release()
  }

  /** M6 goes out first, so frames on the new handles follow it. The frames of I on them wait until all are known. */
  #confirm({ m6, confirmed }: M5Outcome): void {
    this.#port.write(frameType.m6, m6)
    this.#port.hold(true)
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
    this.#phase = 'idle'
    if (this.#sweep.roundEnded(this.#flags)) {
      this.sweeps += 1
      this.#consider()
    }
    this.#port.release()
  }

  #pay(name: string): boolean {
    if (!this.#options.guesses.payAnswer(name, this.#sizeI)) return this.#satOut(name)
    this.#fresh.paid(name)
    return true
  }

  #satOut(name: string): false {
    this.#fresh.sitOut(name)
    this.#sweep.satOut(name)
    return false
  }
}
