// `NetworkProvider`: connects a Y.Doc and its awareness with the other peers of a channel. It has the shape of the provider
// of y-websocket: the same events in the same order, and the same members.
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness'
import type { Doc } from 'yjs'
import type { SocketOptions } from '../channel-socket.ts'
import type { NetworkErrorEvent } from '../events.ts'
import type { NetworkWebSocket } from '../network-web-socket.ts'
import type { SocketCloseEvent } from '../platform-types.ts'
import { ChannelPort } from './channel-port.ts'
import { DocumentSync, documentTimings, type DocumentTimings } from './document-sync.ts'
import { Emitter } from './emitter.ts'
import { ANSWER_ALWAYS, decode, encode, type Message } from './messages.ts'

/** Options of a provider. Those of sockets count if it opens the channel itself; `reconnect` is then on. */
export interface NetworkProviderOptions extends SocketOptions {
  /** Default: a new one. */
  readonly awareness?: Awareness | undefined
  /** Whether to connect at once. Default true. */
  readonly connect?: boolean | undefined
  readonly timings?: Partial<DocumentTimings> | undefined
}

/** Events of a provider, with their arguments. */
// oxlint-disable-next-line typescript/consistent-type-definitions -- An interface has no index signature.
export type NetworkProviderEvents = {
  status: [{ readonly status: 'connecting' | 'connected' | 'disconnected' }]
  synced: [isSynced: boolean]
  sync: [isSynced: boolean]
  /** null: this end has disconnected. */
  'connection-close': [event: SocketCloseEvent | null, provider: NetworkProvider]
  'connection-error': [event: NetworkErrorEvent, provider: NetworkProvider]
  /** The connection has ended and does not come back. */
  closed: [event: { readonly code: number; readonly reason: string }, provider: NetworkProvider]
  /** A change of a peer is malformed, or a listener of the document has thrown. */
  'update-error': [error: unknown, provider: NetworkProvider]
}

interface AwarenessChange {
  readonly added: number[]
  readonly updated: number[]
  readonly removed: number[]
}

export class NetworkProvider extends Emitter<NetworkProviderEvents> {
  readonly doc: Doc
  readonly awareness: Awareness
  /** Whether it is connected or wants to be. */
  shouldConnect = false
  wsconnected = false
  wsconnecting = false
  readonly #port: ChannelPort
  readonly #sync: DocumentSync
  /** Clients of the awareness that came by a peer. */
  readonly #clients = new Map<number, string>()
  #isSynced = false

  /**
   * @param channelOrName a channel of the library, or the name of one, which is opened. All binary messages of the channel
   *   belong to the document.
   * @throws DOMException SyntaxError for an invalid name or endpoint
   */
  constructor(
    channelOrName: NetworkWebSocket | string,
    doc: Doc,
    { awareness = new Awareness(doc), connect = true, timings, ...options }: NetworkProviderOptions = {}
  ) {
    super()
    this.doc = doc
    this.awareness = awareness
    this.#port = new ChannelPort(channelOrName, options, {
      connecting: () => this.#connecting(),
      opened: () => this.#opened(),
      lost: (event, willRetry) => this.#lost(event, willRetry),
      failed: event => this.#failed(event),
      came: peer => {
        this.#sync.came(peer)
        this.#sendAwareness(this.#ownClients(), peer)
      },
      left: peer => {
        this.#forget([...this.#clients].filter(([, of]) => of === peer).map(([client]) => client))
        this.#sync.left(peer)
      },
      received: (peer, bytes) => this.#received(peer, bytes)
    })
    this.#sync = new DocumentSync({
      doc,
      origin: this,
      send: (message, peer) => this.#port.send(encode(message), peer),
      failed: error => this.emit('update-error', [error, this]),
      synced: () => this.#setSynced(true),
      timings: { ...documentTimings, ...timings }
    })
    awareness.on('update', this.#awarenessChanged)
    if (connect) this.connect()
  }

  /** The present channel; undefined while disconnected. */
  get channel(): NetworkWebSocket | undefined {
    return this.#port.channel
  }

  /** Whether the document has everything that the nearest peer had, or no peer is present. */
  get synced(): boolean {
    return this.#isSynced
  }

  connect(): void {
    this.shouldConnect = true
    this.#port.open()
  }

  /** Leaves the channel. A given channel stays open. */
  disconnect(): void {
    this.shouldConnect = false
    if (this.#port.channel === undefined) return
    if (this.wsconnected) this.#sendAwareness([this.doc.clientID], undefined, new Map())
    this.#port.close()
    this.#disconnected(null)
  }

  override destroy(): void {
    this.disconnect()
    this.#sync.destroy()
    this.awareness.off('update', this.#awarenessChanged)
    super.destroy()
  }

  #connecting(): void {
    this.wsconnecting = true
    this.emit('status', [{ status: 'connecting' }])
  }

  #opened(): void {
    const isLate = this.#port.peers.length > 0
    this.wsconnecting = false
    this.wsconnected = true
    this.emit('status', [{ status: 'connected' }])
    // A listener may have disconnected.
    if (!this.wsconnected) return
    this.#sync.joined(isLate)
    if (isLate) this.#sendAwareness(this.#ownClients())
  }

  #lost(event: SocketCloseEvent, willRetry: boolean): void {
    if (!willRetry) this.shouldConnect = false
    this.#disconnected(event)
    if (!willRetry) this.emit('closed', [{ code: event.code, reason: event.reason }, this])
  }

  #disconnected(event: SocketCloseEvent | null): void {
    this.emit('connection-close', [event, this])
    this.wsconnecting = false
    if (!this.wsconnected) return
    this.wsconnected = false
    this.#sync.lost()
    this.#setSynced(false)
    this.#forget([...this.#clients.keys()])
    this.emit('status', [{ status: 'disconnected' }])
  }

  #failed(event: NetworkErrorEvent): void {
    // The proxy has refused a message, or some peers missed it.
    if (this.#port.isOpen && event.code.startsWith('NWS_ERR_')) this.#sync.missed()
    this.emit('connection-error', [event, this])
  }

  #setSynced(isSynced: boolean): void {
    if (this.#isSynced === isSynced) return
    this.#isSynced = isSynced
    this.emit('synced', [isSynced])
    this.emit('sync', [isSynced])
  }

  #received(peer: string, bytes: Uint8Array): void {
    const message = decode(bytes)
    if (message === undefined || !this.wsconnected) return
    try {
      if (message.type === 'awareness') return this.#applyAwareness(peer, message.update)
      if (message.type === 'greeting' && (message.wants & ANSWER_ALWAYS) !== 0)
        this.#sendAwareness(this.#ownClients(), peer)
      this.#sync.receive(peer, message)
    } catch (error) {
      this.emit('update-error', [error, this])
    }
  }

  /** The clients of the awareness that did not come by this channel. */
  #ownClients(): number[] {
    return [...this.awareness.getStates().keys()].filter(client => !this.#clients.has(client))
  }

  #sendAwareness(clients: number[], peer?: string, states?: Map<number, Record<string, unknown>>): void {
    if (clients.length === 0) return
    const message: Message = { type: 'awareness', update: encodeAwarenessUpdate(this.awareness, clients, states) }
    this.#port.send(encode(message), peer)
  }

  #applyAwareness(peer: string, update: Uint8Array): void {
    const note = ({ added, updated }: AwarenessChange, origin: unknown): void => {
      if (origin === this) for (const client of [...added, ...updated]) this.#clients.set(client, peer)
    }
    // Before all other listeners, so that these know the client as one of the peer.
    this.awareness.on('change', note)
    this.awareness.on('update', note)
    try {
      applyAwarenessUpdate(this.awareness, update, this)
    } finally {
      this.awareness.off('change', note)
      this.awareness.off('update', note)
    }
  }

  /** Removes clients of peers that are away. They may come back with the same clock. */
  #forget(clients: number[]): void {
    for (const client of clients) this.#clients.delete(client)
    removeAwarenessStates(this.awareness, clients, this)
    for (const client of clients) this.awareness.meta.delete(client)
  }

  readonly #awarenessChanged = ({ added, updated, removed }: AwarenessChange, origin: unknown): void => {
    if (origin !== this && this.wsconnected) this.#sendAwareness([...added, ...updated, ...removed])
  }
}
