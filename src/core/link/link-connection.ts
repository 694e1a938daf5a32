// The connection under a link, as frames: batches what a turn says, lets what arrives take effect in order, watches
// whether the remote is there and takes what it is sent, and ends. Knows no channels and no rounds (link.ts).
import { Backlog } from './backlog.ts'
import { readU16, u16 } from '../bytes.ts'
import type { LinkPort } from './environment.ts'
import { frameType, type Frame, type FrameType } from './frames.ts'
import { Inbox, type Arrival } from './inbox.ts'
import { linkFault, type LinkFault } from './link-fault.ts'
import type { LinkEnding, LinkEnvironment, LinkOptions } from './link-interfaces.ts'
import { Liveness } from './liveness.ts'
import { RecordStream, type Session } from './record-stream.ts'

/** Told by a connection, in the order in which things take effect. */
export interface ConnectionEvents {
  opened(session: Session): void
  /** Any frame but those that the connection itself deals with. @returns a fault where the link must end */
  frame(frame: Frame): LinkFault | undefined
  /** Nothing more will come, while something that came still waits to take effect. */
  deafened(): void
  /** Once, at the end; nothing is told after it. */
  ended(ending: LinkEnding): void
}

/** One end of the connection of a link. */
export class LinkConnection {
  state: 'opening' | 'open' | 'over' = 'opening'
  readonly #endOfTurn: (run: () => void) => void
  readonly #events: ConnectionEvents
  readonly #port: LinkPort
  readonly #stream: RecordStream
  readonly #inbox: Inbox
  readonly #liveness: Liveness
  readonly #backlog: Backlog
  #flushing = false
  #onFrame: (() => void)[] = []

  constructor(environment: LinkEnvironment, { role, port, dialledId }: LinkOptions, events: ConnectionEvents) {
    const { clock, timings, primitives, ownId, random, endOfTurn } = environment
    this.#endOfTurn = endOfTurn
    this.#events = events
    this.#port = port
    this.#backlog = new Backlog(
      clock,
      timings.drainMs,
      () => port.queuedBytes,
      () => this.#stuck()
    )
    const send = (bytes: Uint8Array): void => {
      port.send(bytes)
      this.#backlog.sent(bytes.length)
    }
    this.#stream = new RecordStream(
      { role, primitives, ownId, dialledId, send, clock, timings },
      {
        opened: session => this.#opened(session),
        frame: frame => this.#arrived(frame),
        fault: fault => this.#push(fault)
      }
    )
    this.#inbox = new Inbox({ take: arrival => this.#take(arrival), pause: paused => this.#pause(paused) })
    this.#liveness = new Liveness(clock, timings, random, {
      ping: x => this.write(frameType.ping, x),
      dead: () => this.fail(linkFault(1001, 'The remote is silent'))
    })
  }

  /** Bytes of WebSocket messages, both ways. */
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

  /** Whether nothing will come any more, although what came may still wait to take effect. */
  get deaf(): boolean {
    return this.state === 'over' || this.#inbox.ended
  }

  /** Begins, once the WebSocket is open: I sends W0. */
  start(): void {
    this.#stream.start()
  }

  /** A binary WebSocket message came. */
  receive(bytes: Uint8Array): void {
    if (this.state !== 'over') this.#stream.receive(bytes)
  }

  /** Something came that is no message of a link. */
  receiveBad(close: 1002 | 1003 | 1009): void {
    if (this.state !== 'over') this.#push(linkFault(close, 'The WebSocket carries what is no message of a link'))
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

  /** Later frames wait until release(). @param wholly not even DATA and PING pass */
  hold(wholly: boolean): void {
    this.#inbox.hold(wholly)
  }

  release(): void {
    this.#inbox.release()
  }

  /** PING: dead unless something comes soon. */
  probe(): void {
    this.#liveness.probe()
  }

  /** Calls `run` when the remote has taken all that was written so far. */
  barrier(run: () => void): void {
    this.#liveness.barrier(run)
  }

  /** Calls `run` at the next frame, once. */
  onNextFrame(run: () => void): void {
    this.#onFrame.push(run)
  }

  /** Ends with CLOSE where HELLO was read, silently where it was not; what was written before goes out first. */
  fail(fault: LinkFault): void {
    if (this.state === 'over') return
    if (this.state === 'open') {
      this.#stream.write(frameType.close, u16(fault.close))
      this.#stream.flush()
    }
    this.#end({ code: fault.close, by: 'us', truncated: false, reason: fault.reason }, this.state === 'open')
  }

  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#endOfTurn(() => {
      this.#flushing = false
      this.#stream.flush()
    })
  }

  #opened(session: Session): void {
    this.state = 'open'
    this.#liveness.start()
    this.#events.opened(session)
  }

  #arrived(frame: Frame): void {
    this.#liveness.heard()
    this.#push(frame)
    if (this.#onFrame.length > 0) for (const run of this.#onFrame.splice(0)) run()
  }

  #push(arrival: Arrival): void {
    this.#inbox.push(arrival)
    if (this.#inbox.ended) this.#events.deafened()
  }

  #take(arrival: Arrival): void {
    if (arrival === 'end') {
      this.#end(
        { code: undefined, by: 'stream', truncated: this.state === 'open', reason: 'The connection has ended' },
        false
      )
    } else if ('ok' in arrival) {
      this.fail(arrival)
    } else {
      const fault = this.#takeFrame(arrival)
      if (fault !== undefined) this.fail(fault)
    }
  }

  #takeFrame(frame: Frame): LinkFault | undefined {
    switch (frame.type) {
      case frameType.ping:
        return this.#onPing(frame.body)
      case frameType.pong:
        this.#liveness.pong(frame.body)
        return undefined
      case frameType.close:
        this.#end(
          { code: readU16(frame.body, 0), by: 'remote', truncated: false, reason: 'The remote has closed the link' },
          true
        )
        return undefined
      default:
        return this.#events.frame(frame)
    }
  }

  #onPing(x: Uint8Array): LinkFault | undefined {
    if (!this.#liveness.allowsPing()) return linkFault(1008, 'Too many PING')
    this.write(frameType.pong, x)
    return undefined
  }

  #pause(paused: boolean): void {
    this.#liveness.pause(paused)
    this.#port.pause(paused)
  }

  /** More is queued than may be, or nothing drains: CLOSE would only wait behind it. */
  #stuck(): void {
    this.#end({ code: 1013, by: 'us', truncated: false, reason: 'The remote takes nothing' }, false)
  }

  #end(ending: LinkEnding, gracefully: boolean): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.#inbox.end()
    this.#liveness.stop()
    this.#backlog.stop()
    this.#events.ended(ending)
    this.#stream.end()
    if (gracefully) this.#port.close()
    else this.#port.destroy()
  }
}
