// One link: the frames of one connection. Batches the frames of a turn, lets arriving frames take effect in order, watches
// for silence, and ends. The state that outlives it is in session.ts, the rules of matching are in matching/.
import { compare, readU16, u16 } from '../../bytes.ts'
import type { CpuBudget, CpuClient } from '../budget/cpu-budget.ts'
import type { GuessBudget } from '../budget/guess-budget.ts'
import { MAX_QUEUED_BYTES, type LinkBudgets, type LinkTimings } from '../constants.ts'
import type { Clock } from '../../clock.ts'
import type { LinkPort, StepRunner } from '../environment.ts'
import type { Scheduler } from '../matching/scheduler.ts'
import type { LinkPrimitives } from '../primitives.ts'
import { SILENT, fault, type Fault, type LinkCloseCode } from '../result.ts'
import { frameType, type Frame, type FrameType } from '../wire/frames.ts'
import type { Identity, LinkRole } from '../wire/handshake.ts'
import type { Greeting } from '../wire/hello.ts'
import { RecordStream, type Greetings, type LinkTerms } from '../wire/record-stream.ts'
import { Inbox, type Arrival } from './inbox.ts'
import { Liveness } from './liveness.ts'
import type { Session } from './session.ts'

/** What all links of a proxy share. */
export interface LinkEnvironment {
  readonly identity: Identity
  /** The TCP port on which this proxy listens; 0 for none. */
  readonly listenPort: () => number
  /** The name of this computer; undefined for none. */
  readonly computerName: () => string | undefined
  readonly primitives: LinkPrimitives
  readonly clock: Clock
  readonly runner: StepRunner
  /** Calls `run` once when the current turn of the event loop has been worked through. */
  readonly endOfTurn: (run: () => void) => void
  /** Milliseconds since the epoch. */
  readonly time: () => number
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

/** Where a proxy can be dialled. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** What one link is made of. */
export interface LinkOptions {
  readonly role: LinkRole
  readonly port: LinkPort
  /** An IPv4 address or an IPv6 /64: who pays. */
  readonly address: string
  /** Host and port that were dialled; for R, the host and any port. */
  readonly endpoint: Endpoint
  /** The id that must answer; `undefined` if any will do. */
  readonly dialledId?: Uint8Array | undefined
}

/** How a link ended. */
export interface LinkEnding {
  /** The code of CLOSE; `undefined` if the stream ended without one. */
  readonly code: number | undefined
  readonly by: 'us' | 'remote' | 'stream'
  /** The stream of an open link ended without CLOSE. */
  readonly truncated: boolean
  /** Why it ended: a constant for logs. */
  readonly reason: string
}

/** Told by a link, in the order in which things take effect. */
export interface LinkOwner {
  /** What HELLO says. @param theirs the remote's HELLO, which only R has by then */
  greet(link: Link, remoteId: Uint8Array, theirs: Greeting | undefined): Greeting
  opened(link: Link, greetings: Greetings): void
  /** A frame of the session. @returns a fault if the link must end */
  frame(link: Link, frame: Frame): Fault | undefined
  /** A PING came: time to say how far this end is. */
  asked(link: Link): void
  ended(link: Link, ending: LinkEnding): void
}

const atOnce: ReadonlySet<FrameType> = new Set([frameType.ping, frameType.pong, frameType.ack])

/** One end of a link. */
export class Link implements CpuClient {
  readonly role: LinkRole
  readonly address: string
  readonly endpoint: Endpoint
  state: 'opening' | 'open' | 'over' = 'opening'
  /** Set from OPEN on. */
  terms: LinkTerms | undefined
  /** Of two links of a session the higher one carries. */
  generation = 0
  /** Whether its session has, or had, a confirmed channel. */
  proven = false
  /** Set when HELLO is said. */
  session: Session | undefined
  /** The matching on this link, while it carries its session. */
  scheduler: Scheduler | undefined
  readonly #endOfTurn: (run: () => void) => void
  readonly #owner: LinkOwner
  readonly #port: LinkPort
  readonly #stream: RecordStream
  readonly #inbox: Inbox
  readonly #liveness: Liveness
  #flushing = false

  constructor(environment: LinkEnvironment, options: LinkOptions, owner: LinkOwner) {
    const { clock, timings, primitives, identity, random, endOfTurn } = environment
    const { role, port, address, endpoint, dialledId } = options
    this.role = role
    this.address = address
    this.endpoint = endpoint
    this.#endOfTurn = endOfTurn
    this.#owner = owner
    this.#port = port
    const send = (bytes: Uint8Array): void => {
      port.send(bytes)
      // CLOSE would only wait behind the rest.
      if (port.queuedBytes > MAX_QUEUED_BYTES)
        this.#end({ code: SILENT, by: 'us', truncated: false, reason: 'The remote takes nothing' }, false)
    }
    this.#stream = new RecordStream(
      { role, primitives, identity, dialledId, send, clock, timings },
      {
        greet: (remoteId, theirs) => this.#owner.greet(this, remoteId, theirs),
        opened: (terms, greetings) => this.#opened(terms, greetings),
        heard: () => this.#liveness.heard(),
        frame: frame => {
          // These do not depend on a step of a round, and must not wait for one: their sender would take this end for dead.
          if (atOnce.has(frame.type)) this.#take(frame)
          else this.#push(frame)
        },
        fault: reason => this.#push(reason)
      }
    )
    this.#inbox = new Inbox({ take: arrival => this.#take(arrival), pause: paused => this.#pause(paused) })
    this.#liveness = new Liveness(clock, timings, random, {
      ping: x => this.write(frameType.ping, x),
      dead: () => this.close(SILENT, 'The remote is silent')
    })
  }

  /** Bytes of messages, both ways. */
  get bytes(): { readonly in: number; readonly out: number } {
    return this.#stream.bytes
  }

  /** Bytes that the socket has not taken yet. */
  get queuedBytes(): number {
    return this.#port.queuedBytes
  }

  /** Milliseconds of the last PING and its PONG. */
  get rttMs(): number | undefined {
    return this.#liveness.rttMs
  }

  /** Since the remote's last sign of life. */
  get silentMs(): number {
    return this.#liveness.silentMs
  }

  /** Whether this link carries the session rather than the other one; both ends come to the same. */
  goesBefore(other: Link): boolean {
    if (this.generation !== other.generation) return this.generation > other.generation
    const byId = compare(this.terms!.idI, other.terms!.idI)
    return (byId === 0 ? compare(this.terms!.L, other.terms!.L) : byId) < 0
  }

  /** Begins, once the connection is open: I sends W0. */
  start(): void {
    this.#stream.start()
  }

  /** A message came. */
  receive(bytes: Uint8Array): void {
    if (this.state !== 'over') this.#stream.receive(bytes)
  }

  /** The connection has ended. */
  streamEnded(): void {
    if (this.state !== 'over') this.#push('end')
  }

  /** Adds a frame; all of a turn go out together. */
  write(type: FrameType, body: Uint8Array): void {
    if (this.state !== 'open') return
    this.#stream.write(type, body)
    this.#flushLater()
  }

  /** The same for DATA. @see RecordWriter.writeData */
  writeData(handle: Uint8Array, flags: number, head: Uint8Array, payload: Uint8Array): void {
    if (this.state !== 'open') return
    this.#stream.writeData(handle, flags, head, payload)
    this.#flushLater()
  }

  /** Later frames wait until release(), but PING, PONG and ACK. @param wholly not even DATA passes */
  hold(wholly: boolean): void {
    this.#inbox.hold(wholly)
  }

  release(): void {
    this.#inbox.release()
  }

  /** The link is dead unless a sign of life comes soon. */
  probe(): void {
    if (this.state === 'open') this.#liveness.probe()
  }

  /** Has the remote send an ACK soon. */
  ask(): void {
    if (this.state === 'open') this.#liveness.ask()
  }

  /** Ends the link; earlier frames go out first. */
  close(code: LinkCloseCode, reason: string): void {
    this.fail(fault(code, reason))
  }

  /** The same for a fault. */
  fail({ close, reason }: Fault): void {
    if (this.state === 'over') return
    const says = this.state === 'open'
    if (says) {
      this.#stream.write(frameType.close, u16(close))
      this.#stream.flush()
    }
    this.#end({ code: close, by: 'us', truncated: false, reason }, says)
  }

  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#endOfTurn(() => {
      this.#flushing = false
      this.#stream.flush()
    })
  }

  #opened(terms: LinkTerms, greetings: Greetings): void {
    this.terms = terms
    this.state = 'open'
    this.#liveness.start()
    this.#owner.opened(this, greetings)
  }

  #push(arrival: Arrival): void {
    this.#inbox.push(arrival)
    if (this.#inbox.ended) this.scheduler?.streamEnded()
  }

  #take(arrival: Arrival): void {
    if (arrival === 'end') {
      const truncated = this.state === 'open'
      this.#end({ code: undefined, by: 'stream', truncated, reason: 'The connection has ended' }, false)
    } else if ('ok' in arrival) {
      this.fail(arrival)
    } else {
      const wrong = this.#takeFrame(arrival)
      if (wrong !== undefined) this.fail(wrong)
    }
  }

  #takeFrame(frame: Frame): Fault | undefined {
    const { type, body } = frame
    switch (type) {
      case frameType.ping:
        if (!this.#liveness.allowsPing()) return fault(1008, 'Too many PING')
        this.#owner.asked(this)
        this.write(frameType.pong, body)
        return undefined
      case frameType.pong:
        this.#liveness.pong(body)
        return undefined
      case frameType.close:
        this.#end(
          { code: readU16(body, 0), by: 'remote', truncated: false, reason: 'The remote has closed the link' },
          true
        )
        return undefined
      case frameType.ack:
      case frameType.data:
      case frameType.leave:
      case frameType.held:
      case frameType.from:
      case frameType.name:
        return this.#owner.frame(this, frame)
      default:
        this.scheduler?.take(frame)
        return undefined
    }
  }

  #pause(paused: boolean): void {
    this.#liveness.pause(paused)
    this.#port.pause(paused)
  }

  #end(ending: LinkEnding, gracefully: boolean): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.#inbox.end()
    this.#liveness.stop()
    this.scheduler?.stop()
    this.#owner.ended(this, ending)
    this.#stream.end()
    if (gracefully) this.#port.close()
    else this.#port.destroy()
  }
}
