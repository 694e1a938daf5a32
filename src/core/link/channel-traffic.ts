// What is said about confirmed channels on one link: DATA and LEAVE, both ways. Decodes and checks each message before
// anything else sees it. Not who is joined where (roster.ts) and not how channels become confirmed (rounds-*.ts).
import { latin1, mapKey } from '../bytes.ts'
import { decodeChannelMessage, isDataText, type ChannelMessage } from './channel-message.ts'
import { HANDLE_BYTES, MAX_OFFENCES, OFFENCE_WINDOW_MS } from './constants.ts'
import type { Clock } from '../clock.ts'
import { Reassembler, writeFragments } from './fragments.ts'
import { frameType, type FrameType } from './frames.ts'
import { HandleTable } from './handle-table.ts'
import { linkFault, type LinkFault } from './link-fault.ts'
import { OffenceCount } from './offence-count.ts'

const NOTHING = new Uint8Array(0)

/** Told of what a remote says on confirmed channels. */
export interface TrafficEvents {
  /** A well-formed message; kind 0 payloads are JSON. */
  message(name: string, message: ChannelMessage): void
  /** The remote has left the channel; the answer is written already. */
  left(name: string): void
}

/** Where frames go. */
export interface FramePort {
  write(type: FrameType, body: Uint8Array): void
  /** A DATA frame whose bytes are two pieces, so that a payload is copied once: into the record. */
  writeData(handle: Uint8Array, flags: number, head: Uint8Array, payload: Uint8Array): void
}

/** What was dropped on a link, for metrics. */
export interface DropCounts {
  /** DATA for a handle that does not exist. */
  unknownHandle: number
  /** Kind 0 payloads that are not one JSON value. */
  notJson: number
}

/** The channels of one link that are confirmed. */
export class ChannelTraffic {
  readonly handles = new HandleTable()
  readonly dropped: DropCounts = { unknownHandle: 0, notJson: 0 }
  /** Messages of peers, both ways; JOIN and PART do not count. */
  readonly messages = { in: 0, out: 0 }
  readonly #port: FramePort
  readonly #events: TrafficEvents
  readonly #reassembler = new Reassembler()
  readonly #unknown: OffenceCount
  readonly #notJson: OffenceCount

  constructor(clock: Clock, port: FramePort, events: TrafficEvents) {
    this.#port = port
    this.#events = events
    this.#unknown = new OffenceCount(clock, MAX_OFFENCES, OFFENCE_WINDOW_MS)
    this.#notJson = new OffenceCount(clock, MAX_OFFENCES, OFFENCE_WINDOW_MS)
  }

  /** Sends a channel message in two parts; @returns false where the channel is not confirmed here */
  send(name: string, head: Uint8Array, payload: Uint8Array = NOTHING): boolean {
    const handle = this.handles.of(name)
    if (handle === undefined) return false
    writeFragments(head, payload, (flags, head, payload) => this.#port.writeData(handle.bytes, flags, head, payload))
    return true
  }

  /** This side leaves a channel; does nothing where it is not confirmed. */
  leave(name: string): void {
    const handle = this.handles.leave(name)
    if (handle === undefined) return
    this.#reassembler.forget(handle.key)
    this.#port.write(frameType.leave, handle.bytes)
  }

  /** LEAVE came. */
  onLeave(body: Uint8Array): void {
    const handle = this.handles.leftByRemote(mapKey(body))
    if (handle === undefined) return
    this.#reassembler.forget(handle.key)
    this.#port.write(frameType.leave, handle.bytes)
    this.#events.left(handle.name)
  }

  /** DATA came: a fault where the link must end. */
  onData(body: Uint8Array): LinkFault | undefined {
    const key = latin1(body, 0, HANDLE_BYTES)
    const handle = this.handles.find(key)
    if (handle === undefined) return this.#onUnknownHandle(key)
    const whole = this.#reassembler.take(key, body[HANDLE_BYTES]!, body.subarray(HANDLE_BYTES + 1))
    if (!whole.ok) return whole
    if (whole.value === undefined) return undefined
    const decoded = decodeChannelMessage(whole.value)
    if (!decoded.ok) return decoded
    const message = decoded.value
    if (message.type === 'broadcast' || message.type === 'direct') {
      this.messages.in += 1
      if (!message.binary && !isDataText(message.payload)) {
        this.dropped.notJson += 1
        return this.#notJson.add() ? linkFault(1008, 'Too many payloads are not JSON') : undefined
      }
    }
    this.#events.message(handle.name, message)
    return undefined
  }

  #onUnknownHandle(key: string): LinkFault | undefined {
    if (this.handles.isLeft(key)) return undefined
    this.dropped.unknownHandle += 1
    return this.#unknown.add() ? linkFault(1008, 'Too much comes for unknown handles') : undefined
  }
}
