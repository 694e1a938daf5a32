// `networkwebsockets/automerge`: connects a repository of automerge-repo with the others in a channel.
import { cbor, NetworkAdapter, type Message, type PeerId, type PeerMetadata } from '@automerge/automerge-repo/slim'
import type { SocketOptions } from '../channel-socket.ts'
import type { NetworkWebSocket } from '../network-web-socket.ts'
import { ChannelPort } from './channel-port.ts'
import { PeerStream } from './peer-stream.ts'

/** If the peers have not introduced themselves after this time, the adapter is ready without them. Milliseconds. */
const READY_MS = 1000

/** Introduces a repository. Peers of the channel that are none send no such message. */
interface Hello {
  readonly type: 'hello'
  readonly senderId: PeerId
  readonly peerMetadata: PeerMetadata
  /** Whether the receiver introduces itself too. */
  readonly answer: boolean
}

interface Bye {
  readonly type: 'bye'
}

export class NetworkWebSocketAdapter extends NetworkAdapter {
  readonly #port: ChannelPort
  /** By id of the channel's peer. */
  readonly #streams = new Map<string, PeerStream>()
  readonly #repositories = new Map<string, PeerId>()
  readonly #ready: Promise<void>
  #becomeReady!: () => void
  #isReady = false
  #readyTimer: ReturnType<typeof setTimeout> | undefined

  /**
   * @param channelOrName a channel of the library, or the name of one, which is opened
   * @param options of the socket, if the adapter opens the channel
   */
  constructor(channelOrName: NetworkWebSocket | string, options: SocketOptions = {}) {
    super()
    this.#ready = new Promise(resolve => {
      this.#becomeReady = resolve
    })
    this.#port = new ChannelPort(channelOrName, options, {
      connecting: () => {},
      opened: () => {
        for (const peer of this.#port.peers) this.#introduce(peer, true)
      },
      lost: (_event, willRetry) => {
        this.#forgetAll()
        if (!willRetry) this.emit('close')
      },
      failed: () => {},
      came: peer => this.#introduce(peer, false),
      left: peer => this.#forget(peer),
      received: (peer, bytes) => this.#stream(peer).take(bytes)
    })
  }

  override isReady(): boolean {
    return this.#isReady
  }

  override async whenReady(): Promise<void> {
    await this.#ready
  }

  override connect(peerId: PeerId, peerMetadata: PeerMetadata = {}): void {
    this.peerId = peerId
    this.peerMetadata = peerMetadata
    this.#readyTimer ??= setTimeout(() => this.#setReady(), READY_MS)
    this.#port.open()
  }

  override disconnect(): void {
    for (const peer of this.#repositories.keys()) this.#tell(peer, { type: 'bye' })
    this.#port.close()
    this.#forgetAll()
    this.#setReady()
  }

  override send(message: Message): void {
    for (const [peer, id] of this.#repositories) if (id === message.targetId) this.#tell(peer, message)
  }

  #setReady(): void {
    clearTimeout(this.#readyTimer)
    this.#isReady = true
    this.#becomeReady()
  }

  #stream(peer: string): PeerStream {
    const stream =
      this.#streams.get(peer) ??
      new PeerStream({
        send: frame => this.#port.send(frame, peer),
        received: message => this.#received(peer, message)
      })
    this.#streams.set(peer, stream)
    return stream
  }

  #tell(peer: string, message: Hello | Bye | Message): void {
    this.#stream(peer).send(cbor.encode(message))
  }

  #introduce(peer: string, answer: boolean): void {
    this.#tell(peer, { type: 'hello', senderId: this.peerId!, peerMetadata: this.peerMetadata ?? {}, answer })
  }

  #received(peer: string, bytes: Uint8Array): void {
    let message: Partial<Hello | Bye | Message> | undefined
    try {
      message = cbor.decode(bytes)
    } catch {
      return
    }
    if (typeof message !== 'object' || message === null) return
    if (message.type === 'bye') return this.#forget(peer)
    if (message.type === 'hello') return this.#greeted(peer, message as Partial<Hello>)
    const { type, senderId, targetId } = message as Partial<Message>
    if (typeof type === 'string' && typeof senderId === 'string' && targetId === this.peerId)
      this.emit('message', message as Message)
  }

  #greeted(peer: string, { senderId, peerMetadata = {}, answer }: Partial<Hello>): void {
    if (typeof senderId !== 'string' || senderId === this.peerId) return
    // A repository may come back before its earlier connection is gone.
    for (const [other, id] of [...this.#repositories]) if (id === senderId) this.#forget(other, peer)
    this.#repositories.set(peer, senderId)
    if (answer === true) this.#introduce(peer, false)
    this.emit('peer-candidate', { peerId: senderId, peerMetadata })
    if (this.#port.peers.every(id => this.#repositories.has(id))) this.#setReady()
  }

  /** @param except a peer whose stream goes on */
  #forget(peer: string, except?: string): void {
    if (peer !== except) this.#streams.delete(peer)
    const peerId = this.#repositories.get(peer)
    if (!this.#repositories.delete(peer)) return
    this.emit('peer-disconnected', { peerId: peerId! })
  }

  #forgetAll(): void {
    for (const peer of [...this.#repositories.keys()]) this.#forget(peer)
    this.#streams.clear()
  }
}
