// The two dialects of the second generation: raw frames on the data socket, control messages on the other. Not the pair
// of them (numbered-session.ts). Neither has a form for errors: what cannot be done is passed over.
import { decodeControl } from '../../core/numbered-envelope.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Peer, PeerPort } from '../../core/hub/peer.ts'
import type { Dialect, DialectSocket } from './dialect.ts'
import type { NumberedRooms, NumberedSeat } from './numbered-room.ts'
import type { NumberedSession } from './numbered-session.ts'
import { broadcastRaw } from './raw.ts'

const NAME = 'numbered'

/** The dialect of one data socket, `/network/<channel>/<id>`. */
export class NumberedData implements Dialect {
  readonly name = NAME
  readonly #rooms: NumberedRooms
  readonly #seat: NumberedSeat
  readonly #origin: string | undefined
  #session: NumberedSession | undefined

  constructor(rooms: NumberedRooms, seat: NumberedSeat, origin: string | undefined) {
    this.#rooms = rooms
    this.#seat = seat
    this.#origin = origin
  }

  async join(socket: DialectSocket, asPeer: () => Promise<Peer>): Promise<Peer> {
    this.#session = this.#rooms.claim(this.#seat, this.#origin)
    return await this.#session.joinData(socket, asPeer)
  }

  leave(socket: DialectSocket, _peer: Peer | undefined, cause: ErrorCode | undefined): void {
    this.#session?.leaveData(socket, cause)
  }

  createPort(socket: DialectSocket, peer: Peer): PeerPort {
    return this.#session!.createPort(socket, peer)
  }

  receive(socket: DialectSocket, bytes: Buffer, isBinary: boolean): void {
    broadcastRaw(socket, bytes, isBinary)
  }

  errorFrame(): undefined {}
}

/** The dialect of one control socket, `/control/network/<channel>/<id>`. It is no peer, but speaks for one. */
export class NumberedControl implements Dialect {
  readonly name = NAME
  readonly #rooms: NumberedRooms
  readonly #seat: NumberedSeat
  readonly #origin: string | undefined
  #session: NumberedSession | undefined
  #release: (() => void) | undefined

  constructor(rooms: NumberedRooms, seat: NumberedSeat, origin: string | undefined) {
    this.#rooms = rooms
    this.#seat = seat
    this.#origin = origin
  }

  async join(socket: DialectSocket): Promise<Peer> {
    this.#release = socket.hub.countSocket(this.#origin)
    this.#session = this.#rooms.claim(this.#seat, this.#origin)
    return await this.#session.joinControl(socket)
  }

  leave(): void {
    this.#release?.()
    this.#session?.leaveControl()
  }

  createPort(): never {
    throw new Error('a control socket is no peer')
  }

  receive(socket: DialectSocket, bytes: Buffer, isBinary: boolean): void {
    const request = isBinary ? undefined : decodeControl(bytes, socket.maxDataDepth)
    const target = request === undefined ? undefined : this.#session!.peerIdOf(request.target)
    if (request !== undefined && target !== undefined)
      socket.hub.message(socket.peer, target, { binary: false, bytes: request.data })
  }

  errorFrame(): undefined {}
}
