// What a link is made with, what it tells, and how it may end. Interfaces only: link.ts is the link, mesh.ts its owner.
import type { ChannelMessage } from './channel-message.ts'
import type { LinkBudgets, LinkTimings } from './constants.ts'
import type { CpuBudget } from './cpu-budget.ts'
import type { Clock } from '../clock.ts'
import type { LinkPort, StepRunner } from './environment.ts'
import type { GuessBudget } from './guess-budget.ts'
import type { LinkRole } from './handshake.ts'
import type { Link } from './link.ts'
import type { LinkFault } from './link-fault.ts'
import type { LinkPrimitives } from './primitives.ts'

/** What all links of a proxy share. */
export interface LinkEnvironment {
  readonly ownId: Uint8Array
  readonly primitives: LinkPrimitives
  readonly clock: Clock
  readonly runner: StepRunner
  /** Calls `run` once when the current turn of the event loop has been worked through. */
  readonly endOfTurn: (run: () => void) => void
  /** 0 to 1, for jitter. */
  readonly random: () => number
  readonly timings: LinkTimings
  readonly budgets: LinkBudgets
  readonly cpu: CpuBudget
  readonly guesses: GuessBudget
  readonly channels: OwnChannels
}

/** The channels of this proxy that take part in matching: open or lingering. */
export interface OwnChannels {
  names(): Iterable<string>
  isOpen(name: string): boolean
}

/** What one link is made of. */
export interface LinkOptions {
  readonly role: LinkRole
  readonly port: LinkPort
  /** An IPv4 address or an IPv6 /64: who pays. */
  readonly address: string
  /** The id that was dialled, where it is known. */
  readonly dialledId?: Uint8Array | undefined
}

/** How a link ended. */
export interface LinkEnding {
  /** The code of CLOSE; `undefined` where the stream ended without one. */
  readonly code: number | undefined
  readonly by: 'us' | 'remote' | 'stream'
  /** The stream of an open link ended without CLOSE: something may be missing. */
  readonly truncated: boolean
  /** Why it ended: a constant for logs. */
  readonly reason: string
}

/** Told by a link, in the order in which things take effect. */
export interface LinkEvents {
  opened(link: Link): void
  /** The first channel ever is confirmed. */
  proven(link: Link): void
  /** A channel is confirmed and open here: its JOINs are to be sent now. */
  matched(link: Link, name: string): void
  /** The remote has left a channel. */
  left(link: Link, name: string): void
  message(link: Link, name: string, message: ChannelMessage): void
  /** @returns a fault where the link must end */
  same(link: Link, token: Uint8Array): LinkFault | undefined
  /** A sweep is over. */
  swept(link: Link): void
  ended(link: Link, ending: LinkEnding): void
}
