// The common state of two proxies, over one link after another: confirmed channels, the sequence of frames about them, and
// the frames without acknowledgement. One pair of ids has one session, and one link at a time carries it. The frames of a
// link are in link.ts, the members of a channel in roster.ts.
//
// Each end has a name for the session, `mine`, and knows the other's, `yours`. A link goes on with the session if both
// ends mean the same one by these names; R decides that, before it answers I's HELLO. Each direction of DATA and LEAVE is
// one sequence without numbers on the wire: FROM says at which number a link begins, and the reader skips those that it
// has taken, so that everything arrives once and in order.
import { compare, isZero, readU64, u64 } from '../../bytes.ts'
import { MAX_KEPT_BYTES, RESEND_BYTES } from '../constants.ts'
import type { Cancel } from '../../clock.ts'
import { encodeComputerName } from '../../computer-name.ts'
import { InitiatorScheduler } from '../matching/initiator-scheduler.ts'
import { ResponderScheduler } from '../matching/responder-scheduler.ts'
import type { RoundSummary, SchedulerPort } from '../matching/scheduler.ts'
import { LINK_ONLY_CODES, SILENT, fault, type Fault } from '../result.ts'
import type { ChannelMessage } from '../wire/channel-message.ts'
import type { UnfinishedTotal } from '../wire/fragments.ts'
import { frameType, type Frame } from '../wire/frames.ts'
import { NONCE_BYTES, type Greeting } from '../wire/hello.ts'
import type { Greetings } from '../wire/record-stream.ts'
import { ChannelTraffic } from './channel-traffic.ts'
import { KeptFrames, type SessionFrame } from './kept-frames.ts'
import type { Endpoint, Link, LinkEnding, LinkEnvironment } from './link.ts'
import { TakenFrames } from './taken-frames.ts'

const UNKNOWN = new Uint8Array(NONCE_BYTES)

/** Told by a session, in the order in which things take effect. */
export interface SessionEvents {
  /** A link carries it, the first one or another. @param resumed it had waited for one */
  linked(session: Session, link: Link, resumed: boolean): void
  /** It has lost its link and waits for another. */
  waiting(session: Session): void
  /**
   * It is over; nothing of it comes any more.
   * @param names of its channels, which are confirmed no longer
   * @param unacknowledged frames of which it is not known whether the remote has taken them
   */
  ended(session: Session, names: readonly string[], unacknowledged: number): void
  /** A channel is confirmed and open here: its JOINs are to be sent now. */
  matched(session: Session, name: string): void
  /** The channel is confirmed no longer, while the session goes on. */
  left(session: Session, name: string): void
  message(session: Session, name: string, message: ChannelMessage): void
  /** The first channel is confirmed on a link. */
  proven(link: Link): void
  roundEnded(link: Link, round: RoundSummary): void
}

/** The session with one remote proxy. */
export class Session {
  readonly remoteId: Uint8Array
  /** Links that are open, or whose dialling end is here and has said HELLO. */
  readonly links = new Set<Link>()
  /** The one that carries it. */
  link: Link | undefined
  /** The address for dialling the remote: that of the last link. */
  endpoint: Endpoint | undefined
  /** Milliseconds since the epoch at which its first link opened. */
  since = 0
  /** How often it waited for a link and went on. */
  resumptions = 0
  traffic: ChannelTraffic
  readonly #environment: LinkEnvironment
  readonly #events: SessionEvents
  readonly #unfinished: UnfinishedTotal
  #mine: Uint8Array
  #yours: Uint8Array = UNKNOWN
  /** The highest generation of a link that was open. */
  #generation = 0
  #kept = new KeptFrames()
  /** Number of the next frame to write on the link. */
  #next = 0
  #resending = false
  #taken: TakenFrames
  /** Ends the wait for a link. */
  #wait: Cancel | undefined
  /** A link has carried it. */
  #begun = false
  /** The remote was told a name of this computer. */
  #named = false
  /** Bytes over the links that carried it before. */
  readonly #bytes = { in: 0, out: 0 }

  constructor(environment: LinkEnvironment, remoteId: Uint8Array, unfinished: UnfinishedTotal, events: SessionEvents) {
    this.#environment = environment
    this.remoteId = remoteId
    this.#unfinished = unfinished
    this.#events = events
    this.#mine = environment.primitives.randomBytes(NONCE_BYTES)
    this.#taken = this.#createTaken()
    this.traffic = this.#createTraffic()
  }

  /** Bytes over its links, both ways. */
  get bytes(): { readonly in: number; readonly out: number } {
    const { in: received = 0, out = 0 } = this.link?.bytes ?? {}
    return { in: this.#bytes.in + received, out: this.#bytes.out + out }
  }

  /** `open`: a link carries it; `resuming`: it waits for one; `none`: there is none. */
  get state(): 'open' | 'resuming' | 'none' {
    if (this.link !== undefined) return 'open'
    return this.#wait === undefined ? 'none' : 'resuming'
  }

  /** Bytes that the network has not taken yet. */
  get queuedBytes(): number {
    if (this.link === undefined) return this.#kept.bytes
    return this.link.queuedBytes + (this.#next < this.#kept.end ? this.#kept.bytes : 0)
  }

  /** Bytes that it holds in memory: queued, not acknowledged, or of unfinished messages. */
  get heldBytes(): number {
    return this.#kept.bytes + (this.link?.queuedBytes ?? 0) + this.traffic.unfinishedBytes
  }

  /** What HELLO says on a link. @param theirs the HELLO of I, by which R decides whether the session goes on */
  greet(link: Link, theirs: Greeting | undefined): Greeting {
    this.links.add(link)
    if (theirs !== undefined && !this.#isMeant(theirs)) {
      if (!isZero(this.#yours)) this.end()
      this.#yours = theirs.mine
    }
    return {
      mine: this.#mine,
      yours: this.#yours,
      received: this.#taken.count,
      generation: this.#generation + 1,
      port: this.#environment.listenPort()
    }
  }

  #isMeant({ mine, yours }: Greeting): boolean {
    return compare(mine, this.#yours) === 0 && (isZero(yours) || compare(yours, this.#mine) === 0)
  }

  /** Both ends of a link have said HELLO. */
  opened(link: Link, { ours, theirs }: Greetings): void {
    let { received } = theirs
    if (link.role === 'I') {
      if (compare(theirs.yours, this.#mine) !== 0) {
        link.close(4000, 'This end has forgotten the session meanwhile')
        return
      }
      if (compare(theirs.mine, this.#yours) !== 0) {
        if (!isZero(this.#yours)) this.#drop()
        this.#yours = theirs.mine
      }
    } else if (compare(theirs.yours, this.#mine) !== 0) {
      received = 0 // Of another session, or of none.
    }
    link.generation = Math.max(ours.generation, theirs.generation)
    this.#generation = Math.max(this.#generation, link.generation)
    const { link: last } = this
    if (last !== undefined && !link.goesBefore(last)) {
      link.close(4000, 'Another link carries the session')
      return
    }
    if (!this.#kept.acknowledge(Math.max(received, this.#kept.base))) {
      link.close(1002, 'The remote has received more than was sent')
      return
    }
    this.link = link
    if (last !== undefined) this.#countBytes(last)
    last?.close(4000, 'Another link carries the session')
    this.#carry(link, theirs.port)
  }

  /** A frame of the session: those of another link than its own come again. */
  frame(link: Link, { type, body }: Frame): Fault | undefined {
    if (link !== this.link) return undefined
    switch (type) {
      case frameType.ack:
        return this.#onAck(readU64(body, 0))
      case frameType.held:
        return this.#taken.onHeld(body)
      case frameType.from:
        return this.#onFrom(readU64(body, 0))
      case frameType.name:
        this.traffic.named(body)
        return undefined
      default:
    }
    const isNew = this.#taken.take(body.length)
    if (isNew === false) return undefined
    if (isNew !== true) return isNew
    if (type === frameType.data) return this.traffic.onData(body)
    this.traffic.onLeave(body)
    return undefined
  }

  /** Says how many frames were taken. */
  acknowledge(link: Link): void {
    if (link === this.link) this.#taken.acknowledge()
  }

  /** A link of it has ended. */
  lost(link: Link, { code }: LinkEnding): void {
    this.links.delete(link)
    const carried = link === this.link
    if (carried) {
      this.link = undefined
      this.#countBytes(link)
      this.#taken.stop()
      if (code !== undefined && code < LINK_ONLY_CODES) {
        this.end()
        return
      }
    }
    if (this.link !== undefined) return
    // While another link is about to carry it, there is nothing to do.
    if (this.#wait !== undefined) {
      if (this.links.size === 0) this.#events.waiting(this)
      return
    }
    if (this.traffic.handles.size === 0 && this.#kept.bytes === 0) {
      if (this.links.size === 0 && !isZero(this.#yours)) this.end()
      return
    }
    if (!carried) return
    // However early silence was noticed, the remote has the same time to come back.
    const { deadMs, resumeMs } = this.#environment.timings
    const more = code === SILENT ? Math.max(0, deadMs - link.silentMs) : 0
    this.#wait = this.#environment.clock.after(resumeMs + more, () => this.end())
    if (this.links.size === 0) this.#events.waiting(this)
  }

  /** Tells the remote the name of this computer, if both share a channel. */
  sayName(): void {
    const name = this.#environment.computerName()
    if (this.traffic.handles.size === 0 || (name === undefined && !this.#named)) return
    this.#named = true // Even an empty name may be lost with its link.
    this.link?.write(frameType.name, encodeComputerName(name))
  }

  /** Forgets the session: the next link begins another one. */
  end(): void {
    this.#mine = this.#environment.primitives.randomBytes(NONCE_BYTES)
    this.#drop()
  }

  /** Calls `run` when the remote has taken all that was said so far. */
  whenTaken(run: () => void): void {
    if (this.#kept.whenAcknowledged(run)) this.link?.ask()
    else run()
  }

  #countBytes({ bytes }: Link): void {
    this.#bytes.in += bytes.in
    this.#bytes.out += bytes.out
  }

  #createTaken(): TakenFrames {
    const { clock, timings } = this.#environment
    return new TakenFrames(
      run => clock.after(timings.ackMs, run),
      ack => this.link?.write(frameType.ack, ack)
    )
  }

  #createTraffic(): ChannelTraffic {
    const { clock, timings } = this.#environment
    const options = {
      clock,
      unfinishedMs: timings.unfinishedMs,
      total: this.#unfinished,
      late: (reason: Fault) => this.#fail(reason)
    }
    // A message in many frames may find at one of them that the session is over.
    const send = (frame: SessionFrame): void => {
      if (traffic === this.traffic) this.send(frame)
    }
    const traffic = new ChannelTraffic(options, send, {
      message: (name, message) => this.#events.message(this, name, message),
      left: name => this.#left(name)
    })
    return traffic
  }

  /** Ends the session for a fault of the remote. */
  #fail(reason: Fault): void {
    if (this.link === undefined) this.end()
    else this.link.fail(reason)
  }

  /** Forgets the held channels, and the link that carried them. */
  #drop(): void {
    const unacknowledged = this.#kept.end - this.#kept.base
    const { traffic, link } = this
    this.link = undefined
    this.#wait?.()
    this.#wait = undefined
    this.#taken.stop()
    this.#yours = UNKNOWN
    this.#kept = new KeptFrames()
    this.#taken = this.#createTaken()
    this.#next = 0
    this.#begun = this.#named = false
    this.resumptions = 0
    this.#bytes.in = this.#bytes.out = 0
    this.traffic = this.#createTraffic()
    traffic.end()
    this.#events.ended(this, [...traffic.handles.names()], unacknowledged)
    link?.close(4000, 'The session of this link is over')
  }

  #carry(link: Link, port: number): void {
    const resumed = this.#wait !== undefined
    if (resumed) this.resumptions += 1
    this.#wait?.()
    this.#wait = undefined
    if (!this.#begun) this.since = this.#environment.time()
    this.#begun = true
    this.endpoint = link.role === 'I' ? link.endpoint : port === 0 ? undefined : { host: link.endpoint.host, port }
    this.#taken.begin()
    link.proven = this.traffic.handles.size > 0
    this.#next = this.#kept.base
    for (const body of this.traffic.handles.lists()) link.write(frameType.held, body)
    link.write(frameType.from, u64(this.#next))
    this.sayName()
    this.#schedule(link)
    this.#events.linked(this, link, resumed)
    if (link !== this.link) return
    this.#pump()
    if (this.#kept.isAwaited) link.ask()
    link.scheduler!.start()
  }

  #schedule(link: Link): void {
    const { channels } = this.#environment
    const isCandidate = (name: string): boolean => channels.isOpen(name) && this.traffic.handles.of(name) === undefined
    const port: SchedulerPort = {
      client: link,
      candidates: () => [...channels.names()].filter(name => this.traffic.handles.of(name) === undefined),
      isCandidate,
      write: (type, body) => link.write(type, body),
      hold: wholly => link.hold(wholly),
      release: () => link.release(),
      confirm: (name, handle) => this.#confirm(link, name, handle),
      fail: reason => link.fail(reason),
      roundEnded: round => {
        if (round.confirmed > 0) this.sayName()
        this.#events.roundEnded(link, round)
      }
    }
    const options = { ...this.#environment, terms: link.terms! }
    link.scheduler = link.role === 'I' ? new InitiatorScheduler(options, port) : new ResponderScheduler(options, port)
  }

  #confirm(link: Link, name: string, bytes: Uint8Array): Fault | undefined {
    const { handles } = this.traffic
    const handle = handles.confirm(name, bytes)
    if ('close' in handle) return handle
    if (!link.proven) {
      link.proven = true
      this.#events.proven(link)
    }
    // Closed during its round: confirmed all the same, and left at once.
    if (this.#environment.channels.isOpen(name)) this.#events.matched(this, name)
    else this.traffic.leave(name)
    return undefined
  }

  /** The remote has left a channel, or does not hold it. */
  #left(name: string): void {
    this.#events.left(this, name)
    if (this.#environment.channels.isOpen(name)) this.link?.scheduler?.entered([name])
  }

  /** Sends a frame of the session: now, or when a link carries it again. */
  send(frame: SessionFrame): void {
    this.#kept.add(frame)
    if (this.#kept.bytes > MAX_KEPT_BYTES) {
      this.#fail(fault(1013, 'The remote acknowledges nothing'))
      return
    }
    if (!this.#resending) this.#pump()
  }

  /** Writes frames that the link has not had yet: all, or as many as fit into a turn. */
  #pump(): void {
    const { link } = this
    if (link === undefined) return
    this.#resending = false
    let room = RESEND_BYTES
    while (this.#next < this.#kept.end) {
      const { handle, flags, head, payload } = this.#kept.at(this.#next)
      this.#next += 1
      if (flags === undefined) link.write(frameType.leave, handle)
      else link.writeData(handle, flags, head, payload)
      link.probe()
      room -= payload.length
      if (room > 0 || this.#next === this.#kept.end) continue
      this.#resending = true
      this.#environment.endOfTurn(() => {
        if (this.#resending) this.#pump()
      })
      return
    }
  }

  #onAck(number: number | undefined): Fault | undefined {
    if (number === undefined || !this.#kept.acknowledge(number)) return fault(1002, 'ACK counts too far')
    if (this.#next < this.#kept.base) this.#next = this.#kept.base
    for (const run of this.#kept.takeAnswered()) run()
    return undefined
  }

  #onFrom(number: number | undefined): Fault | undefined {
    const held = this.#taken.onFrom(number)
    if ('close' in held) return held
    for (const name of this.traffic.keepOnly(held)) this.#left(name)
    return undefined
  }
}
