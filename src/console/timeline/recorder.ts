// Keeps the moments of a channel in memory, and knows who was there at each of them. All recorders of a page share one limit;
// the oldest moments go first. Pure.
import { lengthOf, type Moment } from './entry.ts'

/** Most bytes that a page keeps, roughly. */
export const MAX_RECORDED_BYTES = 50_000_000
/** Bytes of a moment besides its data, roughly. */
const MOMENT_BYTES = 250
/** Most peers of a channel whose coming and going is known. */
const MAX_PEERS = 5000

/** A moment with its place in the recording. */
export interface Recorded extends Moment {
  /** Counts from 1. */
  readonly number: number
  /** Milliseconds since the moment before. 0: the first one. */
  readonly sinceMs: number
  /** Bytes of its data. */
  readonly bytes: number
  /** Bytes in memory, roughly. */
  readonly size: number
  /** For a peer that comes: the broadcasts before, which it did not get. */
  readonly missed: number
  /** For a peer that comes: milliseconds since the last one of them. */
  readonly missedAgoMs: number
}

/** A peer that did not get a message, and the milliseconds after the message at which it came. */
export interface Latecomer {
  readonly id: string
  readonly afterMs: number
}

interface Stay {
  readonly from: number
  readonly fromAt: number
  until: number
}

/** The limit that recorders share. */
export class Memory {
  bytes = 0
  readonly limit: number
  readonly #recorders = new Set<Recorder>()

  constructor(limit: number = MAX_RECORDED_BYTES) {
    this.limit = limit
  }

  attach(recorder: Recorder): void {
    this.#recorders.add(recorder)
  }

  detach(recorder: Recorder): void {
    this.#recorders.delete(recorder)
  }

  /** Drops the oldest moments of all recorders until the limit holds. */
  trim(): void {
    while (this.bytes > this.limit) {
      let oldest: Recorder | undefined
      for (const recorder of this.#recorders)
        if (recorder.first !== undefined && (oldest?.first === undefined || recorder.first.at < oldest.first.at))
          oldest = recorder
      if (oldest === undefined) return
      oldest.drop()
    }
  }
}

/** The moments of one channel. */
export class Recorder {
  /** Moments that were dropped because of the limit. */
  dropped = 0
  /** Called for each new moment. Set by the view that is open. */
  onadded: ((moment: Recorded) => void) | undefined
  readonly #memory: Memory
  #moments: Recorded[] = []
  /** Place of the oldest one in the array. */
  #start = 0
  #number = 0
  #lastAt = Number.NaN
  #broadcasts = 0
  #broadcastAt = 0
  readonly #stays = new Map<string, Stay[]>()
  /** Proxies of peers. */
  readonly #proxies = new Map<string, string>()

  constructor(memory: Memory) {
    this.#memory = memory
    memory.attach(this)
  }

  get length(): number {
    return this.#moments.length - this.#start
  }

  get first(): Recorded | undefined {
    return this.#moments[this.#start]
  }

  add(moment: Moment): Recorded {
    const bytes = moment.payload === undefined ? 0 : lengthOf(moment.payload)
    const text = moment.payload?.type === 'binary' ? bytes : (moment.payload?.text.length ?? 0) * 2
    const recorded: Recorded = {
      ...moment,
      number: ++this.#number,
      sinceMs: Number.isNaN(this.#lastAt) ? 0 : moment.at - this.#lastAt,
      bytes,
      size: MOMENT_BYTES + text,
      missed: moment.kind === 'join' ? this.#broadcasts : 0,
      missedAgoMs: moment.kind === 'join' && this.#broadcasts > 0 ? moment.at - this.#broadcastAt : 0
    }
    this.#lastAt = moment.at
    this.#note(recorded)
    this.#moments.push(recorded)
    this.#memory.bytes += recorded.size
    this.#memory.trim()
    this.onadded?.(recorded)
    return recorded
  }

  /** The API has told the proxy of a peer. */
  learn(id: string, proxy: string): void {
    if (proxy === '' || this.#proxies.has(id)) return
    this.#proxies.set(id, proxy)
    if (this.#proxies.size > MAX_PEERS) this.#proxies.delete(this.#proxies.keys().next().value!)
  }

  /** The proxy of a moment's peer or link. Empty: unknown. */
  proxyOf({ proxy, from }: Moment): string {
    return proxy === '' ? (this.#proxies.get(from) ?? '') : proxy
  }

  /** Forgets the oldest moment. */
  drop(): void {
    const first = this.first
    if (first === undefined) return
    this.#memory.bytes -= first.size
    this.dropped++
    this.#start++
    if (this.#start < 1000 || this.#start * 2 < this.#moments.length) return
    this.#moments = this.#moments.slice(this.#start)
    this.#start = 0
  }

  /** Forgets everything, and gives the memory back. */
  close(): void {
    this.clear()
    this.#memory.detach(this)
    this.onadded = undefined
  }

  /** Forgets the moments. Peers that are here stay known. */
  clear(): void {
    for (const { size } of this.all()) this.#memory.bytes -= size
    this.#moments = []
    this.#start = this.dropped = 0
    this.#lastAt = Number.NaN
    this.#broadcasts = 0
  }

  /** The moments, oldest first. @param latest so many at most */
  all(latest: number = Infinity): Recorded[] {
    return this.#moments.slice(Math.max(this.#start, this.#moments.length - latest))
  }

  /** The peers that were there at the moment, without the sender. */
  presentAt({ number, from }: Recorded): string[] {
    const present: string[] = []
    for (const [id, stays] of this.#stays)
      if (id !== from && stays.some(stay => stay.from < number && number < stay.until)) present.push(id)
    return present
  }

  /** The peers that came after a broadcast and so did not get it, in the order in which they came. */
  cameAfter({ number, at, from }: Recorded): Latecomer[] {
    const late: Latecomer[] = []
    for (const [id, stays] of this.#stays) {
      const [stay] = stays
      if (id !== from && stay !== undefined && stay.from > number) late.push({ id, afterMs: stay.fromAt - at })
    }
    return late.sort((one, other) => one.afterMs - other.afterMs)
  }

  #note({ kind, from, to, number, at }: Recorded): void {
    if (kind === 'message' && to === '') {
      this.#broadcasts++
      this.#broadcastAt = at
    } else if (kind === 'join') {
      const stays = this.#stays.get(from) ?? []
      stays.push({ from: number, fromAt: at, until: Infinity })
      this.#stays.set(from, stays)
      if (this.#stays.size > MAX_PEERS) this.#stays.delete(this.#stays.keys().next().value!)
    } else if (kind === 'leave') {
      const stay = this.#stays.get(from)?.at(-1)
      if (stay !== undefined) stay.until = number
    }
  }
}
