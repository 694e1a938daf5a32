// The directory of open channels and the rules of joining: names, limits, hooks, carriers. Not the delivery inside a
// channel (hub/channel.ts), no sockets, no HTTP.
import { isChannelName, type Scope } from '../channel-name.ts'
import { NwsError } from '../errors.ts'
import type { Carrier, RemoteFacts } from './carrier.ts'
import { Channel, type Delivery, type DirectResult } from './channel.ts'
import type { OriginLimits } from './origin-limits.ts'
import type { Payload } from './payload.ts'
import { Peer, type Candidate, type PeerPort } from './peer.ts'
import { RemoteAdmission } from './remote-admission.ts'
import { RemoteClaims } from './remote-claims.ts'
import type { TurnQueue } from './turn-queue.ts'

/** A message on its way, as hooks see it. */
export interface MessageEvent {
  readonly channel: Channel
  readonly source: Peer
  /** Whom it is for; undefined: everybody. */
  readonly targetId: string | undefined
  readonly payload: Payload
}

/** Hooks of extensions, in the order in which they were added. */
export interface Hooks {
  /** Before a peer becomes a member, remote ones too; throwing an error with a `code` refuses it. May be async. */
  readonly join: ((candidate: Candidate) => void | Promise<void>)[]
  /** Before a message of a member is delivered; throwing an error with a `code` refuses the message. */
  readonly message: ((event: MessageEvent) => void)[]
  /** After a peer has ceased to be a member. MUST NOT throw. */
  readonly leave: ((peer: Peer) => void)[]
  readonly channelOpened: ((channel: Channel) => void)[]
  readonly channelClosed: ((channel: Channel) => void)[]
}

/** What the registry needs from outside. */
export interface RegistryEnvironment {
  readonly turns: TurnQueue
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly channelTag: (name: string) => string
  readonly peerId: () => string
  readonly proxyId: string
  readonly originLimits: OriginLimits
  readonly maxPeersPerChannel: number
}

/** Who wants to join what. */
export interface JoinRequest {
  readonly name: string
  readonly scope: Scope
  readonly dialect: string
  /** Origin of the page; undefined for what is no page. Pages are held to the limits of their origin. */
  readonly origin?: string | undefined
  /** false once the client is gone: a join that is still being decided is then dropped. */
  readonly isOpen: () => boolean
  /** Makes the port once the join is decided. */
  readonly port: (peer: Peer) => PeerPort
}

/** Whether a message was not taken before; it is then taken. */
function isNew(source: Peer, sequence: number | undefined): boolean {
  if (sequence === undefined) return true
  if (sequence <= source.taken) return false
  source.taken = sequence
  return true
}

/** All open channels of this proxy. */
export class ChannelRegistry {
  readonly hooks: Hooks = { join: [], message: [], leave: [], channelOpened: [], channelClosed: [] }
  readonly turns: TurnQueue
  readonly #channels: Record<Scope, Map<string, Channel>> = { network: new Map(), local: new Map() }
  readonly #carriers: Carrier[] = []
  readonly #environment: RegistryEnvironment
  readonly #admission: RemoteAdmission
  readonly #claims: RemoteClaims
  #closing = false

  constructor(environment: RegistryEnvironment) {
    this.#environment = environment
    this.turns = environment.turns
    this.#admission = new RemoteAdmission(this.hooks.join)
    this.#claims = new RemoteClaims({
      now: environment.now,
      entered: peer =>
        this.#admission.admit(peer, () => {
          if (peer.channel.localCount > 0 && peer.channel.peer(peer.id) === undefined) peer.channel.add(peer)
        }),
      left: peer => {
        this.#admission.cancel(peer)
        if (peer.channel.remove(peer)) for (const hook of this.hooks.leave) hook(peer)
      }
    })
  }

  /** Adds what brings remote peers. It hears of the channels that are open already. */
  attach(carrier: Carrier): void {
    this.#carriers.push(carrier)
    for (const channel of this.#channels.network.values()) {
      carrier.channelOpened(channel)
      for (const peer of channel.members()) if (peer.location === 'local') carrier.localJoined(peer)
    }
  }

  /** The open channel of that name. */
  find(name: string, scope: Scope): Channel | undefined {
    return this.#channels[scope].get(name)
  }

  /** Whether it will be known within a moment which other proxies have the channel. */
  isSettling(channel: Channel): boolean {
    return channel.scope === 'network' && this.#carriers.some(carrier => carrier.isSettling?.(channel) === true)
  }

  /** All open channels, those of the network first. */
  *all(): Generator<Channel> {
    yield* this.#channels.network.values()
    yield* this.#channels.local.values()
  }

  /** Number of open channels. */
  get size(): number {
    return this.#channels.network.size + this.#channels.local.size
  }

  /**
   * Makes somebody a local peer of a channel, which is opened where it is not.
   *
   * @throws NwsError `NWS_ERR_CHANNEL_NAME`, `NWS_ERR_SHUTTING_DOWN`, `NWS_ERR_TOO_MANY_SOCKETS`,
   *   `NWS_ERR_TOO_MANY_CHANNELS`, `NWS_ERR_CHANNEL_FULL`, `NWS_ERR_PEER_CLOSED` (gone meanwhile), or whatever a join
   *   hook threw
   */
  async join(request: JoinRequest): Promise<Peer> {
    const environment = this.#environment
    if (!isChannelName(request.name)) throw new NwsError('NWS_ERR_CHANNEL_NAME')
    if (this.#closing) throw new NwsError('NWS_ERR_SHUTTING_DOWN')
    const release = environment.originLimits.takeSocket(request.origin)
    try {
      const { name, scope, dialect, origin } = request
      const facts = {
        id: environment.peerId(),
        location: 'local',
        dialect,
        origin,
        proxy: environment.proxyId,
        connectedAt: environment.now()
      } as const
      if (this.hooks.join.length > 0) {
        const candidate = { ...facts, channel: name, tag: environment.channelTag(name), scope }
        for (const hook of this.hooks.join) await hook(candidate)
        if (this.#closing) throw new NwsError('NWS_ERR_SHUTTING_DOWN')
      }
      if (!request.isOpen()) throw new NwsError('NWS_ERR_PEER_CLOSED')
      // From here on all is synchronous: two peers that open a channel at the same moment meet in one.
      const existing = this.find(name, scope)
      if (existing !== undefined && existing.localCount >= environment.maxPeersPerChannel)
        throw new NwsError('NWS_ERR_CHANNEL_FULL')
      if (existing === undefined) environment.originLimits.takeNewChannel(origin)
      const channel = existing ?? this.#open(name, scope)
      const peer = new Peer(channel, facts, { port: request.port })
      channel.add(peer)
      return peer
    } catch (error) {
      release()
      throw error
    }
  }

  /**
   * Counts a socket of an origin that is no peer of its own.
   *
   * @returns what takes it back
   * @throws NwsError `NWS_ERR_TOO_MANY_SOCKETS`
   */
  countSocket(origin: string | undefined): () => void {
    return this.#environment.originLimits.takeSocket(origin)
  }

  /** Ends a local membership; the channel is closed when it was the last. Does nothing for one that has ended. */
  leave(peer: Peer): void {
    if (!peer.channel.remove(peer)) return
    this.#environment.originLimits.releaseSocket(peer.origin)
    for (const hook of this.hooks.leave) hook(peer)
    this.#closeIfEmpty(peer.channel)
  }

  /**
   * Takes a broadcast of a member to all others.
   *
   * @throws whatever a message hook threw: then nobody hears it
   */
  broadcast(source: Peer, payload: Payload): Delivery {
    if (this.hooks.message.length > 0)
      this.#runMessageHooks({ channel: source.channel, source, targetId: undefined, payload })
    return source.channel.broadcast(source, payload)
  }

  /** Takes a direct message to a member. @throws whatever a message hook threw */
  message(source: Peer, targetId: string, payload: Payload): DirectResult {
    if (this.hooks.message.length > 0) this.#runMessageHooks({ channel: source.channel, source, targetId, payload })
    return source.channel.message(source, targetId, payload)
  }

  /**
   * Makes a remote peer a member, at once or when the join hooks have let it in.
   *
   * @returns the peer to name in later calls; undefined where its id is taken in this channel: by this carrier or a local
   *   peer for good, by another carrier until that gives it up (then `carrier.granted` is called)
   */
  addRemote(channel: Channel, facts: RemoteFacts, carrier: Carrier): Peer | undefined {
    return this.#claims.add(channel, facts, carrier)
  }

  /** A carrier no longer brings a remote peer; the last one ends the membership. @param carrier the one there is, by default */
  removeRemote(peer: Peer, carrier: Carrier = peer.carriers[0]!): void {
    this.#claims.withdraw(peer.channel, peer.id, carrier)
  }

  /** The same by its id, also for one that another carrier has and that was waited for. */
  withdrawRemote(channel: Channel, id: string, carrier: Carrier): void {
    this.#claims.withdraw(channel, id, carrier)
  }

  /** The way `via` is proven to end in the proxy of that id. What waits because of that is joined to the peer it is. */
  proveRemote(via: object, proxy: string): void {
    this.#claims.prove(via, proxy)
  }

  /** A broadcast of a remote peer. @param sequence its number, where the carrier may not be the only one that brings it */
  remoteBroadcast(source: Peer, payload: Payload, sequence?: number): void {
    if (!isNew(source, sequence)) return
    this.#admission.whenIn(source, payload.bytes.length, () => {
      if (this.#remoteAllowed({ channel: source.channel, source, targetId: undefined, payload }))
        source.channel.broadcast(source, payload)
    })
  }

  /** A direct message of a remote peer to a local one; dropped where there is none of that id. */
  remoteMessage(source: Peer, targetId: string, payload: Payload, sequence?: number): void {
    if (!isNew(source, sequence)) return
    this.#admission.whenIn(source, payload.bytes.length, () => {
      if (this.#remoteAllowed({ channel: source.channel, source, targetId, payload }))
        source.channel.message(source, targetId, payload)
    })
  }

  /** Nobody joins any more. */
  close(): void {
    this.#closing = true
  }

  #open(name: string, scope: Scope): Channel {
    const environment = this.#environment
    const channel = new Channel(
      { name, scope, tag: environment.channelTag(name), openedAt: environment.now() },
      scope === 'network' ? this.#carriers : [],
      this.turns
    )
    this.#channels[scope].set(name, channel)
    if (scope === 'network') for (const carrier of this.#carriers) carrier.channelOpened(channel)
    for (const hook of this.hooks.channelOpened) hook(channel)
    return channel
  }

  #closeIfEmpty(channel: Channel): void {
    if (channel.localCount > 0 || this.find(channel.name, channel.scope) !== channel) return
    this.#channels[channel.scope].delete(channel.name)
    this.#claims.forget(channel)
    if (channel.scope === 'network') for (const carrier of this.#carriers) carrier.channelClosed(channel)
    for (const hook of this.hooks.channelClosed) hook(channel)
  }

  #runMessageHooks(event: MessageEvent): void {
    for (const hook of this.hooks.message) hook(event)
  }

  /** A refused message of a remote peer is dropped: there is nobody here to tell. */
  #remoteAllowed(event: MessageEvent): boolean {
    try {
      this.#runMessageHooks(event)
      return event.source.joined
    } catch {
      return false
    }
  }
}
