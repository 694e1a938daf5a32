// One member of one channel, local or remote, and the port to a local one. The rules are the channel's.
import type { Scope } from '../channel-name.ts'
import type { ErrorCode } from '../errors.ts'
import type { Carrier } from './carrier.ts'
import type { Channel } from './channel.ts'
import type { Encoding } from './encoding.ts'
import type { Outbox } from './outbox.ts'
import type { Payload } from './payload.ts'

/**
 * How a channel reaches a local peer. The channel calls it in delivery order: `connect` of a peer before anything from
 * it, nothing from it after `disconnect`. Implementations MUST NOT throw and MUST NOT call back into the channel
 * synchronously.
 */
export interface PeerPort {
  /** It hears nothing, as a request that sends one message. Nothing is handed to it. */
  readonly deaf?: true
  /** Gets broadcasts through the channel's group of `encoding`; undefined: `broadcast` is called instead. */
  readonly outbox: Outbox | undefined
  /** The encoding at the join; set if `outbox` is. */
  readonly encoding: Encoding | undefined
  /** A broadcast of another peer; never called if `outbox` is set. */
  broadcast(source: Peer, payload: Payload): void
  /** A direct message. @returns false if this kind of peer cannot take one */
  message(source: Peer, payload: Payload): boolean
  /**
   * Calls `run` once when the client has read everything sent to it until now, as far as its transport can tell.
   * Never calls it if the client leaves first. Absent: the peer reads at once.
   */
  whenRead?(run: () => void): void
  /** Another peer is present or has come. */
  connect(other: Peer): void
  disconnect(other: Peer): void
  /** The proxy ends this peer, which has left the channel already: tells the client why and closes. */
  end(code: ErrorCode): void
}

/** The facts of a peer, fixed at its join. */
export interface PeerFacts {
  /** `[A-Za-z0-9_-]{1,64}`, unique in its channel; local ones are 128 random bits. */
  readonly id: string
  readonly location: 'local' | 'remote'
  /** How it speaks: `envelope`, `raw`, `events`, `http`, `extension`, `link`, … */
  readonly dialect: string
  /** Origin of its page; undefined for other clients and for remote peers. */
  readonly origin: string | undefined
  /** Id of the proxy it is connected to. */
  readonly proxy: string
  /** Milliseconds since the epoch. */
  readonly connectedAt: number
  /** Id of the invitation by which a guest came; undefined for others. */
  readonly invitation?: string | undefined
}

/** A client that wants to become a member, as join hooks see it. */
export interface Candidate extends PeerFacts {
  /** Name of the channel: a secret. */
  readonly channel: string
  readonly tag: string
  readonly scope: Scope
}

const NO_CARRIERS: Carrier[] = []

export class Peer implements PeerFacts {
  readonly id: string
  readonly location: 'local' | 'remote'
  readonly dialect: string
  readonly origin: string | undefined
  readonly proxy: string
  readonly connectedAt: number
  readonly invitation: string | undefined
  readonly channel: Channel
  /** Set for local peers only. */
  readonly port: PeerPort | undefined
  /** The carriers to and from a remote peer, which the hub keeps; empty for local peers. */
  readonly carriers: Carrier[]
  /** Accepted messages of this peer. */
  messages = 0
  /** Bytes of their payloads. */
  bytes = 0
  /** Number of the last message accepted from this remote peer. Each of its carriers brings each message. */
  taken = 0
  /** Its number among all that ever joined the channel. The channel sets it. */
  place = 0
  /** Number of the last message that this local peer sent to remote peers. It rises by one per message. */
  sequence = 0
  /** Whether this proxy ended it, not its client. The hub sets it. */
  wasCut = false

  constructor(channel: Channel, facts: PeerFacts, behind: { port?: (peer: Peer) => PeerPort; carriers?: Carrier[] }) {
    this.channel = channel
    this.id = facts.id
    this.location = facts.location
    this.dialect = facts.dialect
    this.origin = facts.origin
    this.proxy = facts.proxy
    this.connectedAt = facts.connectedAt
    this.invitation = facts.invitation
    this.carriers = behind.carriers ?? NO_CARRIERS
    this.port = behind.port?.(this)
  }

  /** True while it is a member. */
  get joined(): boolean {
    return this.channel.peer(this.id) === this
  }
}
