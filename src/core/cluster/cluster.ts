// The cluster of one proxy: which channels it is in, who else is, what is said to them and what comes from them. No
// sockets, timers or rules of channels: those are outside (plugins/cluster, core/hub).
import { mapKey } from '../bytes.ts'
import { decodeChannelMessage, encodePeerMessageHead, isDataText, type PeerMessage } from '../link/channel-message.ts'
import type { Cancel } from '../clock.ts'
import type { RelayCount } from '../hub/carrier.ts'
import { Digests } from './digests.ts'
import { decodeFrame, encodeFrame, framesOf, type Frame } from './frames.ts'
import type { ClusterCounts, ClusterEnvironment, ClusterEvents } from './interfaces.ts'
import { Jitter } from './jitter.ts'
import { ClusterChannel } from './presence.ts'
import { Publisher } from './publisher.ts'
import { NO_TOKEN, Questions } from './questions.ts'
import { epochOf, Realm } from './realm.ts'
import { openBatch, readHeader } from './sealed-batch.ts'
import { Sessions, type RemoteSession } from './sessions.ts'

const NOBODY: RelayCount = { peers: 0, missed: 0 }

/** A subject that is listened to. */
interface Listening {
  readonly realm: Realm
  readonly channel: ClusterChannel | undefined
  readonly stop: () => void
}

/** Where a frame came from. */
interface Origin {
  readonly subject: string
  readonly channel: ClusterChannel | undefined
  /** 16 bytes, a view. */
  readonly id: Uint8Array
  readonly number: number
}

/** One proxy's part in a cluster. */
export class Cluster {
  readonly counts: ClusterCounts = { received: 0, receivedBytes: 0, rejected: 0, replayed: 0, dropped: 0 }
  readonly publisher: Publisher
  readonly #environment: ClusterEnvironment
  readonly #events: ClusterEvents
  /** The first one seals. */
  readonly #realms: readonly [Realm, ...Realm[]]
  readonly #sessions: Sessions
  readonly #channels = new Map<string, ClusterChannel>()
  /** By token, under every realm. */
  readonly #byToken = new Map<string, ClusterChannel>()
  readonly #listening = new Map<string, Listening>()
  /** Channels that have something to say at the end of the turn. */
  readonly #entering = new Set<ClusterChannel>()
  readonly #jitter: Jitter
  readonly #questions: Questions
  readonly #digests: Digests
  #nextHereAt = 0
  #tick: Cancel = () => {}
  #closed = false

  constructor(environment: ClusterEnvironment, events: ClusterEvents) {
    const { secrets, primitives, clock, timings } = environment
    this.#environment = environment
    this.#events = events
    this.#realms = secrets.map(secret => new Realm(secret, primitives)) as [Realm, ...Realm[]]
    this.#sessions = new Sessions(timings, primitives.randomBytes, clock.now())
    this.publisher = new Publisher({
      ...environment,
      realm: this.#realms[0],
      beforeFlush: () => this.#enter()
    })
    this.#jitter = new Jitter(environment)
    this.#questions = new Questions(environment, this.#sessions, this.#jitter, {
      say: (id, frame) => this.#say(this.#realms[0].inbox(id), frame),
      channelOf: token => this.#byToken.get(mapKey(token))
    })
    this.#digests = new Digests(environment, this.#jitter, {
      say: (channel, frame) => this.#say(channel.subject, frame),
      isOpen: channel => this.#channels.get(channel.name) === channel
    })
  }

  /** Other proxies that give signs of life. */
  *proxies(): Generator<RemoteSession> {
    const {
      clock,
      timings: { silenceMs }
    } = this.#environment
    for (const session of this.#sessions.all())
      if (!session.over && clock.now() - session.heardAt < Math.max(silenceMs, 2.5 * session.hereMs)) yield session
  }

  /** Names of the channels in which a session is. */
  namesOf(session: RemoteSession): string[] {
    return [...this.#channels.values()].filter(channel => channel.has(session)).map(({ name }) => name)
  }

  /** Begins to listen. */
  start(): void {
    for (const realm of this.#realms) {
      this.#listen(realm, realm.hall, undefined)
      this.#listen(realm, realm.inbox(this.publisher.session), undefined)
    }
    this.#nextTick()
  }

  /** The connection to the broker is there, for the first time or again: the others are told what is the case. */
  connected(): void {
    const { clock, random, timings } = this.#environment
    const soon = (): number =>
      clock.now() + random() * Math.min(timings.jitterMostMs, timings.jitterPerMemberMs * this.#sessions.size)
    for (const channel of this.#channels.values()) {
      channel.digestAsks = true
      channel.nextDigestAt = soon()
    }
    this.#nextHereAt = soon()
    this.publisher.drain()
    this.#runTick()
  }

  /** The broker takes messages again. */
  drained(): void {
    this.publisher.drain()
  }

  /** The first local peer is about to join a channel. */
  channelOpened(name: string): void {
    const { timings } = this.#environment
    const tokens = this.#realms.map(realm => realm.channelToken(name))
    const channel = new ClusterChannel(name, tokens[0]!, this.#realms[0].subject(tokens[0]!), timings, {
      joined: (id, session) => this.#events.joined(name, id, session),
      parted: id => this.#events.parted(name, id)
    })
    this.#channels.set(name, channel)
    this.#realms.forEach((realm, place) => {
      this.#byToken.set(mapKey(tokens[place]!), channel)
      this.#listen(realm, realm.subject(tokens[place]!), channel)
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
    if (channel.entered) this.#say(channel.subject, { type: 'leave' })
    for (const [token, known] of this.#byToken) if (known === channel) this.#byToken.delete(token)
    for (const [subject, listening] of this.#listening) {
      if (listening.channel !== channel) continue
      listening.stop()
      this.#listening.delete(subject)
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

  /** Whether answers to ENTER are on their way. */
  isSettling(name: string): boolean {
    return (
      this.#sessions.size > 0 &&
      this.#environment.port.ready &&
      this.#channels.get(name)?.isSettling(this.#environment.clock.now()) === true
    )
  }

  /** Sends a broadcast of a local peer to all remote peers. */
  broadcast(name: string, message: Omit<PeerMessage, 'type' | 'target'>): RelayCount {
    const channel = this.#channels.get(name)
    if (channel === undefined || channel.roster.size === 0) return NOBODY
    this.publisher.add(channel.subject, encodePeerMessageHead(message), message.payload)
    return { peers: channel.roster.size, missed: 0 }
  }

  /** Sends a direct message; on the subject of the channel, since two subjects have no common order. */
  direct(name: string, message: Omit<PeerMessage, 'type'> & { target: string }): boolean {
    const channel = this.#channels.get(name)
    if (channel?.roster.linksOf(message.target) === undefined) return false
    this.publisher.add(channel.subject, encodePeerMessageHead(message, message.target), message.payload)
    return true
  }

  /** Tells a session which links of the mesh end in it. */
  tellLinks(session: RemoteSession, bindings: readonly Uint8Array[]): void {
    this.#say(this.#realms[0].inbox(session.id), { type: 'links', bindings })
  }

  /** A message of the broker. The bytes are kept as long as what came in them. */
  received(subject: string, batch: Uint8Array): void {
    const { primitives, time, clock } = this.#environment
    const listening = this.#listening.get(subject)
    if (listening === undefined) return
    const header = readHeader(batch)
    if (header === undefined || Math.abs(header.epoch - epochOf(time())) > 1) {
      this.counts.rejected += 1
      return
    }
    const id = header.session
    if (mapKey(id) === mapKey(this.publisher.session)) return
    const session = this.#sessions.get(id)
    const frames = openBatch(primitives, listening.realm, subject, header, batch, session !== undefined)
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
      listening.channel?.heard(session, clock.now())
    }
    this.counts.received += 1
    this.counts.receivedBytes += batch.length
    const origin = { subject, channel: listening.channel, id, number: header.number }
    for (const bytes of framesOf(frames)) this.#frame(origin, bytes)
  }

  /** Says goodbye. Nothing is said or heard after it. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#tick()
    this.#jitter.stop()
    for (const name of [...this.#channels.keys()]) this.channelClosed(name)
    this.#say(this.#realms[0].hall, { type: 'gone' })
    this.publisher.flush()
    for (const { stop } of this.#listening.values()) stop()
    this.#listening.clear()
  }

  #listen(realm: Realm, subject: string, channel: ClusterChannel | undefined): void {
    this.#listening.set(subject, { realm, channel, stop: this.#environment.port.subscribe(subject) })
  }

  #say(subject: string, frame: Exclude<Frame, { type: 'message' }>): void {
    this.publisher.add(subject, encodeFrame(frame))
  }

  #changed(name: string, type: 'join' | 'part', id: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined || channel.locals.has(id) === (type === 'join')) return
    channel.version += 1
    if (type === 'join') channel.locals.add(id)
    else channel.locals.delete(id)
    if (channel.entered) this.#say(channel.subject, { type, version: channel.version, id })
    if (type === 'part') channel.roster.localLeft(id)
  }

  /** Says ENTER in the channels that were opened in this turn. */
  #enter(): void {
    const { proxyId, clock } = this.#environment
    for (const channel of this.#entering) {
      channel.enter(clock.now(), this.#sessions.size)
      this.#digests.next(channel)
      this.#say(channel.subject, { type: 'enter', challenge: this.#sessions.challenge, state: channel.state(proxyId) })
    }
    this.#entering.clear()
  }

  #frame(origin: Origin, bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    const session = this.#sessions.get(origin.id)
    if (frame === undefined) return
    if (frame.type === 'fragment') {
      const whole = session?.reassembly(origin.subject).take(frame.number, frame.index, frame.last, frame.part)
      // Unproven ones may say what proves them in pieces, but only that, and once.
      if (whole !== undefined && decodeFrame(whole)?.type !== 'fragment') this.#frame(origin, whole)
      else if (session === undefined && frame.index === 0) this.#questions.ask(origin.id, NO_TOKEN)
      return
    }
    if (frame.type === 'ask') this.#questions.answer(origin.id, frame.token, frame.challenge)
    else if (frame.type === 'snapshot') this.#snapshot(origin, frame)
    else if (frame.type === 'enter') this.#entered(origin, frame)
    else if (session !== undefined) this.#known(origin, session, frame)
    else if (frame.type !== 'gone' && frame.type !== 'leave') this.#questions.askSoon(origin.id, origin.channel)
  }

  /** What counts only of a session that has proven itself. */
  #known({ subject, channel }: Origin, session: RemoteSession, frame: Frame): void {
    switch (frame.type) {
      case 'here':
        session.hereMs = frame.intervalMs
        break
      case 'gone':
        session.over = true
        for (const channel of this.#channels.values()) channel.left(session)
        this.#events.lost(session)
        break
      case 'links':
        this.#events.links(session, frame.bindings)
        break
      case 'leave':
        channel?.left(session)
        session.forget(subject)
        break
      case 'join':
      case 'part':
        if (channel?.change(session, frame.type, frame.version, frame.id) === true)
          this.#questions.missing(channel, session)
        break
      case 'digest':
        if (channel === undefined) break
        if (channel.digest(session, frame.version, frame.count)) this.#questions.missing(channel, session)
        if (frame.back) this.#digests.soon(channel)
        break
      case 'message':
        if (channel !== undefined) this.#message(channel, session, frame.bytes)
        break
      default:
    }
  }

  #message(channel: ClusterChannel, session: RemoteSession, bytes: Uint8Array): void {
    const message = decodeChannelMessage(bytes)
    if (!message.ok || 'id' in message.value) {
      this.counts.dropped += 1
      return
    }
    const accepted = channel.accepts(session, message.value)
    if (accepted === true && (message.value.binary || isDataText(message.value.payload))) {
      session.messages.in += 1
      this.#events.message(channel.name, message.value)
      return
    }
    if (accepted === 'missing') this.#questions.missing(channel, session)
    if (message.value.target === undefined || accepted !== false) this.counts.dropped += 1
  }

  /** A proxy has begun to listen to the channel. */
  #entered(origin: Origin, { challenge, state }: Extract<Frame, { type: 'enter' }>): void {
    const { channel, id } = origin
    if (channel === undefined) return
    const session = this.#sessions.get(id)
    if (session === undefined) this.#questions.ask(id, channel.token)
    else channel.snapshot(session, state, this.#environment.clock.now())
    this.#questions.answerSoon(id, channel, challenge)
  }

  /** All peers of a session in a channel, or only the proof that it is alive. */
  #snapshot({ id, number }: Origin, { token, challenge, state }: Extract<Frame, { type: 'snapshot' }>): void {
    const { clock } = this.#environment
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
    this.#tick = this.#environment.clock.after(this.#environment.timings.tickMs, () => {
      this.#nextTick() // First, so that a mistake costs one tick and not all.
      this.#runTick()
    })
  }

  #runTick(): void {
    const { clock, time, proxyId, random, timings } = this.#environment
    const now = clock.now()
    for (const channel of this.#channels.values()) {
      channel.silence(now)
      if (channel.nextDigestAt <= now) this.#digests.say(channel)
    }
    for (const session of this.#sessions.tick(now)) {
      for (const channel of this.#channels.values()) channel.left(session)
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
