// A peer as applications see it: who it is, and what to do with it.
import type { PeerConnection, Stream } from '../platform-types.ts'

/** How a request is made. */
export interface RequestOptions {
  /** Limit until the answer, milliseconds. Default: that of the BoneValue. */
  readonly timeoutMs?: number | undefined
  /** Ends the request. The module of the peer is told. */
  readonly signal?: AbortSignal | undefined
  /** Whether to keep the connection for further requests. Default true. */
  readonly keepAlive?: boolean | undefined
}

/** The part of a BoneValue that its peers use. */
export interface PeerAccess {
  request(peer: Peer, module: string, data: unknown, options: RequestOptions): Promise<unknown>
  connection(peer: Peer): Promise<PeerConnection>
  addStream(peer: Peer, stream: Stream): void
  removeStream(peer: Peer, stream: Stream): void
}

/** A page or program of a user. */
export class Peer {
  /** The alias of the peer's user; `"Us"` for the own account. */
  readonly name: string
  /** Decimal digits. */
  readonly id: string
  readonly #access: PeerAccess

  constructor(name: string, id: string, access: PeerAccess) {
    this.name = name
    this.id = id
    this.#access = access
  }

  /**
   * Asks a module of this peer.
   *
   * @throws BoneValueError (the promise); the reason of `signal` if that aborts
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- sent by the other page: the application must check it
  request(module: string, data?: unknown, options: RequestOptions = {}): Promise<any> {
    return this.#access.request(this, module, data, options)
  }

  /**
   * Sends audio and video, also over later connections, until `removeStream`. The peer gets the event `stream`.
   *
   * @returns resolves when there is a connection; may be ignored
   */
  addStream(stream: Stream): Promise<void> {
    this.#access.addStream(this, stream)
    const connected = this.connection().then(() => {})
    connected.catch(() => {})
    return connected
  }

  removeStream(stream: Stream): void {
    this.#access.removeStream(this, stream)
  }

  /** The connection with this peer, which is made if there is none. The library negotiates: do not offer or answer. */
  connection(): Promise<PeerConnection> {
    return this.#access.connection(this)
  }
}
