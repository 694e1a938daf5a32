// A sweep (docs/protocol/link.md §5.5): the channels that each side puts into each round, the flags of M1 and M2, and the
// end of a sweep. Pure bookkeeping of one link. The schedulers beside it start sweeps and pay for rounds.
import { MAX_BLOCK, MAX_BLOCKS } from '../constants.ts'
import type { FreshChannels } from './fresh-channels.ts'
import { fault, type Fault } from '../result.ts'
import { roundFlag } from './round/round.ts'

/** The needs of a sweep. */
export interface SweepOwner {
  /** Names of all channels that are open (or linger) and not confirmed on the link. */
  candidates(): string[]
  /** Whether one of them still is. */
  isCandidate(name: string): boolean
  /** A uniformly random order of 0 … size − 1. */
  order(size: number): readonly number[]
}

/** The contents of one round. */
export interface RoundPlan {
  readonly names: readonly string[]
  readonly flags: number
}

/** Channels dealt for a sweep. */
interface Deal {
  /** At random, at most 512 each, one at least. */
  readonly blocks: string[][]
  /** The channels above 16 blocks: for another sweep. */
  readonly rest: readonly string[]
}

function deal(names: readonly string[], owner: SweepOwner): Deal {
  const dealt = owner.order(names.length).map(place => names[place]!)
  const rest = dealt.splice(MAX_BLOCK * MAX_BLOCKS)
  const blocks: string[][] = []
  while (dealt.length > 0) blocks.push(dealt.splice(0, MAX_BLOCK))
  return { blocks: blocks.length === 0 ? [[]] : blocks, rest }
}

/** The sweeps of I. */
export class InitiatorSweep {
  readonly #owner: SweepOwner
  readonly #fresh: FreshChannels
  /** A WANT came since the last sweep began; at first, because the first sweep answers one that was never sent. */
  #wanted = true
  #blocks: string[][] = []
  #block = 0
  /** Blocks that R has shown for the current one of ours. */
  #blocksOfR = 0
  #flags = 0

  constructor(owner: SweepOwner, fresh: FreshChannels) {
    this.#owner = owner
    this.#fresh = fresh
  }

  /** Whether a sweep has begun and not ended. */
  get running(): boolean {
    return this.#blocks.length > 0
  }

  /** Whether a sweep is due, once the running one is over. */
  get due(): boolean {
    return this.#wanted || this.#fresh.size > 0
  }

  /** Whether R waits for a sweep. */
  get wanted(): boolean {
    return this.#wanted
  }

  /** WANT came. */
  want(): void {
    this.#wanted = true
  }

  /** The channels that round() would put in now, or more if several blocks wait: for asking the budgets. */
  outlook(): readonly string[] {
    if (this.running) return this.#blocks[this.#block]!.filter(name => this.#owner.isCandidate(name))
    return this.#owner.candidates().filter(name => this.#wanted || this.#fresh.has(name))
  }

  /** The next round's channels and the flags of its M1; the first of a sweep takes the new ones. */
  round(): RoundPlan {
    if (!this.running) this.#begin()
    const more = this.#block < this.#blocks.length - 1
    const flags = more ? (this.#flags & ~roundFlag.dealtFromAll) | roundFlag.more : this.#flags
    return { names: this.#blocks[this.#block]!.filter(name => this.#owner.isCandidate(name)), flags }
  }

  #begin(): void {
    const all = this.#owner.candidates()
    const taken = this.#fresh.take()
    const dealt = this.#wanted ? all : all.filter(name => taken.has(name))
    const { blocks, rest } = deal(dealt, this.#owner)
    this.#fresh.enter(rest.filter(name => taken.has(name)))
    const complete = dealt.length === all.length && rest.length === 0
    this.#wanted = false
    this.#blocks = blocks
    this.#block = 0
    this.#blocksOfR = 0
    this.#flags =
      (dealt.some(name => taken.has(name)) ? roundFlag.putAllIn : 0) | (complete ? roundFlag.dealtFromAll : 0)
  }

  /** M2 came with these flags. */
  onM2(): Fault | undefined {
    this.#blocksOfR += 1
    return this.#blocksOfR > MAX_BLOCKS ? fault(1008, 'R deals too many blocks') : undefined
  }

  /** Ends a round whose M2 had these flags. @returns true if the sweep has ended too */
  roundEnded(flagsOfM2: number): boolean {
    if ((flagsOfM2 & roundFlag.more) !== 0) return false
    this.#blocksOfR = 0
    this.#block += 1
    if (this.#block < this.#blocks.length) return false
    this.#blocks = []
    this.#fresh.turnOver()
    return true
  }
}

/** The sweeps of R. */
export class ResponderSweep {
  readonly #owner: SweepOwner
  readonly #fresh: FreshChannels
  #blocks: string[][] = []
  #block = 0
  /** Blocks that I has shown. */
  #blocksOfI = 0
  /** Bit 1 of the sweep's first M1. */
  #putAllIn = 0
  /** Some M1 of the sweep had bit 2. */
  #dealtFromAll = false
  /** Channels that the sweep took from the new ones and that had their turn. */
  #taken = new Set<string>()
  /**
   * Whether a WANT waits for its answer: no second one before the end of a sweep that had bit 2 and began after it.
   * The first sweep of a link answers one that was never sent.
   */
  #unanswered = true
  #beganAfterWant = false

  constructor(owner: SweepOwner, fresh: FreshChannels) {
    this.#owner = owner
    this.#fresh = fresh
  }

  /** Whether a sweep has begun and not ended. */
  get running(): boolean {
    return this.#blocks.length > 0
  }

  /** Whether a WANT is due. */
  get due(): boolean {
    return !this.running && !this.#unanswered && this.#fresh.size > 0
  }

  /** A WANT was sent. */
  wantSent(): void {
    this.#unanswered = true
    this.#beganAfterWant = false
  }

  /** M1 came with these flags: the channels and flags of M2. */
  onM1(flags: number): RoundPlan | Fault {
    const putAllIn = flags & roundFlag.putAllIn
    if (!this.running) this.#begin(putAllIn)
    else if (putAllIn !== this.#putAllIn) return fault(1002, 'Bit 1 of M1 changes within a sweep')
    if (this.#block === 0) this.#blocksOfI += 1
    if (this.#blocksOfI > MAX_BLOCKS) return fault(1008, 'I deals too many blocks')
    if ((flags & roundFlag.dealtFromAll) !== 0) this.#dealtFromAll = true
    const more = this.#block < this.#blocks.length - 1
    return {
      names: this.#blocks[this.#block]!.filter(name => this.#owner.isCandidate(name)),
      flags: more ? roundFlag.more : 0
    }
  }

  #begin(putAllIn: number): void {
    this.#putAllIn = putAllIn
    this.#dealtFromAll = false
    this.#beganAfterWant = this.#unanswered
    this.#blocksOfI = 0
    this.#taken = this.#fresh.take()
    const all = this.#owner.candidates()
    const { blocks, rest } = deal(putAllIn !== 0 ? all : all.filter(name => this.#taken.has(name)), this.#owner)
    const untested = rest.filter(name => this.#taken.delete(name))
    this.#fresh.enter(untested)
    this.#blocks = blocks
    this.#block = 0
  }

  /** A channel of the sweep could not pay: it does not come back with the others at the end. */
  satOut(name: string): void {
    this.#taken.delete(name)
  }

  /** Ends a round whose M1 had these flags. @returns true if the sweep has ended too */
  roundEnded(flagsOfM1: number): boolean {
    this.#block += 1
    if (this.#block < this.#blocks.length) return false
    this.#block = 0
    if ((flagsOfM1 & roundFlag.more) !== 0) return false
    this.#blocks = []
    if (this.#dealtFromAll && this.#beganAfterWant) this.#unanswered = false
    const back = this.#dealtFromAll ? [] : [...this.#taken].filter(name => this.#owner.isCandidate(name))
    this.#taken = new Set()
    this.#fresh.turnOver()
    this.#fresh.enter(back)
    return true
  }
}
