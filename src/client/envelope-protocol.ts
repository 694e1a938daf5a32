// The protocol of `/<channel>`: speaks the envelope (wire.ts) over a connection and keeps track of the peers, also across
// reconnections.
import type { Connection, Protocol } from './connection.ts'
import { problem } from './errors.ts'
import type { PeerDetail } from './events.ts'
import type { Frame } from './outbox.ts'
import { messageEvent, PeerWebSocket, type PeerControl } from './peer-web-socket.ts'
import { Peers } from './peers.ts'
import { OPEN, type SocketSurface } from './socket-surface.ts'
import { decodeBinary, decodeText, encodeBinary, encodeText, type Data } from './wire.ts'

/** Gets the messages of file transfers, which applications do not see. */
export interface FileListener {
  joined(peers: Iterable<string>): void
  lost(): void
  came(peer: string): void
  left(peer: string): void
  receivedJson(source: string, json: unknown): boolean
  receivedBytes(source: string, bytes: Uint8Array): boolean
}

/** JSON messages of transfers are objects with this member. */
const FILE_MEMBER = '$file'

export class EnvelopeProtocol implements Protocol {
  /** The proxy answers it with the own id after it has told all present peers. */
  readonly greeting = '{"action":"status"}'
  readonly peers = new Peers()
  id = ''
  readonly #owner: SocketSurface
  readonly #connection: Connection
  readonly #members = new Map<string, PeerControl>()
  #files: FileListener | undefined
  /** The peers that a new connection has told so far; undefined after it has told all. */
  #told: Set<string> | undefined = new Set()

  constructor(owner: SocketSurface, connection: Connection) {
    this.#owner = owner
    this.#connection = connection
  }

  listenForFiles(listener: FileListener): void {
    this.#files = listener
    if (this.#told === undefined) listener.joined(this.#members.keys())
  }

  encode(data: string | Uint8Array, target: string | undefined): Frame {
    return typeof data === 'string' ? encodeText(JSON.stringify(data), target) : encodeBinary(data, target)
  }

  receive(data: unknown): void {
    const incoming =
      typeof data === 'string' ? decodeText(data) : data instanceof ArrayBuffer ? decodeBinary(data) : undefined
    if (incoming === undefined) return this.#connection.fail(problem('NWS_CLIENT_BAD_FRAME'))
    if (incoming.action === 'error') return this.#connection.refused(incoming, incoming.detail)
    if (incoming.action === 'status' || incoming.action === 'connect') this.id = incoming.source || this.id
    this.#connection.joined()
    switch (incoming.action) {
      case 'status':
        return this.#sync()
      case 'connect':
        return this.#connect(incoming.target)
      case 'disconnect':
        return this.#disconnect(incoming.target)
      case 'broadcast':
        return this.#broadcast(incoming.source, incoming.data)
      case 'message':
        if (!this.#isOfFiles(incoming.source, incoming.data)) this.#members.get(incoming.source)?.message(incoming.data)
    }
  }

  lost(): void {
    this.#told = new Set()
    this.#files?.lost()
  }

  ended(): void {
    for (const id of this.#members.keys()) this.#disconnect(id)
  }

  #broadcast(source: string, data: Data): void {
    if (this.#isOfFiles(source, data)) return
    // A listener may have closed the socket just now.
    if (this.#owner.readyState !== OPEN) return
    this.#members.get(source)?.open()
    this.#owner.dispatchEvent(messageEvent(data, this.#owner, source))
  }

  #isOfFiles(source: string, data: Data): boolean {
    if ('bytes' in data) return this.#files?.receivedBytes(source, new Uint8Array(data.bytes)) === true
    const { json } = data
    if (typeof json !== 'object' || json === null || !Object.hasOwn(json, FILE_MEMBER)) return false
    this.#files?.receivedJson(source, json)
    return true
  }

  #connect(id: string): void {
    this.#told?.add(id)
    if (this.#members.has(id) || id === this.id || this.#owner.readyState !== OPEN) return
    const peer = new PeerWebSocket(
      id,
      this.#connection,
      () => this.id,
      control => this.#members.set(id, control)
    )
    this.peers.push(peer)
    this.#fire('connect', peer)
    this.#files?.came(id)
    // After the listeners, which set its handlers. A message of the peer may open it earlier.
    queueMicrotask(() => this.#members.get(id)?.open())
  }

  #disconnect(id: string): void {
    this.#told?.delete(id)
    const member = this.#members.get(id)
    if (member === undefined) return
    this.#members.delete(id)
    this.peers.splice(this.peers.indexOf(member.socket), 1)
    member.gone()
    this.#files?.left(id)
    this.#fire('disconnect', member.socket)
  }

  /** All present peers are told. */
  #sync(): void {
    const told = this.#told
    this.#told = undefined
    if (told !== undefined) for (const id of this.#members.keys()) if (!told.has(id)) this.#disconnect(id)
    this.#connection.keepTargets(id => this.#members.has(id))
    this.#connection.synced()
    if (told !== undefined) this.#files?.joined(this.#members.keys())
  }

  #fire(type: string, target: PeerWebSocket): void {
    const detail: PeerDetail<PeerWebSocket> = { target }
    this.#owner.dispatchEvent(new CustomEvent(type, { detail }))
  }
}
