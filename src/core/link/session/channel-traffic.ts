// The traffic of confirmed channels in one session: DATA and LEAVE, both ways. Decodes and checks each message before
// anything else sees it. roster.ts knows the members, matching/ confirms channels, session.ts chooses the link.
import { latin1, mapKey } from '../../bytes.ts'
import { decodeComputerName } from '../../computer-name.ts'
import { OffenceCount } from '../budget/offence-count.ts'
import { HANDLE_BYTES, MAX_OFFENCES, OFFENCE_WINDOW_MS } from '../constants.ts'
import { fault, type Fault } from '../result.ts'
import { decodeChannelMessage, isDataText, type ChannelMessage } from '../wire/channel-message.ts'
import { Reassembler, WHOLE, writeFragments, type ReassemblerOptions } from '../wire/fragments.ts'
import { HandleTable } from './handle-table.ts'
import type { SessionFrame } from './kept-frames.ts'

const NOTHING = new Uint8Array(0)

/** Hears the messages of a remote on confirmed channels. */
export interface TrafficEvents {
  /** A well-formed message; kind 0 payloads are JSON. */
  message(name: string, message: ChannelMessage): void
  /** The remote has left the channel; the answer is written already. */
  left(name: string): void
}

/** Dropped messages, for metrics. */
export interface DropCounts {
  /** DATA for a handle that does not exist. */
  unknownHandle: number
  /** Kind 0 payloads that are not one JSON value. */
  notJson: number
}

/** The channels of one session that are confirmed. */
export class ChannelTraffic {
  readonly handles = new HandleTable()
  readonly dropped: DropCounts = { unknownHandle: 0, notJson: 0 }
  /** Messages of peers, both ways; JOIN and PART do not count. */
  readonly messages = { in: 0, out: 0 }
  /** The name of the remote's computer, as it says; undefined if it says none, or if no channel is confirmed. */
  computerName: string | undefined
  readonly #send: (frame: SessionFrame) => void
  readonly #events: TrafficEvents
  readonly #reassembler: Reassembler
  readonly #unknown: OffenceCount
  readonly #notJson: OffenceCount

  constructor(options: ReassemblerOptions, send: (frame: SessionFrame) => void, events: TrafficEvents) {
    this.#send = send
    this.#events = events
    this.#reassembler = new Reassembler(options)
    this.#unknown = new OffenceCount(options.clock, MAX_OFFENCES, OFFENCE_WINDOW_MS)
    this.#notJson = new OffenceCount(options.clock, MAX_OFFENCES, OFFENCE_WINDOW_MS)
  }

  /** Bytes of messages of the remote that have begun and not ended. */
  get unfinishedBytes(): number {
    return this.#reassembler.unfinishedBytes
  }

  /** Sends a channel message in two parts; @returns false if the channel is not confirmed here */
  send(name: string, head: Uint8Array, payload: Uint8Array = NOTHING): boolean {
    const handle = this.handles.of(name)
    if (handle === undefined) return false
    writeFragments(head, payload, (flags, head, payload) => this.#send({ handle: handle.bytes, flags, head, payload }))
    return true
  }

  /** This side leaves a channel; does nothing if it is not confirmed. */
  leave(name: string): void {
    const handle = this.handles.leave(name)
    if (handle === undefined) return
    this.#reassembler.forget(handle.key)
    this.#forgetName()
    this.#sayLeave(handle.bytes)
  }

  /** The remote holds these handles and no others: the names of channels that are confirmed no longer. */
  keepOnly(held: ReadonlySet<string>): string[] {
    const dropped = this.handles.keepOnly(held)
    for (const { key } of dropped) this.#reassembler.forget(key)
    this.#forgetName()
    return dropped.map(({ name }) => name)
  }

  /** The session is over. */
  end(): void {
    this.#reassembler.clear()
  }

  /** LEAVE came. */
  onLeave(body: Uint8Array): void {
    const handle = this.handles.leftByRemote(mapKey(body))
    if (handle === undefined) return
    this.#reassembler.forget(handle.key)
    this.#forgetName()
    this.#sayLeave(handle.bytes)
    this.#events.left(handle.name)
  }

  /** DATA came: a fault if the link must end. */
  onData(body: Uint8Array): Fault | undefined {
    const handle = this.handles.at(body)
    if (handle === undefined) return this.#onUnknownHandle(latin1(body, 0, HANDLE_BYTES))
    const flags = body[HANDLE_BYTES]!
    if (flags === WHOLE && this.#reassembler.unfinished === 0) return this.#take(handle.name, body, HANDLE_BYTES + 1)
    const whole = this.#reassembler.take(handle.key, flags, body.subarray(HANDLE_BYTES + 1))
    if (!whole.ok) return whole
    return whole.value && this.#take(handle.name, whole.value, 0)
  }

  /** NAME came. It counts only while a channel is confirmed. */
  named(body: Uint8Array): void {
    this.computerName = this.handles.size === 0 ? undefined : decodeComputerName(body)
  }

  #forgetName(): void {
    if (this.handles.size === 0) this.computerName = undefined
  }

  /** A whole message begins at `start`. */
  #take(name: string, bytes: Uint8Array, start: number): Fault | undefined {
    const message = decodeChannelMessage(bytes, start)
    if ('close' in message) return message
    if ('payload' in message) {
      this.messages.in += 1
      if (!message.binary && !isDataText(message.payload)) {
        this.dropped.notJson += 1
        return this.#notJson.add() ? fault(1008, 'Too many payloads are not JSON') : undefined
      }
    }
    this.#events.message(name, message)
    return undefined
  }

  #sayLeave(handle: Uint8Array): void {
    this.#send({ handle, flags: undefined, head: NOTHING, payload: NOTHING })
  }

  #onUnknownHandle(key: string): Fault | undefined {
    if (this.handles.isGone(key)) return undefined
    this.dropped.unknownHandle += 1
    return this.#unknown.add() ? fault(1008, 'Too much comes for unknown handles') : undefined
  }
}
