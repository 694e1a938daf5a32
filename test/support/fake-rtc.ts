// RTCPeerConnections in memory for tests of BoneValue in Node.js: two connections find each other by their descriptions, and their
// data channels and tracks go between them. There is no network; `cut` and `close` are what can go wrong.
import { EventEmitter } from 'node:events'

type Listener = (event: object) => void

/** A minimal EventTarget: node's own is slow, and warns about many listeners. */
class Target {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  addEventListener(type: string, listener: Listener, options?: { once?: boolean }): void {
    if (options?.once === true) this.#emitter.once(type, listener)
    else this.#emitter.on(type, listener)
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#emitter.off(type, listener)
  }

  fire(type: string, event: object = {}): void {
    this.#emitter.emit(type, event)
  }
}

class FakeChannel extends Target {
  binaryType = 'blob'
  bufferedAmount = 0
  bufferedAmountLowThreshold = 0
  readyState = 'connecting'
  other: FakeChannel | undefined

  send(data: string | Uint8Array): void {
    if (this.readyState !== 'open') throw new Error('not open')
    const size = data.length
    this.bufferedAmount += size
    const message = typeof data === 'string' ? data : data.slice().buffer
    setImmediate(() => {
      this.bufferedAmount -= size
      if (this.other?.readyState === 'open') this.other.fire('message', { data: message })
      if (this.bufferedAmount <= this.bufferedAmountLowThreshold) this.fire('bufferedamountlow')
    })
  }

  close(): void {
    if (this.readyState === 'closed') return
    this.readyState = 'closed'
    setImmediate(() => this.fire('close'))
    this.other?.close()
  }
}

/** A track, and a stream of tracks, as far as the library looks at them. */
export class FakeTrack {
  readonly kind = 'video'
  readyState = 'live'
}
export class FakeStream extends Target {
  readonly id: string = Math.random().toString(36)
  readonly tracks: FakeTrack[]

  constructor(tracks: FakeTrack[] = [new FakeTrack()]) {
    super()
    this.tracks = tracks
  }

  getTracks(): FakeTrack[] {
    return this.tracks
  }
}

interface Transceiver {
  readonly id: string
  track: FakeTrack | null
  stream: FakeStream | undefined
  currentDirection: string | null
}

/** The connections of one test. */
export class FakeNetwork {
  readonly connections: FakeConnection[] = []
  /** While true no connection opens. */
  isCut = false

  /** The class to give to a BoneValue. */
  get RTCPeerConnection(): typeof RTCPeerConnection {
    const make = (): FakeConnection => {
      const connection = new FakeConnection(this)
      this.connections.push(connection)
      return connection
    }
    return function RTCPeerConnection() {
      return make()
    } as unknown as typeof RTCPeerConnection
  }

  find(id: string): FakeConnection | undefined {
    return this.connections.find(connection => connection.id === id)
  }
}

let count = 0

export class FakeConnection extends Target {
  readonly id: string = `fake-${++count}`
  signalingState = 'stable'
  connectionState = 'new'
  localDescription: { type: string; sdp: string } | null = null
  readonly #network: FakeNetwork
  readonly #transceivers: Transceiver[] = []
  channel: FakeChannel | undefined
  other: FakeConnection | undefined

  constructor(network: FakeNetwork) {
    super()
    this.#network = network
  }

  createDataChannel(): FakeChannel {
    this.channel = new FakeChannel()
    return this.channel
  }

  getTransceivers(): Transceiver[] {
    return this.#transceivers
  }

  getSenders(): Transceiver[] {
    return this.#transceivers
  }

  addTrack(track: FakeTrack, stream: FakeStream): void {
    this.#transceivers.push({ id: `${this.id}.${this.#transceivers.length}`, track, stream, currentDirection: null })
    setImmediate(() => this.fire('negotiationneeded'))
  }

  removeTrack(sender: Transceiver): void {
    sender.track = null
    setImmediate(() => this.fire('negotiationneeded'))
  }

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer'
    this.localDescription = { type, sdp: `v=0\r\nt=0 0\r\na=fake:${this.id}\r\n` }
    this.#enter(type === 'offer' ? 'have-local-offer' : 'stable')
    setImmediate(() => this.fire('icecandidate', { candidate: null }))
  }

  async setRemoteDescription({ type, sdp }: { type: string; sdp: string }): Promise<void> {
    const id = /a=fake:(\S+)/.exec(sdp)?.[1]
    if (id === undefined) throw new Error('no description')
    this.other = this.#network.find(id)
    this.#enter(type === 'offer' ? 'have-remote-offer' : 'stable')
  }

  async addIceCandidate(): Promise<void> {}
  restartIce(): void {}

  close(): void {
    if (this.connectionState === 'closed') return
    this.connectionState = 'closed'
    this.channel?.close()
  }

  #enter(state: string): void {
    this.signalingState = state
    if (state === 'stable') {
      this.#sendTracks()
      if (this.other !== undefined) this.other.#sendTracks()
      this.#open()
    }
    this.fire('signalingstatechange')
  }

  /** What a negotiation changes: tracks begin and end at the other end. */
  #sendTracks(): void {
    for (const own of this.#transceivers) {
      if (own.stream === undefined || this.other === undefined) continue
      const isSent = own.track !== null
      if (isSent === (own.currentDirection === 'sendonly')) continue
      own.currentDirection = isSent ? 'sendonly' : 'inactive'
      const theirs = this.other.#transceivers
      const known = theirs.find(({ id }) => id === own.id)
      if (known !== undefined) {
        known.currentDirection = isSent ? 'recvonly' : 'inactive'
        continue
      }
      theirs.push({ id: own.id, track: null, stream: undefined, currentDirection: 'recvonly' })
      const { other } = this
      setImmediate(() => other.fire('track', { streams: [own.stream] }))
    }
  }

  #open(): void {
    const { channel, other } = this
    if (
      this.#network.isCut ||
      channel === undefined ||
      other?.channel === undefined ||
      channel.readyState !== 'connecting'
    )
      return
    channel.other = other.channel
    other.channel.other = channel
    for (const each of [channel, other.channel]) each.readyState = 'open'
    for (const each of [this, other]) {
      each.connectionState = 'connected'
      setImmediate(() => each.channel!.fire('open'))
    }
  }
}
