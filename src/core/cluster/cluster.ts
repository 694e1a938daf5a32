// The cluster as one proxy sees it: its channels, the other proxies in them, and the frames to and from them. Sockets and
// timers are in plugins/cluster, the rules of channels in core/hub.
import { mapKey } from '../bytes.ts'
import {
  decodeChannelMessage,
  encodePeerMessageHead,
  isDataText,
  type PeerMessage
} from '../link/wire/channel-message.ts'
import type { Cancel } from '../clock.ts'
import type { RelayCount } from '../hub/carrier.ts'
import { AntiEntropy, NO_TOKEN } from './anti-entropy.ts'
import { decodeFrame, encodeFrame, framesOf, type Frame } from './frames.ts'
import type { ClusterDeps, ClusterEvents, ReceivedCounts } from './interfaces.ts'
import { ClusterChannel, type Check } from './presence.ts'
import { Publisher } from './publisher.ts'
import { epochOf, Realm } from './realm.ts'
import { openBatch, readHeader } from './sealed-batch.ts'
import { Sessions, type RemoteSession } from './sessions.ts'

const NOBODY: RelayCount = { peers: 0, missed: 0 }

interface Subscription {
  readonly realm: Realm
  readonly channel: ClusterChannel | undefined
  readonly stop: () => void
}

interface Origin {
  readonly subject: string
  readonly channel: ClusterChannel | undefined
  /** 16 bytes, a view. */
  readonly id: Uint8Array
  readonly number: number
  /** Number of the batch on the subject of a channel. */
  count: number | undefined
}

export class Cluster {
  readonly counts: ReceivedCounts = { received: 0, receivedBytes: 0, rejected: 0, replayed: 0, dropped: 0, missing: 0 }
  readonly publisher: Publisher
  readonly #deps: ClusterDeps
  readonly #events: ClusterEvents
  /** The first one seals. */
  readonly #realms: readonly [Realm, ...Realm[]]
  readonly #sessions: Sessions
  readonly #channels = new Map<string, ClusterChannel>()
  /** By token, under every realm. */
  readonly #byToken = new Map<string, ClusterChannel>()
  readonly #subscriptions = new Map<string, Subscription>()
  /** Channels that send ENTER at the end of the turn. */
  readonly #entering = new Set<ClusterChannel>()
  readonly #antiEntropy: AntiEntropy
  #nextHereAt = 0
  #tick: Cancel = () => {}
  #closed = false

  constructor(deps: ClusterDeps, events: ClusterEvents) {
    const { secrets, primitives, clock, timings } = deps
    this.#deps = deps
    this.#events = events
    this.#realms = secrets.map(secret => new Realm(secret, primitives)) as [Realm, ...Realm[]]
    this.#sessions = new Sessions(timings, primitives.randomBytes, clock.now())
    this.publisher = new Publisher({
      ...deps,
      realm: this.#realms[0],
      beforeFlush: () => this.#enter()
    })
    this.#antiEntropy = new AntiEntropy({
      ...deps,
      sessions: this.#sessions,
      sayTo: (id, frame) => this.#say(this.#realms[0].inbox(id), frame),
      sayLast: (id, { token, lane }) =>
        this.publisher.add(this.#realms[0].inbox(id), () => [
          encodeFrame({ type: 'last', token, number: lane.count >>> 0 })
        ]),
      say: (channel, frame) => this.#sayIn(channel, frame),
      channelOf: token => this.#byToken.get(mapKey(token)),
      isOpen: channel => this.#channels.get(channel.name) === channel
    })
  }

  *proxies(): Generator<RemoteSession> {
    const {
      clock,
      timings: { silenceMs }
    } = this.#deps
    for (const session of this.#sessions.all())
      if (!session.over && clock.now() - session.heardAt < Math.max(silenceMs, 2.5 * session.hereMs)) yield session
  }

  namesOf(session: RemoteSession): string[] {
    return [...this.#channels.values()].filter(channel => channel.has(session)).map(({ name }) => name)
  }

  start(): void {
    for (const realm of this.#realms) {
      this.#subscribe(realm, realm.hall, undefined)
      this.#subscribe(realm, realm.inbox(this.publisher.session), undefined)
    }
    this.#nextTick()
  }

  /** The broker is connected, for the first time or again: tells the others the state of this proxy. */
  connected(): void {
    const { clock, random, timings } = this.#deps
    const soon = (): number =>
      clock.now() + random() * Math.min(timings.jitterMostMs, timings.jitterPerMemberMs * this.#sessions.size)
    for (const channel of this.#channels.values()) {
      channel.digestAsks = true
      channel.nextDigestAt = soon()
    }
    this.#nextHereAt = soon()
    this.publisher.reconnected()
    this.#runTick()
  }

  /** The broker has taken the next so many batches. */
  confirmed(count: number): void {
    this.publisher.confirmed(count)
  }

  /** The first local peer is about to join. */
  channelOpened(name: string): void {
    const { timings } = this.#deps
    const tokens = this.#realms.map(realm => realm.channelToken(name))
    const [token, lane] = [tokens[0]!, this.publisher.openLane()]
    const channel = new ClusterChannel({ name, token, subject: this.#realms[0].subject(token), lane }, timings, {
      joined: (id, session) => this.#events.joined(name, id, session),
      parted: id => this.#events.parted(name, id)
    })
    this.#channels.set(name, channel)
    this.#realms.forEach((realm, place) => {
      this.#byToken.set(mapKey(tokens[place]!), channel)
      this.#subscribe(realm, realm.subject(tokens[place]!), channel)
    })
    this.#entering.add(channel)
    this.publisher.wake()
  }

  /** The last local peer has left. */
  channelClosed(name: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    this.#channels.delete(name)
    this.#entering.delete(channel)
    if (channel.entered) this.#sayIn(channel, { type: 'leave' })
    for (const [token, known] of this.#byToken) if (known === channel) this.#byToken.delete(token)
    for (const [subject, subscription] of this.#subscriptions) {
      if (subscription.channel !== channel) continue
      subscription.stop()
      this.#subscriptions.delete(subject)
      for (const session of this.#sessions.all()) session.forget(subject)
    }
    channel.roster.clear()
  }

  localJoined(name: string, id: string): void {
    this.#changed(name, 'join', id)
  }

  localLeft(name: string, id: string): void {
    this.#changed(name, 'part', id)
  }

  /** Joined remote peers of a channel, each with its session. */
  remotes(name: string): Iterable<[id: string, session: RemoteSession]> {
    return this.#channels.get(name)?.roster.members() ?? []
  }

  /** Whether answers to ENTER may still come. */
  isSettling(name: string): boolean {
    return (
      this.#sessions.size > 0 &&
      this.#deps.port.ready &&
      this.#channels.get(name)?.isSettling(this.#deps.clock.now()) === true
    )
  }

  /** Sends a broadcast of a local peer to all remote peers. */
  broadcast(name: string, message: Omit<PeerMessage, 'type' | 'target'>): RelayCount {
    const channel = this.#channels.get(name)
    if (channel === undefined || channel.roster.size === 0) return NOBODY
    this.publisher.add(channel.subject, [encodePeerMessageHead(message), message.payload], channel.lane)
    return { peers: channel.roster.size, missed: 0 }
  }

  /** Sends a direct message on the subject of the channel, since two subjects have no common order. */
  direct(name: string, message: Omit<PeerMessage, 'type'> & { target: string }): boolean {
    const channel = this.#channels.get(name)
    if (channel?.roster.of(message.target) === undefined) return false
    this.publisher.add(channel.subject, [encodePeerMessageHead(message, message.target), message.payload], channel.lane)
    return true
  }

  /**
   * Asks the other proxies of a channel whether they have taken everything so far. Undefined if none has peers in it.
   * `end` when the answers do not matter any more.
   */
  check(name: string): { readonly check: Check; readonly end: () => void } | undefined {
    const channel = this.#channels.get(name)
    const begun = channel?.check(this.#deps.clock.now())
    if (channel === undefined || begun === undefined) return undefined
    const { number, check } = begun
    this.#sayIn(channel, { type: 'check', number })
    return { check, end: () => channel.endCheck(number) }
  }

  /** A message of the broker. Payloads are views of its bytes. */
  received(subject: string, batch: Uint8Array): void {
    const { primitives, time, clock } = this.#deps
    const subscription = this.#subscriptions.get(subject)
    if (subscription === undefined) return
    const header = readHeader(batch)
    if (header === undefined || Math.abs(header.epoch - epochOf(time())) > 1) {
      this.counts.rejected += 1
      return
    }
    const id = header.session
    if (mapKey(id) === mapKey(this.publisher.session)) return
    const session = this.#sessions.get(id)
    const frames = openBatch(primitives, subscription.realm, subject, header, batch, session !== undefined)
    if (frames === undefined) {
      this.counts.rejected += 1
      return
    }
    if (session !== undefined) {
      if (session.over || !session.window.take(header.number)) {
        this.counts.replayed += 1
        return
      }
      session.heardAt = clock.now()
      session.bytes.in += batch.length
      subscription.channel?.heard(session, clock.now())
    }
    this.counts.received += 1
    this.counts.receivedBytes += batch.length
    const origin = { subject, channel: subscription.channel, id, number: header.number, count: undefined }
    for (const bytes of framesOf(frames)) if (!this.#frame(origin, bytes)) break
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#tick()
    this.#antiEntropy.stop()
    for (const name of [...this.#channels.keys()]) this.channelClosed(name)
    this.#say(this.#realms[0].hall, { type: 'gone' })
    this.publisher.flush()
    for (const { stop } of this.#subscriptions.values()) stop()
    this.#subscriptions.clear()
  }

  #subscribe(realm: Realm, subject: string, channel: ClusterChannel | undefined): void {
    this.#subscriptions.set(subject, { realm, channel, stop: this.#deps.port.subscribe(subject) })
  }

  #say(subject: string, frame: Exclude<Frame, { type: 'message' }>): void {
    this.publisher.add(subject, [encodeFrame(frame)])
  }

  #sayIn({ subject, lane }: ClusterChannel, frame: Exclude<Frame, { type: 'message' }>): void {
    this.publisher.add(subject, [encodeFrame(frame)], lane)
  }

  #changed(name: string, type: 'join' | 'part', id: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined || channel.locals.has(id) === (type === 'join')) return
    channel.version += 1
    if (type === 'join') channel.locals.add(id)
    else channel.locals.delete(id)
    if (channel.entered) this.#sayIn(channel, { type, version: channel.version, id })
  }

  /** Sends ENTER in the channels that were opened in this turn. */
  #enter(): void {
    const { proxyId, clock } = this.#deps
    for (const channel of this.#entering) {
      channel.enter(clock.now(), this.#sessions.size)
      this.#antiEntropy.planDigest(channel)
      this.#sayIn(channel, { type: 'enter', challenge: this.#sessions.challenge, state: channel.state(proxyId) })
    }
    this.#entering.clear()
  }

  /** @returns false if the rest of the batch was taken before */
  #frame(origin: Origin, bytes: Uint8Array): boolean {
    const frame = decodeFrame(bytes)
    const session = this.#sessions.get(origin.id)
    if (frame?.type === 'count') return this.#counted(origin, session, frame.number)
    if (frame !== undefined) this.#act(origin, session, frame)
    return true
  }

  #counted(origin: Origin, session: RemoteSession | undefined, number: number): boolean {
    const { channel } = origin
    origin.count = number
    if (channel === undefined || session === undefined) return true
    const place = channel.counted(session, number, false)
    if (place === 'missing') this.#missed(channel, session)
    return place !== 'known'
  }

  #missed(channel: ClusterChannel, session: RemoteSession): void {
    this.counts.missing += 1
    channel.rejoin(session)
    this.#say(this.#realms[0].inbox(session.id), { type: 'missed', token: channel.token })
  }

  #act(origin: Origin, session: RemoteSession | undefined, frame: Frame): void {
    if (frame.type === 'fragment') {
      const whole = session?.reassembly(origin.subject).take(frame.number, frame.index, frame.last, frame.part)
      // An unproven session has no reassembly. Its first fragment leads to the question for its proof.
      if (whole !== undefined && decodeFrame(whole)?.type !== 'fragment') this.#frame(origin, whole)
      else if (session === undefined && frame.index === 0) this.#antiEntropy.ask(origin.id, NO_TOKEN)
      return
    }
    if (frame.type === 'ask') this.#antiEntropy.answer(origin.id, frame.token, frame.challenge)
    else if (frame.type === 'snapshot') this.#snapshot(origin, frame)
    else if (frame.type === 'enter') this.#entered(origin, frame)
    else if (session !== undefined) this.#known(origin, session, frame)
    else if (frame.type !== 'gone' && frame.type !== 'leave') this.#antiEntropy.askSoon(origin.id, origin.channel)
  }

  /** Frames that count only from a proven session. */
  #known({ subject, channel }: Origin, session: RemoteSession, frame: Frame): void {
    switch (frame.type) {
      case 'here':
        session.hereMs = frame.intervalMs
        break
      case 'gone':
        session.over = true
        for (const channel of this.#channels.values()) channel.left(session, true)
        this.#events.lost(session)
        break
      case 'leave':
        channel?.left(session, true)
        session.forget(subject)
        break
      case 'join':
      case 'part':
        if (channel?.change(session, frame.type, frame.version, frame.id) === true)
          this.#antiEntropy.askForPeers(channel, session)
        break
      case 'digest':
        if (channel === undefined) break
        if (channel.digest(session, frame.version, frame.count)) this.#antiEntropy.askForPeers(channel, session)
        if (frame.back) this.#antiEntropy.digestSoon(channel)
        break
      case 'check':
        if (channel !== undefined)
          this.#say(this.#realms[0].inbox(session.id), { type: 'taken', token: channel.token, number: frame.number })
        break
      case 'missed':
        this.#byToken.get(mapKey(frame.token))?.rejoin(session)
        break
      case 'last': {
        const told = this.#byToken.get(mapKey(frame.token))
        if (told?.counted(session, frame.number, true) === 'missing') this.#missed(told, session)
        break
      }
      case 'taken':
        this.#byToken.get(mapKey(frame.token))?.taken(session, frame.number)
        break
      case 'message':
        if (channel !== undefined) this.#message(channel, session, frame.bytes)
        break
      default:
    }
  }

  #message(channel: ClusterChannel, session: RemoteSession, bytes: Uint8Array): void {
    const message = decodeChannelMessage(bytes)
    if (!('payload' in message)) {
      this.counts.dropped += 1
      return
    }
    const accepted = channel.accept(session, message)
    if (accepted === true && (message.binary || isDataText(message.payload))) {
      session.messages.in += 1
      this.#events.message(channel.name, message)
      return
    }
    if (accepted === 'missing') this.#antiEntropy.askForPeers(channel, session)
    if (message.target === undefined || accepted !== false) this.counts.dropped += 1
  }

  /** A proxy now listens to the channel. */
  #entered(origin: Origin, { challenge, state }: Extract<Frame, { type: 'enter' }>): void {
    const { channel, id, count } = origin
    if (channel === undefined) return
    const session = this.#sessions.get(id)
    if (session === undefined) this.#antiEntropy.ask(id, channel.token)
    else channel.snapshot(session, state, this.#deps.clock.now(), count)
    this.#antiEntropy.answerSoon(id, channel, challenge)
  }

  /** All peers of a session in a channel, or the proof alone. */
  #snapshot({ id, number }: Origin, { token, challenge, state }: Extract<Frame, { type: 'snapshot' }>): void {
    const { clock } = this.#deps
    const known = this.#sessions.get(id)
    const session = known ?? this.#sessions.prove(id, challenge, state.proxy, number, clock.now())
    if (session === undefined) {
      this.counts.replayed += 1
      return
    }
    if (known === undefined) this.#events.met(session)
    const channel = this.#byToken.get(mapKey(token))
    channel?.snapshot(session, state, clock.now())
  }

  #nextTick(): void {
    this.#tick = this.#deps.clock.after(this.#deps.timings.tickMs, () => {
      this.#nextTick() // First, so that an error costs one tick only.
      this.#runTick()
    })
  }

  #runTick(): void {
    const { clock, time, proxyId, random, timings } = this.#deps
    const now = clock.now()
    for (const channel of this.#channels.values()) {
      channel.forgetSilent(now)
      if (channel.nextDigestAt <= now) this.#antiEntropy.digest(channel)
    }
    for (const session of this.#sessions.tick(now)) {
      for (const channel of this.#channels.values()) channel.left(session, false)
      if (!session.over) this.#events.lost(session)
    }
    const epoch = epochOf(time())
    for (const realm of this.#realms) realm.keepEpochs([epoch - 1, epoch, epoch + 1])
    if (this.#nextHereAt > now) return
    const intervalMs = Math.round(Math.max(timings.hereMs, (1000 * this.#sessions.size) / timings.herePerSecond))
    this.#nextHereAt = now + intervalMs * (0.9 + 0.2 * random())
    this.#say(this.#realms[0].hall, { type: 'here', proxy: proxyId, intervalMs })
  }
}
