// One link: puts its parts together and carries what happens between them. Frames come from the record stream, pass the
// inbox, and go to the rounds, the channel traffic, liveness, or the mesh. No rule of its own but how a link ends.
import type { LinkBudgets, LinkTimings } from './constants.ts'
import { Backlog } from './backlog.ts'
import type { ChannelMessage } from './channel-message.ts'
import { ChannelTraffic } from './channel-traffic.ts'
import { readU16, u16 } from './bytes.ts'
import type { CpuBudget, CpuClient } from './cpu-budget.ts'
import type { LinkClock, LinkPort, StepRunner } from './environment.ts'
import { frameType } from './frames.ts'
import type { Frame, FrameType } from './frames.ts'
import type { GuessBudget } from './guess-budget.ts'
import type { LinkRole } from './handshake.ts'
import { Inbox } from './inbox.ts'
import type { Arrival } from './inbox.ts'
import { linkFault } from './link-fault.ts'
import type { LinkCloseCode, LinkFault } from './link-fault.ts'
import { Liveness } from './liveness.ts'
import type { LinkPrimitives } from './primitives.ts'
import { RecordStream } from './record-stream.ts'
import type { Session } from './record-stream.ts'
import type { Rounds } from './rounds.ts'
import { InitiatorRounds } from './rounds-initiator.ts'
import { ResponderRounds } from './rounds-responder.ts'

/** What all links of a proxy share. */
export interface LinkEnvironment {
  readonly ownId: Uint8Array
  readonly primitives: LinkPrimitives
  readonly clock: LinkClock
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
  names (): Iterable<string>
  isOpen (name: string): boolean
}

/** How a link ended. */
export interface LinkEnding {
  /** The code of CLOSE; `undefined` where the stream ended without one. */
  readonly code: number | undefined
  readonly by: 'us' | 'remote' | 'stream'
  /** The stream of an open link ended without CLOSE: something may be missing. */
  readonly truncated: boolean
  /** Why we ended it: a constant for logs. */
  readonly reason: string
}

/** Told by a link, in the order in which things take effect. */
export interface LinkEvents {
  opened (link: Link): void
  /** The first channel ever is confirmed. */
  proven (link: Link): void
  /** A channel is confirmed and open here: its JOINs are to be sent now. */
  matched (link: Link, name: string): void
  /** The remote has left a channel. */
  left (link: Link, name: string): void
  message (link: Link, name: string, message: ChannelMessage): void
  /** @returns a fault where the link must end */
  same (link: Link, token: Uint8Array): LinkFault | undefined
  /** A sweep is over. */
  swept (link: Link): void
  ended (link: Link, ending: LinkEnding): void
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

/** One end of a link. */
export class Link implements CpuClient {
  readonly role: LinkRole
  readonly address: string
  /** Set from OPEN on. */
  session: Session | undefined
  /** Whether some channel is or was confirmed. */
  proven = false
  state: 'opening' | 'open' | 'over' = 'opening'
  /** Clock time of OPEN. */
  openedAt = 0
  /** Sweeps that have ended. */
  sweeps = 0
  readonly traffic: ChannelTraffic
  readonly #environment: LinkEnvironment
  readonly #events: LinkEvents
  readonly #port: LinkPort
  readonly #stream: RecordStream
  readonly #inbox: Inbox
  readonly #liveness: Liveness
  readonly #backlog: Backlog
  #rounds: Rounds | undefined
  #flushing = false
  #onFrame: (() => void)[] = []

  constructor (environment: LinkEnvironment, options: LinkOptions, events: LinkEvents) {
    const { clock, timings, primitives, ownId, random } = environment
    this.role = options.role
    this.address = options.address
    this.#environment = environment
    this.#events = events
    this.#port = options.port
    this.#backlog = new Backlog(clock, timings.drainMs, () => this.#port.queuedBytes, () => this.#stuck())
    const port: LinkPort = {
      send: bytes => {
        this.#port.send(bytes)
        this.#backlog.sent(bytes.length)
      },
      get queuedBytes () { return options.port.queuedBytes },
      pause: paused => this.#port.pause(paused),
      close: () => this.#port.close(),
      destroy: () => this.#port.destroy()
    }
    this.#stream = new RecordStream({ role: options.role, primitives, ownId, dialledId: options.dialledId, port, clock, timings }, {
      opened: session => this.#opened(session),
      frame: frame => this.#arrived(frame),
      fault: fault => this.#push(fault)
    })
    this.#inbox = new Inbox({ take: arrival => this.#take(arrival), pause: paused => this.#pause(paused) })
    this.#liveness = new Liveness(clock, timings, random, {
      ping: x => this.write(frameType.ping, x),
      dead: () => this.fail(linkFault(1001, 'The remote is silent'))
    })
    this.traffic = new ChannelTraffic(clock, (type, ...pieces) => this.write(type, ...pieces), {
      message: (name, message) => this.#events.message(this, name, message),
      left: name => this.#left(name)
    })
  }

  /** Bytes of WebSocket messages, both ways. */
  get bytes (): { readonly in: number, readonly out: number } {
    return this.#stream.bytes
  }

  /** Milliseconds of the last PING and its PONG. */
  get rttMs (): number | undefined {
    return this.#liveness.rttMs
  }

  /** Begins, once the WebSocket is open: I sends W0. */
  start (): void {
    this.#stream.start()
  }

  /** A binary WebSocket message came. */
  receive (bytes: Uint8Array): void {
    if (this.state !== 'over') this.#stream.receive(bytes)
  }

  /** Something came that is no binary message of a link: 1003 for a text message, 1009 for one too long. */
  receiveBad (close: 1002 | 1003 | 1009): void {
    if (this.state !== 'over') this.#push(linkFault(close, 'The WebSocket carries what is no message of a link'))
  }

  /** The connection has ended. */
  streamEnded (): void {
    if (this.state !== 'over') this.#push('end')
  }

  /** Adds a frame; all of a turn go out together. */
  write (type: FrameType, ...pieces: readonly Uint8Array[]): void {
    if (this.state !== 'open') return
    this.#stream.write(type, ...pieces)
    if (this.#flushing) return
    this.#flushing = true
    this.#environment.endOfTurn(() => {
      this.#flushing = false
      this.#stream.flush()
    })
  }

  /** Channels were opened here. */
  channelsOpened (names: readonly string[]): void {
    this.#rounds?.entered(names.filter(name => this.#isCandidate(name)))
  }

  /** A channel has ended to linger here. */
  channelClosed (name: string): void {
    this.#rounds?.gone(name)
    this.traffic.leave(name)
  }

  /** The first sweep need not wait for a proof any longer. */
  hurry (): void {
    this.#rounds?.hurry()
  }

  /** PING: dead unless something comes soon. */
  probe (): void {
    this.#liveness.probe()
  }

  /** Calls `run` when the remote has taken all that was written so far. */
  barrier (run: () => void): void {
    this.#liveness.barrier(run)
  }

  /** Whether nothing will come any more, although what came may still wait to take effect. */
  get deaf (): boolean {
    return this.state === 'over' || this.#inbox.ended
  }

  /** Calls `run` at the next frame, once. */
  onNextFrame (run: () => void): void {
    this.#onFrame.push(run)
  }

  /** Ends the link with CLOSE; what was written before goes out first. */
  close (code: LinkCloseCode, reason: string): void {
    this.fail(linkFault(code, reason))
  }

  /** Ends the link with CLOSE where it is open, silently where it is not. */
  fail (fault: LinkFault): void {
    if (this.state === 'over') return
    if (this.state === 'open') {
      this.#stream.write(frameType.close, u16(fault.close))
      this.#stream.flush()
    }
    this.#end({ code: fault.close, by: 'us', truncated: false, reason: fault.reason }, this.state === 'open')
  }

  /** More is queued than may be, or nothing drains: CLOSE would only wait behind it. */
  #stuck (): void {
    this.#end({ code: 1013, by: 'us', truncated: false, reason: 'The remote takes nothing' }, false)
  }

  #opened (session: Session): void {
    const { primitives, clock, runner, timings, budgets, cpu, guesses, random } = this.#environment
    this.session = session
    this.state = 'open'
    this.openedAt = clock.now()
    const options = { session, primitives, clock, runner, timings, budgets, cpu, guesses, random }
    const port = {
      client: this,
      candidates: () => [...this.#environment.channels.names()].filter(name => this.traffic.handles.of(name) === undefined),
      isCandidate: (name: string) => this.#isCandidate(name),
      write: (type: FrameType, ...pieces: readonly Uint8Array[]) => this.write(type, ...pieces),
      hold: (wholly: boolean) => this.#inbox.hold(wholly),
      release: () => this.#inbox.release(),
      confirm: (name: string, handle: Uint8Array) => this.#confirm(name, handle),
      swept: () => {
        this.sweeps += 1
        this.#events.swept(this)
      },
      fail: (fault: LinkFault) => this.fail(fault)
    }
    this.#rounds = this.role === 'I' ? new InitiatorRounds(options, port) : new ResponderRounds(options, port)
    this.#liveness.start()
    this.#events.opened(this)
  }

  /** Lets the rounds begin; the mesh says how long the first sweep waits for a proof that this link has a twin. */
  startRounds (waitMs: number): void {
    this.#rounds?.start(waitMs)
  }

  #arrived (frame: Frame): void {
    this.#liveness.heard()
    this.#push(frame)
    if (this.#onFrame.length > 0) for (const run of this.#onFrame.splice(0)) run()
  }

  #push (arrival: Arrival): void {
    this.#inbox.push(arrival)
    if (this.#inbox.ended) this.#rounds?.streamEnded()
  }

  #take (arrival: Arrival): void {
    if (arrival === 'end') {
      this.#end({ code: undefined, by: 'stream', truncated: this.state === 'open', reason: 'The connection has ended' }, false)
    } else if ('ok' in arrival) {
      this.fail(arrival)
    } else {
      const fault = this.#takeFrame(arrival)
      if (fault !== undefined) this.fail(fault)
    }
  }

  #takeFrame (frame: Frame): LinkFault | undefined {
    switch (frame.type) {
      case frameType.data: return this.traffic.onData(frame.body)
      case frameType.leave: this.traffic.onLeave(frame.body); return undefined
      case frameType.ping: return this.#onPing(frame.body)
      case frameType.pong: this.#liveness.pong(frame.body); return undefined
      case frameType.same: return this.#events.same(this, frame.body)
      case frameType.close:
        this.#end({ code: readU16(frame.body, 0), by: 'remote', truncated: false, reason: 'The remote has closed the link' }, true)
        return undefined
      default: this.#rounds!.take(frame); return undefined
    }
  }

  #onPing (x: Uint8Array): LinkFault | undefined {
    if (!this.#liveness.allowsPing()) return linkFault(1008, 'Too many PING')
    this.write(frameType.pong, x)
    return undefined
  }

  #isCandidate (name: string): boolean {
    return this.#environment.channels.isOpen(name) && this.traffic.handles.of(name) === undefined
  }

  #confirm (name: string, bytes: Uint8Array): LinkFault | undefined {
    const handle = this.traffic.handles.confirm(name, bytes)
    if ('close' in handle) return handle
    if (!this.proven) {
      this.proven = true
      this.#events.proven(this)
    }
    // Closed during its round: confirmed all the same, and left at once.
    if (this.#environment.channels.isOpen(name)) this.#events.matched(this, name)
    else this.traffic.leave(name)
    return undefined
  }

  #left (name: string): void {
    this.#events.left(this, name)
    if (this.#isCandidate(name)) this.#rounds?.entered([name])
  }

  #pause (paused: boolean): void {
    this.#liveness.pause(paused)
    this.#port.pause(paused)
  }

  #end (ending: LinkEnding, gracefully: boolean): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.#inbox.end()
    this.#liveness.stop()
    this.#backlog.stop()
    this.#rounds?.stop()
    this.#events.ended(this, ending)
    this.#stream.end()
    if (gracefully) this.#port.close()
    else this.#port.destroy()
  }
}
