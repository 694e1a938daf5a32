// The directory of open channels and the rules of joining: names, limits, hooks, carriers. Delivery inside a channel is
// in hub/channel.ts.
import { isChannelName, type Scope } from '../channel-name.ts'
import { NwsError, type ErrorCode } from '../errors.ts'
import type { Carrier, RemoteFacts } from './carrier.ts'
import { Channel, type DeliveryCount, type DirectResult } from './channel.ts'
import type { OriginLimits } from './origin-limits.ts'
import type { Payload } from './payload.ts'
import { JoinPace, PEERS_AT_ONCE } from './pace.ts'
import { Peer, type Candidate, type PeerPort } from './peer.ts'
import { RemoteAdmission } from './remote-admission.ts'
import type { TurnQueue } from './turn-queue.ts'

/** A message on its way, as hooks see it. */
export interface MessageEvent {
  readonly channel: Channel
  readonly source: Peer
  /** The target of a direct message; undefined for a broadcast. */
  readonly targetId: string | undefined
  readonly payload: Payload
}

/** Hooks of extensions. They run in the order in which they were added. */
export interface Hooks {
  /** Before a local or remote peer becomes a member. An error with a `code` refuses the peer. May be async. */
  readonly join: ((candidate: Candidate) => void | Promise<void>)[]
  /** Before a message of a member is delivered. An error with a `code` refuses the message. */
  readonly message: ((event: MessageEvent) => void)[]
  /** After a local or remote peer has become a member. MUST NOT throw. */
  readonly joined: ((peer: Peer) => void)[]
  /** After a membership has ended. MUST NOT throw. */
  readonly leave: ((peer: Peer) => void)[]
  readonly channelOpened: ((channel: Channel) => void)[]
  readonly channelClosed: ((channel: Channel) => void)[]
}

export interface HubDeps {
  readonly turns: TurnQueue
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly channelTag: (name: string) => string
  readonly peerId: () => string
  readonly proxyId: string
  readonly originLimits: OriginLimits
  readonly maxPeersPerChannel: number
}

export interface JoinRequest {
  readonly name: string
  readonly scope: Scope
  readonly dialect: string
  /** Origin of the page, which has limits; undefined for other clients. */
  readonly origin?: string | undefined
  /** Id of the invitation by which a guest came; undefined for others. */
  readonly invitation?: string | undefined
  /** Returns false if the client is gone. An undecided join is then dropped. */
  readonly isOpen: () => boolean
  /** Makes the port after the join is decided. */
  readonly port: (peer: Peer) => PeerPort
}

/** Returns true for a new message and records its number. */
function recordNew(source: Peer, sequence: number | undefined): boolean {
  if (sequence === undefined) return true
  if (sequence <= source.taken) return false
  source.taken = sequence
  return true
}

export class Hub {
  readonly hooks: Hooks = { join: [], message: [], joined: [], leave: [], channelOpened: [], channelClosed: [] }
  readonly turns: TurnQueue
  readonly #channels: Record<Scope, Map<string, Channel>> = { network: new Map(), local: new Map() }
  readonly #carriers: Carrier[] = []
  readonly #deps: HubDeps
  readonly #admission: RemoteAdmission
  readonly #pace: JoinPace
  #closing = false

  constructor(deps: HubDeps) {
    this.#deps = deps
    this.#pace = new JoinPace(deps.turns)
    this.turns = deps.turns
    this.#admission = new RemoteAdmission(this.hooks.join)
  }

  /** Adds a carrier of remote peers, and tells it of the open channels. */
  attach(carrier: Carrier): void {
    this.#carriers.push(carrier)
    for (const channel of this.#channels.network.values()) {
      carrier.channelOpened(channel)
      for (const peer of channel.members()) if (peer.location === 'local') carrier.localJoined(peer)
    }
  }

  find(name: string, scope: Scope): Channel | undefined {
    return this.#channels[scope].get(name)
  }

  /** Whether a carrier is about to learn which other proxies have the channel. */
  isSettling(channel: Channel): boolean {
    return channel.scope === 'network' && this.#carriers.some(carrier => carrier.isSettling?.(channel) === true)
  }

  /** Whether other proxies may share channels of the scope. */
  mayBeShared(scope: Scope): boolean {
    return scope === 'network' && this.#carriers.some(carrier => carrier.mayReachOthers?.() !== false)
  }

  /** All open channels, those of scope `network` first. */
  *all(): Generator<Channel> {
    yield* this.#channels.network.values()
    yield* this.#channels.local.values()
  }

  get size(): number {
    return this.#channels.network.size + this.#channels.local.size
  }

  /**
   * Makes a client a local peer of a channel. Opens the channel if needed.
   *
   * @throws NwsError `NWS_ERR_CHANNEL_NAME`, `NWS_ERR_SHUTTING_DOWN`, `NWS_ERR_TOO_MANY_SOCKETS`,
   *   `NWS_ERR_TOO_MANY_CHANNELS`, `NWS_ERR_CHANNEL_FULL`, `NWS_ERR_PEER_CLOSED` (the client is gone), or the error of a
   *   join hook
   */
  async addLocal(request: JoinRequest): Promise<Peer> {
    const deps = this.#deps
    if (!isChannelName(request.name)) throw new NwsError('NWS_ERR_CHANNEL_NAME')
    if (this.#closing) throw new NwsError('NWS_ERR_SHUTTING_DOWN')
    const release = deps.originLimits.takeSocket(request.origin)
    try {
      const { name, scope, dialect, origin, invitation } = request
      const facts = {
        id: deps.peerId(),
        location: 'local',
        dialect,
        origin,
        proxy: deps.proxyId,
        connectedAt: deps.now(),
        invitation
      } as const
      if (this.hooks.join.length > 0) {
        const candidate = { ...facts, channel: name, tag: deps.channelTag(name), scope }
        for (const hook of this.hooks.join) await hook(candidate)
      }
      const members = this.find(name, scope)?.size ?? 0
      if (members > PEERS_AT_ONCE) await this.#pace.wait(members)
      if (this.#closing) throw new NwsError('NWS_ERR_SHUTTING_DOWN')
      if (!request.isOpen()) throw new NwsError('NWS_ERR_PEER_CLOSED')
      // All is synchronous from here on, so that two peers that open a channel at the same time get the same one.
      const existing = this.find(name, scope)
      if (existing !== undefined && existing.localCount >= deps.maxPeersPerChannel)
        throw new NwsError('NWS_ERR_CHANNEL_FULL')
      if (existing === undefined) deps.originLimits.takeNewChannel(origin)
      const channel = existing ?? this.#open(name, scope)
      const peer = new Peer(channel, facts, { port: request.port })
      channel.add(peer)
      for (const hook of this.hooks.joined) hook(peer)
      return peer
    } catch (error) {
      release()
      throw error
    }
  }

  /**
   * Counts a socket of an origin that is not a peer.
   *
   * @returns releases it
   * @throws NwsError `NWS_ERR_TOO_MANY_SOCKETS`
   */
  countSocket(origin: string | undefined): () => void {
    return this.#deps.originLimits.takeSocket(origin)
  }

  /**
   * Ends a local membership, and closes the channel after the last one. Idempotent.
   *
   * @param cause why this proxy ends it; undefined: the client left
   */
  removeLocal(peer: Peer, cause?: ErrorCode): void {
    if (peer.joined && cause !== undefined) peer.wasCut = true
    if (!peer.channel.remove(peer)) return
    this.#deps.originLimits.releaseSocket(peer.origin)
    for (const hook of this.hooks.leave) hook(peer)
    this.#closeIfEmpty(peer.channel)
  }

  /**
   * Sends a broadcast of a member to all others.
   *
   * @throws the error of a message hook, which refuses the message
   */
  broadcast(source: Peer, payload: Payload): DeliveryCount {
    if (this.hooks.message.length > 0)
      this.#runMessageHooks({ channel: source.channel, source, targetId: undefined, payload })
    return source.channel.broadcast(source, payload)
  }

  /** Sends a direct message to a member. @throws the error of a message hook, which refuses the message */
  message(source: Peer, targetId: string, payload: Payload): DirectResult {
    if (this.hooks.message.length > 0) this.#runMessageHooks({ channel: source.channel, source, targetId, payload })
    return source.channel.message(source, targetId, payload)
  }

  /**
   * Makes a remote peer a member, at once or when the join hooks have let it in.
   *
   * @returns the peer for later calls; undefined if its id is taken in this channel, by a local peer or by a peer of
   *   another proxy. Several carriers that bring an id of the same proxy bring the same peer.
   */
  addRemote(channel: Channel, { id, proxy }: RemoteFacts, carrier: Carrier): Peer | undefined {
    const known = channel.claimed.get(id)
    if (known !== undefined) {
      if (known.proxy !== proxy || known.carriers.includes(carrier)) return undefined
      known.carriers.push(carrier)
      if (known.carriers.length === 2) channel.shared += 1
      return known
    }
    if (channel.peer(id) !== undefined) return undefined
    const connectedAt = this.#deps.now()
    const facts = { id, proxy, location: 'remote', dialect: 'link', origin: undefined, connectedAt } as const
    const peer = new Peer(channel, facts, { carriers: [carrier] })
    channel.claimed.set(id, peer)
    this.#admission.admit(peer, () => {
      if (channel.localCount === 0 || channel.peer(id) !== undefined) return
      channel.add(peer)
      for (const hook of this.hooks.joined) hook(peer)
    })
    return peer
  }

  /** A carrier no longer brings a remote peer. The last one ends the membership. */
  removeRemote(peer: Peer, carrier: Carrier = peer.carriers[0]!): void {
    const { channel, carriers } = peer
    const place = carriers.indexOf(carrier)
    if (channel.claimed.get(peer.id) !== peer || place < 0) return
    carriers.splice(place, 1)
    if (carriers.length === 1) channel.shared -= 1
    if (carriers.length > 0) return
    channel.claimed.delete(peer.id)
    this.#admission.cancel(peer)
    if (channel.remove(peer)) for (const hook of this.hooks.leave) hook(peer)
  }

  /** A broadcast of a remote peer. @param sequence its number, if several carriers may bring it */
  remoteBroadcast(source: Peer, payload: Payload, sequence?: number): void {
    if (recordNew(source, sequence)) this.#takeRemote(source, undefined, payload)
  }

  /** A direct message of a remote peer to a local one. Dropped if the target is unknown. */
  remoteMessage(source: Peer, targetId: string, payload: Payload, sequence?: number): void {
    if (recordNew(source, sequence)) this.#takeRemote(source, targetId, payload)
  }

  #takeRemote(source: Peer, targetId: string | undefined, payload: Payload): void {
    const { channel } = source
    if (!source.joined)
      this.#admission.hold(source, payload.bytes.length, () => this.#takeRemote(source, targetId, payload))
    else if (this.hooks.message.length > 0 && !this.#remoteAllowed({ channel, source, targetId, payload })) return
    else if (targetId === undefined) channel.broadcast(source, payload)
    else channel.message(source, targetId, payload)
  }

  /** Refuses all further joins. */
  close(): void {
    this.#closing = true
  }

  #open(name: string, scope: Scope): Channel {
    const channel = new Channel(
      { name, scope, tag: this.#deps.channelTag(name), openedAt: this.#deps.now() },
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
    channel.claimed.clear()
    if (channel.scope === 'network') for (const carrier of this.#carriers) carrier.channelClosed(channel)
    for (const hook of this.hooks.channelClosed) hook(channel)
  }

  #runMessageHooks(event: MessageEvent): void {
    for (const hook of this.hooks.message) hook(event)
  }

  /** A refused message of a remote peer is dropped silently. */
  #remoteAllowed(event: MessageEvent): boolean {
    try {
      this.#runMessageHooks(event)
      return event.source.joined
    } catch {
      return false
    }
  }
}
