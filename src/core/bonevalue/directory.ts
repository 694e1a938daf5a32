// The clients that are online: their presence, the trust between their users, and the relay of offers and answers. Trust comes
// in as arguments, frames go out through ports.
import { OWN_ALIAS } from './names.ts'
import type { Trust, User } from './store.ts'
import { encode, encodeRelayed, type RelayedMessage } from './wire.ts'

/** Takes the frames for one client. */
export interface ClientPort {
  /** Whether the client knows only the messages of the first generation. */
  readonly isLegacy: boolean
  /** Sends a frame. Must not call back into the directory. */
  send(frame: Buffer): void
  /** Sends a frame that may wait some milliseconds for other frames. The order stays. */
  sendPresence(frame: Buffer): void
}

/** A client that has logged in. */
export interface OnlinePeer {
  readonly id: number
  readonly user: OnlineUser
  /** Another one if the client has come back by another socket. */
  port: ClientPort
  /** Names of the rooms that the client has joined. */
  readonly rooms: Set<string>
}

/** Rooms that one client may be in. */
const MAX_ROOMS = 64

/** A user with at least one client. */
export interface OnlineUser extends User {
  readonly peers: Set<OnlinePeer>
  /** The user's aliases for trusted users, by their ids. */
  readonly contacts: Map<number, string>
}

/**
 * Decides whether clients of two users may see and reach each other. Must be quick, because it is asked for every relayed
 * message, and must give the same answer in both orders.
 *
 * @param trusted whether the users have exchanged a token; this is the built-in answer
 */
export type MayTalk = (a: User, b: User, trusted: boolean) => boolean

/** The first messages to a client. */
const OWN_USER_ADD = encode('userAdd', OWN_ALIAS)

/** All online users. */
export class Directory {
  readonly users = new Map<number, OnlineUser>()
  readonly #peers = new Map<number, OnlinePeer>()
  /** The clients in each room. */
  readonly #rooms = new Map<string, Set<OnlinePeer>>()
  /** undefined: trust decides, and only trusted users are considered. */
  readonly #rule: MayTalk | undefined
  /** Presence frames sent so far. */
  presenceMessages = 0
  /** Offers, answers and candidates relayed so far. */
  relayedMessages = 0
  /** True at the end of the rendezvous: leaving clients are not announced, because clients go on talking without it. */
  isSilent = false

  constructor(rule?: MayTalk) {
    this.#rule = rule
  }

  /** Number of clients. */
  get size(): number {
    return this.#peers.size
  }

  get(peerId: number): OnlinePeer | undefined {
    return this.#peers.get(peerId)
  }

  /** Whether clients of two users may reach each other. */
  mayTalk(a: OnlineUser, b: OnlineUser): boolean {
    if (a === b) return true
    const trusted = a.contacts.has(b.id)
    return this.#rule === undefined ? trusted : this.#rule(a, b, trusted)
  }

  /**
   * A client has logged in: it hears of the others, and they hear of it. If it comes back before its old socket has ended, the
   * new one takes its place, and others hear nothing.
   *
   * @param contacts the users that this user trusts; ignored if the user is online already
   * @param peerId a free one, or one of this user
   */
  enter(user: User, contacts: Iterable<readonly [number, string]>, peerId: number, port: ClientPort): OnlinePeer {
    let online = this.users.get(user.id)
    const isFirst = online === undefined
    if (online === undefined) {
      online = { id: user.id, name: user.name, peers: new Set(), contacts: new Map(contacts) }
      this.users.set(user.id, online)
    }
    const known = this.#peers.get(peerId)
    const peer: OnlinePeer = known ?? { id: peerId, user: online, port, rooms: new Set() }
    peer.port = port
    const names = new Set(this.#rule === undefined ? online.contacts.values() : [])
    const list: { name: string; id: number }[] = []
    const others = [...this.#counterparts(online)]
    if (this.#rule !== undefined)
      for (const [id, alias] of online.contacts) if (this.users.get(id) === undefined) names.add(alias)
    for (const other of others) {
      const name = this.#nameFor(online, other)
      names.add(name)
      for (const { id } of other.peers) list.push({ name, id })
    }
    for (const { id } of online.peers) if (id !== peerId) list.push({ name: OWN_ALIAS, id })

    // The first generation fails if setPeerId comes before its own "Us".
    port.send(OWN_USER_ADD)
    port.send(encode('setPeerId', { peerId }))
    port.send(encode('userList', [...names]))
    port.send(encode('peerList', list))
    if (known !== undefined) return peer

    for (const other of others) {
      const name = this.#nameFor(other, online)
      if (isFirst && !other.contacts.has(online.id)) this.#tell(other, encode('userAdd', name))
      this.#tell(other, encode('peerConnect', { name, id: peerId }))
    }
    this.#tell(online, encode('peerConnect', { name: OWN_ALIAS, id: peerId }))
    online.peers.add(peer)
    this.#peers.set(peerId, peer)
    return peer
  }

  /** A client has gone. */
  leave(peer: OnlinePeer): void {
    const { user } = peer
    if (!user.peers.delete(peer)) return
    this.#peers.delete(peer.id)
    for (const room of peer.rooms) this.#takeOut(peer, room)
    if (!this.isSilent) {
      const frame = encode('peerDisconnect', peer.id)
      this.#tell(user, frame)
      for (const other of this.#counterparts(user)) this.#tell(other, frame)
    }
    if (user.peers.size === 0) this.users.delete(user.id)
  }

  /**
   * Clients of a user were shut out. Those that may reach the user close their connections with clients that are not online: these
   * need no rendezvous, and would not close them.
   */
  shutOut(user: User): void {
    const online = this.users.get(user.id)
    if (online !== undefined) this.#tellNews(online, encode('userCut', OWN_ALIAS))
    for (const other of this.users.values()) {
      const trusted = other.contacts.has(user.id)
      if (other !== online && (this.#rule === undefined ? trusted : this.#rule(other, user, trusted)))
        this.#tellNews(other, encode('userCut', this.#nameFor(other, user)))
    }
  }

  /** Sends a message that the first generation does not know. */
  #tellNews(receiver: OnlineUser, frame: Buffer): void {
    for (const { port } of receiver.peers) if (!port.isLegacy) port.sendPresence(frame)
  }

  /** A client joins a room. Those in it that it may reach hear of it. @returns their ids; undefined: it is in too many rooms */
  joinRoom(peer: OnlinePeer, room: string): number[] | undefined {
    if (!peer.rooms.has(room) && peer.rooms.size >= MAX_ROOMS) return undefined
    const members = this.#rooms.get(room) ?? new Set()
    this.#rooms.set(room, members)
    const others = [...members].filter(other => other !== peer && this.mayTalk(peer.user, other.user))
    if (!members.has(peer)) this.#tellRoom(others, 'roomEnter', room, peer)
    members.add(peer)
    peer.rooms.add(room)
    return others.map(({ id }) => id)
  }

  leaveRoom(peer: OnlinePeer, room: string): void {
    if (!peer.rooms.delete(room)) return
    this.#takeOut(peer, room)
    const others = [...(this.#rooms.get(room) ?? [])].filter(other => this.mayTalk(peer.user, other.user))
    this.#tellRoom(others, 'roomExit', room, peer)
  }

  #takeOut(peer: OnlinePeer, room: string): void {
    const members = this.#rooms.get(room)
    members?.delete(peer)
    if (members?.size === 0) this.#rooms.delete(room)
  }

  #tellRoom(members: Iterable<OnlinePeer>, type: 'roomEnter' | 'roomExit', room: string, { id }: OnlinePeer): void {
    for (const { port } of members) port.sendPresence(encode(type, { room, id }))
  }

  /** Relays a message. @returns false: the sender can reach no client with that id */
  relay(from: OnlinePeer, message: RelayedMessage): boolean {
    const target = this.#peers.get(message.to)
    if (target === undefined || target === from || !this.mayTalk(from.user, target.user)) return false
    if (message.type === 'peerCandidate' && target.port.isLegacy) return true
    this.relayedMessages++
    target.port.send(encodeRelayed(message, from.id))
    return true
  }

  /** Two users trust each other from now on. */
  trustAdded({ users, aliases }: Trust): void {
    this.#change(users, () => {
      this.users.get(users[0].id)?.contacts.set(users[1].id, aliases[0])
      this.users.get(users[1].id)?.contacts.set(users[0].id, aliases[1])
    })
  }

  /** Two users do not trust each other any more. */
  trustRemoved({ users }: Trust): void {
    this.#change(users, () => {
      this.users.get(users[0].id)?.contacts.delete(users[1].id)
      this.users.get(users[1].id)?.contacts.delete(users[0].id)
    })
  }

  /** Changes the trust between two users. The clients of each forget the other under the old name and hear the new one. */
  #change([first, second]: Trust['users'], apply: () => void): void {
    const a = this.users.get(first.id)
    const b = this.users.get(second.id)
    if (a !== undefined) this.#hide(a, second, b)
    if (b !== undefined) this.#hide(b, first, a)
    apply()
    if (a !== undefined) this.#show(a, second, b)
    if (b !== undefined) this.#show(b, first, a)
  }

  /** Tells the clients of one user that another is no longer visible. @param online undefined: none of their clients is */
  #hide(receiver: OnlineUser, other: User, online: OnlineUser | undefined): void {
    const knows = online === undefined ? receiver.contacts.has(other.id) : this.mayTalk(receiver, online)
    if (!knows) return
    for (const { id } of online?.peers ?? []) this.#tell(receiver, encode('peerDisconnect', id))
    this.#tellNews(receiver, encode('userRemove', this.#nameFor(receiver, other)))
  }

  #show(receiver: OnlineUser, other: User, online: OnlineUser | undefined): void {
    const knows = online === undefined ? receiver.contacts.has(other.id) : this.mayTalk(receiver, online)
    if (!knows) return
    const name = this.#nameFor(receiver, other)
    this.#tell(receiver, encode('userAdd', name))
    for (const other of online?.peers ?? []) {
      this.#tell(receiver, encode('peerConnect', { name, id: other.id }))
      for (const room of other.rooms)
        this.#tellRoom(
          [...receiver.peers].filter(({ rooms }) => rooms.has(room)),
          'roomEnter',
          room,
          other
        )
    }
  }

  /** Sends presence to all clients of a user. */
  #tell(user: OnlineUser, frame: Buffer): void {
    this.presenceMessages += user.peers.size
    for (const { port } of user.peers) port.sendPresence(frame)
  }

  /** Other users online that this one may talk to. */
  *#counterparts(user: OnlineUser): Generator<OnlineUser> {
    if (this.#rule === undefined) {
      for (const id of user.contacts.keys()) {
        const other = this.users.get(id)
        if (other !== undefined) yield other
      }
    } else {
      for (const other of this.users.values()) if (other !== user && this.mayTalk(user, other)) yield other
    }
  }

  /** A user's name for another user: the alias, or the login name if a rule lets strangers talk. */
  #nameFor(receiver: OnlineUser, { id, name }: User): string {
    const alias = receiver.contacts.get(id)
    if (alias !== undefined) return alias
    for (const taken of receiver.contacts.values()) if (taken === name) return `${name} (${id})`
    return name === OWN_ALIAS || name === '*' || name === 'message' || /^\d+$/.test(name) ? `${name} (${id})` : name
  }
}
