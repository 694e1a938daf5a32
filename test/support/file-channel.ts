// A channel for file transfers in one process and in virtual time: peers that join, leave, lose their connection and come
// back, messages that take a drawn time or are lost. Not a proxy.
import { createHash } from 'node:crypto'
import { decodeChunk } from '../../src/client/files/chunk.ts'
import type { Clock } from '../../src/client/files/pace.ts'
import type { FilePort } from '../../src/client/files/port.ts'
import type { Source } from '../../src/client/files/source.ts'
import { FileTransfers, type TransferOptions } from '../../src/client/files/transfers.ts'
import { seededRandom } from './random.ts'

interface Happening {
  readonly at: number
  readonly order: number
  readonly run: () => void
  isCancelled: boolean
}

/** A channel. */
export class FileChannel implements Clock {
  /** Each message that was delivered: from, to, and its JSON or the bytes. */
  readonly delivered: {
    from: string
    to: string
    json?: { do: string } & Record<string, unknown>
    bytes?: Uint8Array
  }[] = []
  /** Most bytes of chunks that were on their way to one peer. */
  mostUnderWay = 0
  /** Whether a message is lost; undefined: none is. */
  loses: ((from: string, to: string, message: string | Uint8Array) => boolean) | undefined
  readonly members = new Map<string, Member>()
  readonly #random: () => number
  readonly #happenings: Happening[] = []
  #now = 1000
  #order = 0
  #ids = 0
  #underWay = new Map<string, number>()
  /** When the last message from one to the other arrives. */
  readonly #lastArrival = new Map<string, number>()

  constructor(seed = 1) {
    this.#random = seededRandom(seed)
  }

  now = (): number => this.#now

  after = (ms: number, run: () => void): (() => void) => {
    const happening = { at: this.#now + Math.max(0, ms), order: this.#order++, run, isCancelled: false }
    this.#happenings.push(happening)
    return () => {
      happening.isCancelled = true
    }
  }

  /** A peer that is in the channel. */
  join(options: TransferOptions = {}): Member {
    const member = new Member(this, options)
    member.join()
    return member
  }

  randomId = (): string => Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16)).join('')

  nextId(): string {
    return `peer${++this.#ids}`
  }

  send(from: Member, to: Member, message: string | Uint8Array): void {
    const [source, target] = [from.id, to.id]
    if (this.loses?.(source, target, message) === true) return
    const key = `${source} ${target}`
    const at = Math.max(this.#lastArrival.get(key) ?? 0, this.#now + this.#random() * 3)
    this.#lastArrival.set(key, at)
    const size = typeof message === 'string' ? 0 : message.length
    this.#count(target, size)
    this.after(at - this.#now, () => {
      this.#count(target, -size)
      if (to.id !== target || !to.isThere || this.members.get(source) !== from) return
      if (typeof message === 'string') {
        const json = JSON.parse(message) as { $file: { do: string } }
        this.delivered.push({ from: source, to: target, json: json.$file })
        to.transfers.channel.receivedJson(source, json)
      } else {
        this.delivered.push({ from: source, to: target, bytes: decodeChunk(message)?.bytes ?? message })
        to.transfers.channel.receivedBytes(source, message)
      }
    })
  }

  /** Lets time pass until a promise is settled. @throws Error if nothing happens any more, or a day has passed */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = (): void => {
      isSettled = true
    }
    promise.then(settled, settled)
    for (;;) {
      await new Promise(resolve => setImmediate(resolve))
      if (isSettled) return await promise
      if (!this.#step()) throw new Error('nothing happens any more')
      if (this.#now > 86_400_000) throw new Error('it takes more than a day')
    }
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.until(
      new Promise<void>(resolve => {
        this.after(ms, resolve)
      })
    )
  }

  /** Lets time pass until something is so. */
  async when(isSo: () => boolean): Promise<void> {
    const end = this.#now + 3_600_000
    while (!isSo()) {
      await new Promise(resolve => setImmediate(resolve))
      if (isSo()) return
      if (!this.#step() || this.#now > end) throw new Error('it does not come about')
    }
  }

  #step(): boolean {
    let next: Happening | undefined
    for (const happening of this.#happenings)
      if (next === undefined || happening.at < next.at || (happening.at === next.at && happening.order < next.order))
        next = happening
    if (next === undefined) return false
    this.#happenings.splice(this.#happenings.indexOf(next), 1)
    if (next.isCancelled) return true
    this.#now = Math.max(this.#now, next.at)
    next.run()
    return true
  }

  #count(peer: string, bytes: number): void {
    const sum = (this.#underWay.get(peer) ?? 0) + bytes
    this.#underWay.set(peer, sum)
    this.mostUnderWay = Math.max(this.mostUnderWay, sum)
  }
}

/** A peer. */
export class Member implements FilePort {
  id = ''
  isThere = false
  readonly transfers: FileTransfers
  readonly #channel: FileChannel

  constructor(channel: FileChannel, options: TransferOptions) {
    this.#channel = channel
    this.transfers = new FileTransfers(this, () => createHash('sha256'), {
      clock: channel,
      randomId: channel.randomId,
      ...options
    })
  }

  join(id = this.#channel.nextId()): void {
    this.id = id
    this.isThere = true
    const others = [...this.#channel.members.values()]
    this.#channel.members.set(id, this)
    this.transfers.channel.joined(others.map(other => other.id))
    for (const other of others) other.transfers.channel.came(id)
  }

  /** Its connection is lost. */
  cut(): void {
    this.isThere = false
    this.#channel.members.delete(this.id)
    this.transfers.channel.lost()
    for (const other of this.#channel.members.values()) other.transfers.channel.left(this.id)
  }

  tell(json: string, peer: string | undefined): void {
    for (const other of this.#channel.members.values())
      if (this.isThere && other !== this && (peer === undefined || other.id === peer))
        this.#channel.send(this, other, json)
  }

  frame(_peer: string, length: number) {
    return { bytes: new Uint8Array(length + 3), start: 3 }
  }

  send({ bytes, start }: { bytes: Uint8Array; start: number }, peer: string): void {
    const target = this.#channel.members.get(peer)
    if (this.isThere && target !== undefined) this.#channel.send(this, target, bytes.slice(start))
  }

  async ready(): Promise<void> {
    if (!this.isThere) throw new Error('the connection is lost')
  }
}

/** A file in memory that is read without leaving virtual time. */
export function memorySource(bytes: Uint8Array): Source {
  return {
    size: bytes.length,
    read: async (into, offset) => {
      const part = bytes.subarray(offset, offset + into.length)
      into.set(part)
      return part.length
    }
  }
}

/** Bytes that differ everywhere. */
export function someBytes(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed)
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = random() * 256
  return bytes
}
