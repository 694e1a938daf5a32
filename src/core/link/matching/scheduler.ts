// The common half of the rounds of both ends: their needs of a link, and a step with its deadline. The order of the
// messages is in initiator-scheduler.ts and responder-scheduler.ts.
import { createRoundRandomness, type Confirmed } from './round/round.ts'
import type { LinkBudgets, LinkTimings } from '../constants.ts'
import type { CpuBudget, CpuClient } from '../budget/cpu-budget.ts'
import type { Cancel, Clock } from '../../clock.ts'
import type { StepRunner } from '../environment.ts'
import { FreshChannels } from './fresh-channels.ts'
import type { Frame, FrameType } from '../wire/frames.ts'
import type { GuessBudget } from '../budget/guess-budget.ts'
import { fault, type Fault, type Sliced } from '../result.ts'
import type { LinkPrimitives } from '../primitives.ts'
import type { LinkTerms } from '../wire/record-stream.ts'
import type { SweepOwner } from './sweep.ts'

/** What rounds tell and ask their link. */
export interface SchedulerPort {
  readonly client: CpuClient
  /** Names of all channels that are open (or linger) and not confirmed on the link. */
  candidates(): string[]
  isCandidate(name: string): boolean
  write(type: FrameType, body: Uint8Array): void
  /** Later frames wait until release(). @param wholly not even DATA passes */
  hold(wholly: boolean): void
  release(): void
  /** Both ends have proven to know the channel. A fault where its handle cannot be used. */
  confirm(name: string, handle: Uint8Array): Fault | undefined
  fail(fault: Fault): void
  /** A round has ended well. */
  roundEnded(round: RoundSummary): void
}

/** A round for the log: numbers of channels of this end, and its time in milliseconds. */
export interface RoundSummary {
  readonly channels: number
  readonly confirmed: number
  readonly ms: number
}

/** What rounds are made with. */
export interface SchedulerOptions {
  readonly terms: LinkTerms
  readonly primitives: LinkPrimitives
  readonly clock: Clock
  readonly runner: StepRunner
  readonly timings: LinkTimings
  readonly budgets: LinkBudgets
  readonly cpu: CpuBudget
  readonly guesses: GuessBudget
  /** 0 to 1. */
  readonly random: () => number
}

/** The rounds of one end of a link, from OPEN on. */
export interface Scheduler {
  /** Rounds that have ended well. */
  readonly ended: number
  /** Sweeps that have ended. */
  readonly sweeps: number
  /** Begins. */
  start(): void
  /** Channels were opened, or left by the remote. */
  entered(names: readonly string[]): void
  /** Whether a sweep that is due or running will tell if the remote has the channel. */
  isUntested(name: string): boolean
  /** A channel was closed. */
  gone(name: string): void
  /** WANT or one of M1 … M6 takes effect. */
  take(frame: Frame): void
  /** Nothing more will come: what waits for a budget need not wait any longer. */
  streamEnded(): void
  /** The link has ended. */
  stop(): void
}

/** The names of a round as the PRS of each. */
export function prsOf(names: readonly string[]): Uint8Array[] {
  const encoder = new TextEncoder()
  return names.map(name => encoder.encode(name))
}

/** The terms of round r. */
export function roundContextOf(
  options: SchedulerOptions,
  r: number
): { r: number; primitives: LinkPrimitives } & Pick<LinkTerms, 'L' | 'idI' | 'idR'> {
  const { L, idI, idR } = options.terms
  return { r, L, idI, idR, primitives: options.primitives }
}

/** Channels that are confirmed between two chances for other work: each writes JOINs and tells of a match. */
const CONFIRMED_PER_PIECE = 16

/** Tells the link the confirmed channels of a round, piece by piece. @returns a fault if a handle cannot be used */
export function* confirmAll(
  port: SchedulerPort,
  fresh: FreshChannels,
  names: readonly string[],
  confirmed: readonly Confirmed[]
): Sliced<Fault | undefined> {
  for (const [place, { index, handle }] of confirmed.entries()) {
    const name = names[index]!
    fresh.remove(name)
    const fault = port.confirm(name, handle)
    if (fault !== undefined) return fault
    if (place % CONFIRMED_PER_PIECE === CONFIRMED_PER_PIECE - 1) yield
  }
  return undefined
}

/** The channels for a sweep of this link. */
export function sweepOwnerOf(options: SchedulerOptions, port: SchedulerPort): SweepOwner {
  const { order } = createRoundRandomness(options.primitives)
  return { candidates: () => port.candidates(), isCandidate: name => port.isCandidate(name), order }
}

/** The set *new* of one end. @param entered called when it may have become non-empty */
export function freshChannelsOf(options: SchedulerOptions, port: SchedulerPort, entered: () => void): FreshChannels {
  const { clock, timings, random } = options
  return new FreshChannels({ isCandidate: name => port.isCandidate(name), entered }, clock, timings, random)
}

/** Runs the steps of rounds, one at a time, and the deadline of the message that is awaited. */
export class StepDriver {
  readonly #runner: StepRunner
  readonly #clock: Clock
  readonly #fail: (fault: Fault) => void
  #cancel: Cancel = () => {}

  constructor({ runner, clock }: SchedulerOptions, fail: (fault: Fault) => void) {
    this.#runner = runner
    this.#clock = clock
    this.#fail = fail
  }

  /** Computes; the deadline so far is met. */
  compute<T>(steps: Sliced<T>, done: (value: T) => void): void {
    this.#cancel()
    this.#cancel = this.#runner.run(steps, done, () => this.#fail(fault(1011, 'A step of a round failed')))
  }

  /** Waits for the remote's next message. */
  await(ms: number, late: () => void = () => {}): void {
    this.#cancel()
    this.#cancel = this.#clock.after(ms, () => {
      late()
      this.#fail(fault(4001, 'The remote is silent in a round'))
    })
  }

  stop(): void {
    this.#cancel()
    this.#cancel = () => {}
  }
}
