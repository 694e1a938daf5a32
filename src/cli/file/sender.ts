// The sending end of a file transfer: offers the file, and gives each receiver what it asks for, each at its own pace.
// Never more than a receiver has asked for, and never faster than the rate.
import type { FileHandle } from 'node:fs/promises'
import type { ChannelConnection, Received } from '../socket.ts'
import { CHUNK_BYTES, decodeFileData, encodeChunk, encodeMessage, type FileMessage } from './messages.ts'
import type { Pace } from './pace.ts'

/** The file. */
export interface OfferedFile {
  readonly name: string
  readonly size: number
  readonly sha256: string
  readonly handle: FileHandle
  /** Rejects where the file is no longer what was offered. */
  readonly check: () => Promise<void>
}

/** One receiver, also across its reconnections. */
export interface Receiver {
  readonly id: string
  /** Id of its peer now; undefined while it is not in the channel. */
  peer: string | undefined
  epoch: number
  next: number
  until: number
  /** Bytes that it has, as far as it said. */
  has: number
  state: 'running' | 'done' | 'failed'
}

/** Who is told. */
export interface SenderEvents {
  /** Something changed that may end the transfer or that is shown. */
  readonly changed: () => void
  /** The file cannot be sent any more. */
  readonly broken: (error: unknown) => void
}

/** Receivers that are served at the same time; what the others may have under way would fill the queue of a link. */
const MAX_ACTIVE = 8

/** Serves all receivers of one file. */
export class FileSender {
  readonly receivers = new Map<string, Receiver>()
  readonly #file: OfferedFile
  readonly #pace: Pace
  readonly #events: SenderEvents
  readonly #pumping = new Set<Receiver>()
  #connection: ChannelConnection | undefined

  constructor(file: OfferedFile, pace: Pace, events: SenderEvents) {
    this.#file = file
    this.#pace = pace
    this.#events = events
  }

  /** A connection is there, for the first time or again. */
  joined(connection: ChannelConnection): void {
    this.#connection = connection
    connection.sendJson(encodeMessage(this.#offer))
  }

  /** It is gone. */
  lost(): void {
    this.#connection = undefined
    for (const receiver of this.receivers.values()) receiver.peer = undefined
    this.#events.changed()
  }

  left(peer: string): void {
    for (const receiver of this.receivers.values()) if (receiver.peer === peer) receiver.peer = undefined
    this.#events.changed()
  }

  received({ source, data }: Received): void {
    const message = decodeFileData(data)
    if (message === undefined || !('do' in message)) return
    if (message.do === 'seek') return this.#tell(source, this.#offer)
    if (!('receiver' in message) || message.sha256 !== this.#file.sha256) return
    if (message.do === 'want') this.#want(source, message)
    else if (message.do === 'done') this.#done(source, message)
  }

  /** Tells all receivers that nothing more will come. */
  fail(): void {
    for (const { peer, state } of this.receivers.values())
      if (peer !== undefined && state === 'running') this.#tell(peer, { do: 'fail', sha256: this.#file.sha256 })
  }

  get #offer(): FileMessage {
    const { name, size, sha256 } = this.#file
    return { do: 'offer', name, size, sha256 }
  }

  #tell(peer: string, message: FileMessage): void {
    this.#connection?.sendJson(encodeMessage(message), peer)
  }

  #want(source: string, { receiver: id, epoch, offset, until }: Extract<FileMessage, { do: 'want' }>): void {
    if (offset > this.#file.size) return
    let receiver = this.receivers.get(id)
    if (receiver === undefined) {
      receiver = { id, peer: source, epoch: -1, next: 0, until: 0, has: 0, state: 'running' }
      this.receivers.set(id, receiver)
    }
    receiver.peer = source
    if (epoch < receiver.epoch) return
    if (epoch > receiver.epoch) receiver.next = offset
    receiver.epoch = epoch
    receiver.until = Math.min(until, this.#file.size)
    receiver.has = offset
    receiver.state = 'running'
    this.#events.changed()
    this.#start()
  }

  #done(source: string, { sha256, receiver: id, ok }: Extract<FileMessage, { do: 'done' }>): void {
    const receiver = this.receivers.get(id)
    this.#tell(source, { do: 'bye', sha256, receiver: id })
    if (receiver === undefined) return
    receiver.state = ok ? 'done' : 'failed'
    if (ok) receiver.has = this.#file.size
    this.#events.changed()
  }

  #start(): void {
    for (const receiver of this.receivers.values()) {
      if (this.#pumping.size >= MAX_ACTIVE) return
      if (this.#pumping.has(receiver) || !mayGoOn(receiver)) continue
      this.#pumping.add(receiver)
      void this.#pump(receiver)
    }
  }

  /** Sends to one receiver as long as it may have more. */
  async #pump(receiver: Receiver): Promise<void> {
    try {
      while (mayGoOn(receiver) && this.#connection !== undefined) await this.#sendPart(receiver, this.#connection)
    } catch (error) {
      // Where the connection is over, another one follows or the command ends, and it is not said twice.
      if (this.#connection !== undefined && this.#connection.end === undefined) this.#events.broken(error)
    } finally {
      this.#pumping.delete(receiver)
      setImmediate(() => {
        this.#start()
      })
    }
  }

  async #sendPart(receiver: Receiver, connection: ChannelConnection): Promise<void> {
    const { epoch, next: offset, peer } = receiver
    const length = Math.min(CHUNK_BYTES, receiver.until - offset)
    const buffer = Buffer.allocUnsafe(length)
    const { bytesRead } = await this.#file.handle.read(buffer, 0, length, offset)
    if (bytesRead < length) throw new Error('The file has become shorter.')
    if (offset === 0 || offset + length === this.#file.size) await this.#file.check()
    await this.#pace.take(length)
    await connection.ready()
    // Meanwhile it may have gone, or want another place.
    if (
      receiver.epoch !== epoch ||
      receiver.next !== offset ||
      receiver.peer !== peer ||
      peer === undefined ||
      this.#connection !== connection
    )
      return
    connection.send(encodeChunk({ epoch, offset, bytes: buffer }), peer)
    receiver.next = offset + length
  }
}

function mayGoOn({ state, peer, next, until }: Receiver): boolean {
  return state === 'running' && peer !== undefined && next < until
}
