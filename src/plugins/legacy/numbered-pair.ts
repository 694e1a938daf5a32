// A client of the second generation: a data socket and a control socket with the same number, which come in either order, and
// the peer that they are together. numbered.ts reads their frames, numbered-room.ts reports other peers.
import { binaryAsText } from '../../core/envelope.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Payload } from '../../core/hub/payload.ts'
import type { Peer, PeerPort } from '../../core/hub/peer.ts'
import { controlMessageHead, controlPresenceText } from '../../core/legacy/numbered-envelope.ts'
import { connectDelayMs } from '../../core/legacy/meeting.ts'
import { asciiFrame, objectFrame } from '../../core/websocket-frame.ts'
import type { DialectSocket } from '../channel-sockets/dialect.ts'
import type { NumberedRoom } from './numbered-room.ts'
import { rawTextEncoding } from './raw.ts'

/** One of the two sockets. */
export type Half = 'data' | 'control'

/** Bytes of direct messages that wait for a control socket. */
const MAX_HELD_BYTES = 64 * 1024
/** Bytes that each message counts beside its payload. */
const HELD_OVERHEAD = 64

interface HeldMessage {
  readonly source: Peer
  readonly payload: Payload
}

/** The pair. It exists while one of its sockets does. */
export class NumberedPair {
  readonly number: string
  /** The peer, from the join of the data socket until it leaves. */
  peer: Peer | undefined
  readonly #origin: string | undefined
  readonly #room: NumberedRoom
  #data: DialectSocket | undefined
  #control: DialectSocket | undefined
  /** Whether the control socket knows the other peers, and so hears of each that comes and goes. */
  #seeing = false
  /** Direct messages for a control socket that has not come yet; undefined: messages are not kept any more. */
  #held: HeldMessage[] | undefined = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined
  #resolvePeer: ((peer: Peer) => void) | undefined

  /** @param origin origin of the first socket */
  constructor(room: NumberedRoom, number: string, origin: string | undefined, pairTimeoutMs: number) {
    this.#room = room
    this.number = number
    this.#origin = origin
    this.#timer = setTimeout(() => this.#unpaired(), pairTimeoutMs).unref()
  }

  /** Why a socket cannot be a half of this pair; undefined: it can. */
  refusal(half: Half, origin: string | undefined): ErrorCode | undefined {
    if (origin !== this.#origin) return 'NWS_ERR_PEER_NUMBER_ORIGIN'
    const taken = half === 'data' ? this.#data : this.#control
    return taken === undefined ? undefined : 'NWS_ERR_PEER_NUMBER_TAKEN'
  }

  /** Makes a socket the data socket. @throws as `asPeer` */
  async joinData(socket: DialectSocket, asPeer: () => Promise<Peer>): Promise<Peer> {
    this.#data = socket
    this.#stopWaiting()
    const peer = await asPeer()
    this.#see()
    this.#resolvePeer?.(peer)
    return peer
  }

  /** Makes a socket the control socket. Resolves to the peer once the data socket has joined. */
  async joinControl(socket: DialectSocket): Promise<Peer> {
    this.#control = socket
    this.#stopWaiting()
    this.#see()
    return (
      this.peer ??
      (await new Promise<Peer>(resolve => {
        this.#resolvePeer = resolve
      }))
    )
  }

  /** The data socket has gone. Its control socket is closed first, then the peer leaves. */
  leaveData(socket: DialectSocket, cause: ErrorCode | undefined): void {
    this.#control?.end(cause ?? 'NWS_ERR_DATA_SOCKET_CLOSED')
    if (this.peer !== undefined) socket.hub.removeLocal(this.peer, cause)
    this.#data = undefined
    this.peer = undefined
    this.#end()
  }

  /** The control socket has gone. The peer stays and may get another one. */
  leaveControl(): void {
    this.#control = undefined
    this.#seeing = false
    if (this.#data === undefined) this.#end()
  }

  /** Makes the port of the peer, which exists from now on. The room reports other peers, not this port. */
  createPort(socket: DialectSocket, peer: Peer): PeerPort {
    this.peer = peer
    this.#room.numbers.assign(this.number, peer.id)
    return {
      outbox: socket.outbox,
      encoding: rawTextEncoding,
      broadcast: () => {},
      message: (source, payload) => this.#message(source, payload),
      connect: () => {},
      disconnect: () => {},
      whenRead: run => socket.whenRead(run),
      end: code => socket.end(code)
    }
  }

  /** The id of the peer with that number. */
  peerIdOf(number: string): string | undefined {
    return this.#room.numbers.peerIdOf(number)
  }

  /** Reports another peer that has come. @param cameLater whether this client came after it */
  tellCome(other: Peer, cameLater: boolean): void {
    if (this.#seeing)
      this.#control!.sendPresence(
        this.#presenceFrame('connect', other),
        connectDelayMs(this.#control!, this.peer?.id, other, cameLater)
      )
  }

  /** Reports another peer that has gone. */
  tellGone(other: Peer): void {
    if (this.#seeing) this.#control!.sendPresence(this.#presenceFrame('disconnect', other))
  }

  #presenceFrame(action: 'connect' | 'disconnect', other: Peer): Buffer {
    return asciiFrame(controlPresenceText(action, this.number, this.#room.numbers.numberOf(other.id)))
  }

  #stopWaiting(): void {
    if (this.#data === undefined || this.#control === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #unpaired(): void {
    this.#held = undefined
    if (this.#data === undefined) this.#control?.end('NWS_ERR_DATA_SOCKET_MISSING')
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#room.remove(this)
  }

  /** Reports all present peers, as soon as that is allowed. */
  #see(): void {
    // If extensions decide about joins, a client must not see the members before their decision.
    if (
      this.#control === undefined ||
      this.#seeing ||
      (this.peer === undefined && this.#control.hub.hooks.join.length > 0)
    )
      return
    this.#seeing = true
    for (const other of this.#room.members()) if (other !== this.peer) this.tellCome(other, true)
    for (const { source, payload } of this.#held ?? []) if (source.joined) this.#message(source, payload)
    this.#held = undefined
  }

  #message(source: Peer, payload: Payload): boolean {
    if (this.#seeing) {
      this.#control!.send(this.#messageFrame(source, payload))
      return true
    }
    const bytes = this.#heldBytes + payload.bytes.length + HELD_OVERHEAD
    if (this.#held === undefined || bytes > MAX_HELD_BYTES) return false
    this.#heldBytes = bytes
    // A copy, because the bytes are a slice of the sender's receive buffer.
    this.#held.push({ source, payload: { binary: payload.binary, bytes: Buffer.from(payload.bytes) } })
    return true
  }

  #messageFrame(source: Peer, payload: Payload): Buffer {
    const head = controlMessageHead(this.#room.numbers.numberOf(source.id), this.number)
    return objectFrame(head, payload.binary ? binaryAsText(payload.bytes) : payload.bytes)
  }
}
