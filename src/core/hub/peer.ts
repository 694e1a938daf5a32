// One member of one channel, local or remote, and the port through which a local one hears. Not the socket or link
// behind it, and no rules: those are the channel's.
import type { Scope } from '../channel-name.ts'
import type { ErrorCode } from '../errors.ts'
import type { Carrier } from './carrier.ts'
import type { Channel } from './channel.ts'
import type { Encoding } from './encoding.ts'
import type { Outbox } from './outbox.ts'
import type { Payload } from './payload.ts'

/**
 * A local peer's ear. The channel calls it in delivery order: `connect` of a peer before anything from it, nothing from
 * it after `disconnect`. Implementations MUST NOT throw and MUST NOT call back into the channel synchronously.
 */
export interface PeerPort {
  /** Where broadcasts are heard, through the channel's group of `encoding`; undefined: `broadcast` is called instead. */
  readonly outbox: Outbox | undefined
  /** In which form they are heard at the join; set where `outbox` is. */
  readonly encoding: Encoding | undefined
  /** A broadcast of another peer; never called where `outbox` is set. */
  broadcast(source: Peer, payload: Payload): void
  /** A direct message. @returns false where this kind of peer cannot take one */
  message(source: Peer, payload: Payload): boolean
  /**
   * Calls `run`, once, when the client has read all that it was sent up to now, as far as its transport can tell; never
   * where the client goes first. Absent: it has heard what it was told at once.
   */
  whenRead?(run: () => void): void
  /** Another peer is there, or has come. */
  connect(other: Peer): void
  /** Another peer has gone. */
  disconnect(other: Peer): void
  /** The proxy ends this peer: tell the client why and close. The peer has left the channel already. */
  end(code: ErrorCode): void
}

/** What a peer is, fixed at its join. */
export interface PeerFacts {
  /** `[A-Za-z0-9_-]{1,64}`, unique in its channel; local ones are 128 random bits. */
  readonly id: string
  readonly location: 'local' | 'remote'
  /** Form in which it speaks: `envelope`, `raw`, `events`, `http`, `extension`, `link`, … */
  readonly dialect: string
  /** Origin of the page it belongs to; undefined for clients that are no page, and for remote peers. */
  readonly origin: string | undefined
  /** Id of the proxy it is connected to. */
  readonly proxy: string
  /** Milliseconds since the epoch. */
  readonly connectedAt: number
}

/** Somebody who asks to become a member, as join hooks see it. */
export interface Candidate extends PeerFacts {
  /** Name of the channel: a secret. */
  readonly channel: string
  /** Loggable tag of the channel. */
  readonly tag: string
  readonly scope: Scope
}

const NO_CARRIERS: readonly Carrier[] = []

/** One member of one channel. */
export class Peer implements PeerFacts {
  readonly id: string
  readonly location: 'local' | 'remote'
  readonly dialect: string
  readonly origin: string | undefined
  readonly proxy: string
  readonly connectedAt: number
  readonly channel: Channel
  /** Set for local peers. */
  readonly port: PeerPort | undefined
  /** Who brings messages of a remote peer and takes messages for it; empty for local peers. */
  readonly carriers: readonly Carrier[]
  /** Number of the last message of a remote peer that was taken: each carrier brings each message. */
  taken = 0
  /** Number of the last message that this local peer sent to remote peers; rises by one each. */
  sequence = 0
  /** Whether this proxy has ended it, and not its client. */
  wasCut = false

  constructor(
    channel: Channel,
    facts: PeerFacts,
    behind: { port?: (peer: Peer) => PeerPort; carriers?: readonly Carrier[] }
  ) {
    this.channel = channel
    this.id = facts.id
    this.location = facts.location
    this.dialect = facts.dialect
    this.origin = facts.origin
    this.proxy = facts.proxy
    this.connectedAt = facts.connectedAt
    this.carriers = behind.carriers ?? NO_CARRIERS
    this.port = behind.port?.(this)
  }

  /** True while it is a member. */
  get joined(): boolean {
    return this.channel.peer(this.id) === this
  }
}
