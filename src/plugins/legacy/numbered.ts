// The two dialects of the second generation: raw frames on the data socket, control messages on the control socket. The
// pair of them is in numbered-pair.ts. Neither has a form for errors: a request that cannot be done is ignored.
import { readToken } from '../../core/envelope.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Peer, PeerPort } from '../../core/hub/peer.ts'
import { decodeControl } from '../../core/legacy/numbered-envelope.ts'
import type { Dialect, DialectSocket } from '../channel-sockets/dialect.ts'
import type { NumberedRooms, NumberedSeat } from './numbered-room.ts'
import type { NumberedPair } from './numbered-pair.ts'
import { broadcastRaw } from './raw.ts'

/** One socket of a pair. There is one object for each socket. */
abstract class NumberedHalf {
  readonly name = 'numbered'
  readonly readToken = readToken
  protected pair: NumberedPair | undefined
  readonly #rooms: NumberedRooms
  readonly #seat: NumberedSeat | undefined

  /** @param seat undefined: the client may not give itself such a number */
  constructor(rooms: NumberedRooms, seat: NumberedSeat | undefined) {
    this.#rooms = rooms
    this.#seat = seat
  }

  refusal(origin: string | undefined, isProven: boolean): ErrorCode | undefined {
    if (this.#seat === undefined) return 'NWS_ERR_PEER_NUMBER'
    // A client that has not proven the token yet must not learn which numbers are taken.
    return isProven ? this.#rooms.refusal(this.#seat, origin) : undefined
  }

  errorFrame(): undefined {}

  /** @throws as `NumberedRooms.claim` */
  protected claim(origin: string | undefined): NumberedPair {
    return (this.pair = this.#rooms.claim(this.#seat!, origin))
  }
}

/** The dialect of one data socket, `/network/<channel>/<id>`. */
export class NumberedData extends NumberedHalf implements Dialect {
  async join(socket: DialectSocket, asPeer: () => Promise<Peer>): Promise<Peer> {
    return await this.claim(socket.origin).joinData(socket, asPeer)
  }

  leave(socket: DialectSocket, _peer: Peer | undefined, cause: ErrorCode | undefined): void {
    this.pair?.leaveData(socket, cause)
  }

  createPort(socket: DialectSocket, peer: Peer): PeerPort {
    return this.pair!.createPort(socket, peer)
  }

  receive(socket: DialectSocket, bytes: Buffer, isBinary: boolean): void {
    broadcastRaw(socket, bytes, isBinary)
  }
}

/** The dialect of one control socket, `/control/network/<channel>/<id>`. It is no peer, but speaks for one. */
export class NumberedControl extends NumberedHalf implements Dialect {
  #release: (() => void) | undefined

  async join(socket: DialectSocket): Promise<Peer> {
    this.#release = socket.hub.countSocket(socket.origin)
    return await this.claim(socket.origin).joinControl(socket)
  }

  leave(): void {
    this.#release?.()
    this.pair?.leaveControl()
  }

  createPort(): never {
    throw new Error('a control socket is no peer')
  }

  receive(socket: DialectSocket, bytes: Buffer, isBinary: boolean): void {
    const request = isBinary ? undefined : decodeControl(bytes, socket.maxDataDepth)
    const target = request === undefined ? undefined : this.pair!.peerIdOf(request.target)
    if (request !== undefined && target !== undefined)
      socket.hub.message(socket.peer, target, { binary: false, bytes: request.data })
  }
}
