// `NetworkWebSocket`: a channel as a WebSocket that knows its peers. envelope-protocol.ts and connection.ts do the work.
import { ChannelSocket, type SocketOptions } from './channel-socket.ts'
import { EnvelopeProtocol } from './envelope-protocol.ts'
import type { Connection } from './connection.ts'
import { defineEventHandlers } from './event-handlers.ts'
import type { NetworkErrorEvent, NetworkMessageEvent, PeerDetail, ReconnectingDetail } from './events.ts'
import type { ChannelAccess } from './files/channel.ts'
import type { FileOffer } from './files/file-offer.ts'
import type { FileReport } from './files/offering.ts'
import type { Sendable } from './files/source.ts'
import type { FileToSend, FileTransfers, SendFileOptions, SendOptions } from './files/transfers.ts'
import type { PeerWebSocket } from './peer-web-socket.ts'
import type { Peers } from './peers.ts'
import type { Listener, ListenerOptions, SocketCloseEvent } from './platform-types.ts'
import { encodeText } from './wire.ts'

/** The module of file transfers, which few pages need. */
let loadFiles = async (): Promise<{ attach: (access: ChannelAccess) => FileTransfers }> =>
  await import('./files/index.ts')

/** The entry file for Node.js calls it. */
export function setFilesModule(load: typeof loadFiles): void {
  loadFiles = load
}

/** Events of a channel, by type. */
export interface NetworkWebSocketEventMap {
  open: Event
  message: NetworkMessageEvent
  error: NetworkErrorEvent
  close: SocketCloseEvent
  connect: CustomEvent<PeerDetail<PeerWebSocket>>
  disconnect: CustomEvent<PeerDetail<PeerWebSocket>>
  reconnecting: CustomEvent<ReconnectingDetail>
  /** The connection is back, and nothing was missed. */
  resumed: Event
}

// Types for an inherited method.
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface NetworkWebSocket {
  addEventListener<Type extends keyof NetworkWebSocketEventMap>(
    type: Type,
    listener: (this: NetworkWebSocket, event: NetworkWebSocketEventMap[Type]) => unknown,
    options?: ListenerOptions
  ): void
  addEventListener(type: string, listener: Listener, options?: ListenerOptions): void
}

/**
 * A channel of the network. `send` goes to all other peers; `message` events are their broadcasts. A `connect` event comes
 * for each present or new peer, a `disconnect` event for each that leaves.
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class NetworkWebSocket extends ChannelSocket {
  declare onconnect: ((this: WebSocket, event: NetworkWebSocketEventMap['connect']) => unknown) | null
  /**
   * The invitation that this page came by; undefined on pages that are not for guests. It is rejected, with a `code`, if the
   * invitation is over or its computer does not answer.
   */
  declare static readonly invitation: Promise<{ readonly channel: string }> | undefined
  declare ondisconnect: ((this: WebSocket, event: NetworkWebSocketEventMap['disconnect']) => unknown) | null
  readonly #protocol: EnvelopeProtocol
  readonly #channelConnection: Connection
  #files: Promise<FileTransfers> | undefined
  #onfile: ((offer: FileOffer) => unknown) | null = null

  /**
   * @param channel its name
   * @param protocols subprotocols, of which the proxy takes the first, or the options
   * @throws DOMException SyntaxError for an invalid name, endpoint or subprotocol
   */
  constructor(channel: string, protocols?: string | string[] | SocketOptions | null, options?: SocketOptions) {
    let protocol!: EnvelopeProtocol
    let made!: Connection
    super(
      channel,
      name => `/${name}?binary=1`,
      protocols,
      options,
      (socket, connection) => {
        made = connection
        protocol = new EnvelopeProtocol(socket, connection)
        return protocol
      }
    )
    this.#protocol = protocol
    this.#channelConnection = made
  }

  /** The id of this peer, made by the proxy for this connection; empty before the first `open` event. */
  get id(): string {
    return this.#protocol.id
  }

  /** The other peers, always current. */
  get peers(): Peers {
    return this.#protocol.peers
  }

  /**
   * Sends a JSON text as it is. Receivers get its value as `json` of the event.
   *
   * @param target id of a peer. Absent: all others get it
   * @throws DOMException as `send`
   */
  sendJson(json: string, target?: string): void {
    this.#channelConnection.sendFrame(encodeText(json, target), target)
  }

  /**
   * Called for each offer of files, also for those that were made before it was set. null: this peer takes no files.
   * Every offer waits for `accept` or `refuse`.
   */
  get onfile(): ((offer: FileOffer) => unknown) | null {
    return this.#onfile
  }

  set onfile(handler: ((offer: FileOffer) => unknown) | null) {
    this.#onfile = handler
    if (handler !== null || this.#files !== undefined)
      void this.#transfers().then(transfers => {
        transfers.onfile = this.#onfile
      })
  }

  /**
   * Offers a file to all other peers, or to one, and resolves when all have answered and those that took it have it.
   *
   * @throws FileError if the file cannot be read or changes; the reason of `signal` if that aborts
   */
  async sendFile(file: Sendable, options?: SendFileOptions): Promise<FileReport> {
    return await (await this.#transfers()).sendFile(file, options)
  }

  /** The same for several files in one offer. */
  async sendFiles(
    files: Iterable<FileToSend>,
    options?: SendOptions & { readonly title?: string }
  ): Promise<FileReport> {
    return await (await this.#transfers()).sendFiles(files, options)
  }

  #transfers(): Promise<FileTransfers> {
    this.#files ??= loadFiles().then(({ attach }) =>
      attach({ socket: this, connection: this.#channelConnection, protocol: this.#protocol })
    )
    return this.#files
  }
}
defineEventHandlers(NetworkWebSocket.prototype, ['connect', 'disconnect'])
