// Rooms: some of the peers that this page sees, by a name that they all have joined. The rendezvous says who is in a room; what
// they send each other does not pass it.
import { BoneValueError, failure } from './errors.ts'
import { Listeners } from './events.ts'
import type { Peer, RequestOptions } from './peer.ts'
import { idOf } from './rendezvous-wire.ts'
import type { Answer } from './target.ts'

/** The module that takes the messages of rooms. */
export const ROOM_MODULE = '$room'

/** Event → its listener. */
export interface RoomEvents {
  /** A peer has come, or is present when this page joins. */
  join: (peer: Peer) => void
  leave: (peer: Peer) => void
  // oxlint-disable-next-line typescript/no-explicit-any -- sent by the other page: the application must check it
  message: (data: any, peer: Peer) => void
}

export interface RoomsDeps {
  /** Joins or leaves. @returns the ids of the others, as the rendezvous gives them */
  readonly ask: (type: 'roomJoin' | 'roomLeave', room: string) => Promise<unknown>
  readonly peer: (id: string) => Peer | undefined
  readonly request: (peers: Peer[], module: string, data: unknown, options: RequestOptions) => Promise<Answer[]>
}

/** A room that this page has joined. */
export class Room {
  readonly name: string
  readonly #deps: RoomsDeps
  readonly #listeners = new Listeners<RoomEvents>(['join', 'leave', 'message'])
  readonly #peers = new Map<string, Peer>()
  readonly #leave: () => Promise<void>

  constructor(name: string, deps: RoomsDeps, leave: () => Promise<void>) {
    this.name = name
    this.#deps = deps
    this.#leave = leave
  }

  /** The others in the room. */
  peers(): Peer[] {
    return [...this.#peers.values()]
  }

  on<Name extends keyof RoomEvents>(name: Name, listener: RoomEvents[Name]): void {
    this.#listeners.add(name, listener)
  }

  /** @param listener omit it to remove all listeners of this event */
  off<Name extends keyof RoomEvents>(name: Name, listener?: RoomEvents[Name]): void {
    this.#listeners.remove(name, listener)
  }

  /** Sends data to all others. They get the event `message`. @returns one answer for each, which says whether it has arrived */
  send(data: unknown, options: RequestOptions = {}): Promise<Answer[]> {
    return this.request(ROOM_MODULE, { room: this.name, data }, options)
  }

  /** Asks a module of all others. */
  request(module: string, data?: unknown, options: RequestOptions = {}): Promise<Answer[]> {
    return this.#deps.request(this.peers(), module, data, options)
  }

  /** Leaves the room. If the rendezvous is away, it hears of it later. */
  leave(): Promise<void> {
    return this.#leave()
  }

  /** For the library: joins, for the first time or again. */
  async enter(): Promise<void> {
    const given = await this.#deps.ask('roomJoin', this.name)
    const ids = Array.isArray(given) ? given.map(idOf).filter(id => id !== undefined) : []
    for (const id of this.#peers.keys()) if (!ids.includes(id)) this.gone(id)
    for (const id of ids) this.came(id)
  }

  /** For the library: a peer is in the room. */
  came(id: string): void {
    const peer = this.#deps.peer(id)
    if (peer === undefined || this.#peers.has(id)) return
    this.#peers.set(id, peer)
    this.#listeners.emit('join', peer)
  }

  /** For the library: a peer is no longer in the room. */
  gone(id: string): void {
    const peer = this.#peers.get(id)
    if (this.#peers.delete(id)) this.#listeners.emit('leave', peer)
  }

  /** For the library: a peer has sent something. */
  received(data: unknown, peer: Peer): void {
    this.#listeners.emit('message', data, peer)
  }
}

export class Rooms {
  readonly #deps: RoomsDeps
  readonly #rooms = new Map<string, { readonly room: Room; readonly joined: Promise<Room> }>()
  /** Names of rooms that this page has left while the rendezvous was away. */
  readonly #left = new Set<string>()

  constructor(deps: RoomsDeps) {
    this.#deps = deps
  }

  get(name: string): Room | undefined {
    return this.#rooms.get(name)?.room
  }

  /** Calls at the same time share one room, and one outcome. */
  join(name: string): Promise<Room> {
    const known = this.#rooms.get(name)
    if (known !== undefined) return known.joined
    const forget = (): void => {
      if (this.get(name) === room) this.#rooms.delete(name)
    }
    const room = new Room(name, this.#deps, async () => {
      forget()
      await this.#leave(name)
    })
    const joined = room.enter().then(
      () => room,
      (error: unknown) => {
        forget()
        throw error
      }
    )
    this.#rooms.set(name, { room, joined })
    return joined
  }

  async #leave(name: string): Promise<void> {
    try {
      await this.#deps.ask('roomLeave', name)
    } catch (error) {
      if (!(error instanceof BoneValueError) || error.code !== 'DISCONNECTED') throw error
      this.#left.add(name)
    }
  }

  /** The rendezvous is back. It may not have noticed that this page was away. */
  renew(): void {
    const left = [...this.#left]
    this.#left.clear()
    for (const name of left) if (!this.#rooms.has(name)) void this.#leave(name).catch(() => {})
    for (const { room } of this.#rooms.values()) void room.enter().catch(() => {})
  }

  gone(id: string): void {
    for (const { room } of this.#rooms.values()) room.gone(id)
  }

  clear(): void {
    this.#rooms.clear()
    this.#left.clear()
  }

  /** A message of a peer. @throws BoneValueError if this page is not in the room */
  receive(given: unknown, peer: Peer): void {
    const { room, data } = Object(given) as { room?: unknown; data?: unknown }
    const joined = this.get(String(room))
    if (joined === undefined) throw new BoneValueError(failure('NO_MODULE'))
    joined.received(data, peer)
  }
}
