// One link: what a connection, the rounds and the traffic of channels have to do with each other, and what the mesh is
// told of it. No frames' layout, no order of messages, no rule of matching: those are its parts'.
import { ChannelTraffic } from './channel-traffic.ts'
import type { CpuClient } from './cpu-budget.ts'
import { frameType, type Frame, type FrameType } from './frames.ts'
import type { LinkRole } from './handshake.ts'
import { LinkConnection } from './link-connection.ts'
import { linkFault, type LinkCloseCode, type LinkFault } from './link-fault.ts'
import type { LinkEnding, LinkEnvironment, LinkEvents, LinkOptions } from './link-interfaces.ts'
import type { Session } from './record-stream.ts'
import type { Rounds, RoundsPort } from './rounds.ts'
import { InitiatorRounds } from './rounds-initiator.ts'
import { ResponderRounds } from './rounds-responder.ts'

/** One end of a link. */
export class Link implements CpuClient {
  readonly role: LinkRole
  readonly address: string
  /** Set from OPEN on. */
  session: Session | undefined
  /** Whether some channel is or was confirmed. */
  proven = false
  /** Sweeps that have ended. */
  sweeps = 0
  readonly traffic: ChannelTraffic
  readonly #environment: LinkEnvironment
  readonly #events: LinkEvents
  readonly #connection: LinkConnection
  #rounds: Rounds | undefined

  constructor(environment: LinkEnvironment, options: LinkOptions, events: LinkEvents) {
    this.role = options.role
    this.address = options.address
    this.#environment = environment
    this.#events = events
    this.#connection = new LinkConnection(environment, options, {
      opened: session => this.#opened(session),
      frame: frame => this.#take(frame),
      deafened: () => this.#rounds?.streamEnded(),
      ended: ending => this.#ended(ending)
    })
    this.traffic = new ChannelTraffic(environment.clock, this.#connection, {
      message: (name, message) => this.#events.message(this, name, message),
      left: name => this.#left(name)
    })
  }

  get state(): 'opening' | 'open' | 'over' {
    return this.#connection.state
  }

  /** Bytes of WebSocket messages, both ways. */
  get bytes(): { readonly in: number; readonly out: number } {
    return this.#connection.bytes
  }

  /** Bytes that the socket has not taken yet. */
  get queuedBytes(): number {
    return this.#connection.queuedBytes
  }

  /** Rounds that have ended well. */
  get rounds(): number {
    return this.#rounds?.ended ?? 0
  }

  /** Messages of peers, both ways. */
  get messages(): { readonly in: number; readonly out: number } {
    return this.traffic.messages
  }

  /** Milliseconds of the last PING and its PONG. */
  get rttMs(): number | undefined {
    return this.#connection.rttMs
  }

  /** Whether nothing will come any more, although what came may still wait to take effect. */
  get deaf(): boolean {
    return this.#connection.deaf
  }

  /** Begins, once the WebSocket is open: I sends W0. */
  start(): void {
    this.#connection.start()
  }

  /** A binary WebSocket message came. */
  receive(bytes: Uint8Array): void {
    this.#connection.receive(bytes)
  }

  /** Something came that is no binary message of a link: 1003 for a text message, 1009 for one too long. */
  receiveBad(close: 1002 | 1003 | 1009): void {
    this.#connection.receiveBad(close)
  }

  /** The connection has ended. */
  streamEnded(): void {
    this.#connection.streamEnded()
  }

  /** Adds a frame; all of a turn go out together. */
  write(type: FrameType, body: Uint8Array): void {
    this.#connection.write(type, body)
  }

  /** The same for DATA, as fragments.ts cuts it; for what ChannelTraffic does not say by itself. */
  writeData(handle: Uint8Array, flags: number, bytes: Uint8Array): void {
    this.#connection.writeData(handle, flags, bytes, new Uint8Array(0))
  }

  /** Lets the rounds begin; the mesh says how long the first sweep waits for a proof that this link has a twin. */
  startRounds(waitMs: number): void {
    this.#rounds?.start(waitMs)
  }

  /** The first sweep need not wait for a proof any longer. */
  hurry(): void {
    this.#rounds?.hurry()
  }

  /** Channels were opened here. */
  channelsOpened(names: readonly string[]): void {
    this.#rounds?.entered(names.filter(name => this.#isCandidate(name)))
  }

  /** Whether it is not known yet if the remote has the channel, but will be soon. */
  isUntested(name: string): boolean {
    return this.#rounds?.isUntested(name) === true
  }

  /** A channel has ended to linger here. */
  channelClosed(name: string): void {
    this.#rounds?.gone(name)
    this.traffic.leave(name)
  }

  /** PING: dead unless something comes soon. */
  probe(): void {
    this.#connection.probe()
  }

  /** Calls `run` when the remote has taken all that was written so far. */
  barrier(run: () => void): void {
    this.#connection.barrier(run)
  }

  /** Calls `run` at the next frame, once. */
  onNextFrame(run: () => void): void {
    this.#connection.onNextFrame(run)
  }

  /** Ends the link; what was written before goes out first. */
  close(code: LinkCloseCode, reason: string): void {
    this.#connection.fail(linkFault(code, reason))
  }

  #opened(session: Session): void {
    const { primitives, clock, runner, timings, budgets, cpu, guesses, random, channels } = this.#environment
    this.session = session
    const options = { session, primitives, clock, runner, timings, budgets, cpu, guesses, random }
    const port: RoundsPort = {
      client: this,
      candidates: () => [...channels.names()].filter(name => this.traffic.handles.of(name) === undefined),
      isCandidate: name => this.#isCandidate(name),
      write: (type, body) => this.write(type, body),
      hold: wholly => this.#connection.hold(wholly),
      release: () => this.#connection.release(),
      confirm: (name, handle) => this.#confirm(name, handle),
      swept: () => {
        this.sweeps += 1
        this.#events.swept(this)
      },
      fail: fault => this.#connection.fail(fault)
    }
    this.#rounds = this.role === 'I' ? new InitiatorRounds(options, port) : new ResponderRounds(options, port)
    this.#events.opened(this)
  }

  #take(frame: Frame): LinkFault | undefined {
    switch (frame.type) {
      case frameType.data:
        return this.traffic.onData(frame.body)
      case frameType.leave:
        this.traffic.onLeave(frame.body)
        return undefined
      case frameType.same:
        return this.#events.same(this, frame.body)
      default:
        this.#rounds!.take(frame)
        return undefined
    }
  }

  #isCandidate(name: string): boolean {
    return this.#environment.channels.isOpen(name) && this.traffic.handles.of(name) === undefined
  }

  #confirm(name: string, bytes: Uint8Array): LinkFault | undefined {
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

  #left(name: string): void {
    this.#events.left(this, name)
    if (this.#isCandidate(name)) this.#rounds?.entered([name])
  }

  #ended(ending: LinkEnding): void {
    this.#rounds?.stop()
    this.#events.ended(this, ending)
  }
}
