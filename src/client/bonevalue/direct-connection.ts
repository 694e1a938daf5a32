// One RTCPeerConnection with one peer and one data channel: negotiated through the rendezvous, repaired if the network
// changes.
import type {
  DataChannel,
  IceCandidate,
  PeerConnection,
  PeerConnectionClass,
  PeerConnectionConfiguration,
  Stream
} from '../platform-types.ts'
import { belonging, judge, markSdp, readAttempt } from './negotiation.ts'

/** A signal between the two ends, through the rendezvous. */
export type Signal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: IceCandidate | null }

export interface DirectConnectionDeps {
  readonly RTCPeerConnection: PeerConnectionClass
  readonly configuration: PeerConnectionConfiguration
  /** Whether this end gives way if both offer. It differs at the two ends. */
  readonly isPolite: boolean
  /** Limit until the channel is open, milliseconds. */
  readonly connectTimeoutMs: number
  send(signal: Signal): void
  /** Whether signals can be sent now. */
  canSignal(): boolean
  /** The channel is open. */
  opened(channel: DataChannel): void
  /** The other end has added a stream. */
  streamed(stream: Stream): void
  /** A negotiation is over: streams may have ended. */
  negotiated(): void
  /** The connection is over. Called once. */
  ended(): void
}

/** A connection from its first offer to its end. */
export class DirectConnection {
  readonly #deps: DirectConnectionDeps
  readonly #connection: RTCPeerConnection
  readonly #session = Array.from(crypto.getRandomValues(new Uint32Array(4)), part => part.toString(36)).join('')
  #other: string | undefined
  #channel: RTCDataChannel | undefined
  /** Ids of the other end's streams. */
  readonly #received = new Set<string>()
  #ignoresCandidates = false
  #isOpen = false
  #isOver = false
  #work: Promise<void> = Promise.resolve()
  readonly #gathering: Promise<unknown>
  readonly #timer: ReturnType<typeof setTimeout>

  constructor(deps: DirectConnectionDeps) {
    this.#deps = deps
    const connection = new deps.RTCPeerConnection(deps.configuration)
    this.#connection = connection
    this.#gathering = new Promise(resolve => {
      connection.addEventListener('icecandidate', resolve, { once: true })
    })
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (!this.#isOver && candidate !== null && candidate !== undefined && candidate.candidate !== '')
        deps.send({ type: 'candidate', candidate: candidate.toJSON() })
    })
    connection.addEventListener('connectionstatechange', () => this.#look())
    connection.addEventListener('track', ({ streams: [stream] }) => {
      if (stream === undefined || this.#received.has(stream.id)) return
      this.#received.add(stream.id)
      stream.addEventListener('removetrack', () => {
        if (stream.getTracks().length === 0) this.#received.delete(stream.id)
      })
      deps.streamed(stream)
    })
    connection.addEventListener('negotiationneeded', () => {
      if (this.#isOpen)
        this.#enqueue(async () => {
          if (connection.signalingState === 'stable') await this.#offer()
        })
    })
    connection.addEventListener('signalingstatechange', () => {
      if (connection.signalingState === 'stable') deps.negotiated()
    })
    this.#timer = setTimeout(() => {
      if (!this.#isOpen) this.close()
    }, deps.connectTimeoutMs)
  }

  /** Whether the first offer of this end has no answer yet. */
  get isUnanswered(): boolean {
    return !this.#isOpen && this.#other === undefined
  }

  /** The connection itself, for applications. */
  get connection(): PeerConnection {
    return this.#connection
  }

  /** Whether audio or video is on its way, in either direction. */
  get hasMedia(): boolean {
    const connection: Partial<RTCPeerConnection> = this.#connection
    return (
      connection.getTransceivers?.().some(({ currentDirection }) => /send|recv/.test(currentDirection ?? '')) ?? false
    )
  }

  /** Sends the tracks of a stream. */
  addStream(stream: Stream): void {
    for (const track of stream.getTracks()) this.#connection.addTrack(track, stream)
  }

  removeStream(stream: Stream): void {
    const tracks = new Set<unknown>(stream.getTracks())
    for (const sender of this.#connection.getSenders())
      if (tracks.has(sender.track)) this.#connection.removeTrack(sender)
  }

  /** Offers a connection to the other end. */
  offer(): void {
    this.#openChannel()
    this.#enqueue(() => this.#offer())
  }

  /** A signal of the other end. @returns false if the other end has started a new connection and the signal is for that */
  receive(signal: Signal): boolean {
    if (this.#isOver) return true
    if (signal.type === 'candidate') {
      const { candidate } = signal
      if (candidate !== null)
        this.#enqueue(async () => {
          if (!this.#ignoresCandidates) await this.#connection.addIceCandidate(candidate)
        })
      return true
    }
    const { type, sdp } = signal
    const attempt = readAttempt(sdp)
    const whose = belonging(this.#session, this.#other, type, attempt)
    if (whose === 'own') {
      this.#other ??= attempt.session ?? ''
      this.#enqueue(() => this.#take(type, sdp))
    }
    return whose !== 'anew'
  }

  /** Ends the connection. The other end sees that by the channel. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#connection.close()
    this.#deps.ended()
  }

  #openChannel(): void {
    if (this.#channel !== undefined) return
    const channel = this.#connection.createDataChannel('bonevalue', { negotiated: true, id: 0 })
    this.#channel = channel
    channel.addEventListener('open', () => {
      if (this.#isOver || this.#isOpen) return
      this.#isOpen = true
      clearTimeout(this.#timer)
      this.#deps.opened(channel)
    })
    channel.addEventListener('close', () => this.close())
  }

  async #offer(): Promise<void> {
    await this.#connection.setLocalDescription()
    this.#sendDescription()
  }

  /** Runs after all earlier signals, so that the signalling state is current. */
  async #take(type: 'offer' | 'answer', sdp: string): Promise<void> {
    const verdict = judge(this.#connection.signalingState, this.#deps.isPolite, type)
    if (type === 'offer') this.#ignoresCandidates = verdict === 'ignore'
    if (verdict === 'ignore') return
    // Chromium: if an offer is rolled back before its ICE gathering has begun, gathering never begins in one of ten cases.
    if (verdict === 'yield') await this.#gathering
    await this.#connection.setRemoteDescription({ type, sdp })
    if (type === 'answer') return
    this.#openChannel()
    await this.#connection.setLocalDescription()
    this.#sendDescription()
  }

  #sendDescription(): void {
    const { type, sdp } = this.#connection.localDescription!
    if (!this.#isOver)
      this.#deps.send({
        type: type as 'offer' | 'answer',
        sdp: markSdp(sdp, this.#session, this.#other === '' ? undefined : this.#other)
      })
  }

  #look(): void {
    if (this.#isOver) return
    const state = this.#connection.connectionState
    if (state === 'failed' || state === 'closed') return this.close()
    // A machine that changes its network can still reach the peer. Only one end restarts ICE: both would disturb each
    // other.
    if (state === 'disconnected' && this.#isOpen && !this.#deps.isPolite && this.#deps.canSignal()) {
      this.#connection.restartIce()
      this.#enqueue(() => this.#offer())
    }
  }

  /** The other end may send anything. It can make the negotiation fail, but no error in this page. */
  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#isOver ? undefined : task())).catch(() => {})
  }
}
