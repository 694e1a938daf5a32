// One RTCPeerConnection with one peer and its one data channel: negotiated through the rendezvous, mended when the way
// between the two changes. Knows nothing of requests.
import type { DataChannel, IceCandidate, PeerConnectionClass, PeerConnectionConfiguration } from '../platform-types.ts'
import { belonging, judge, markSdp, readAttempt } from './negotiation.ts'

/** A signal to or from the other end, by way of the rendezvous. */
export type Signal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: IceCandidate | null }

/** Injected into a connection. */
export interface DirectConnectionOptions {
  readonly RTCPeerConnection: PeerConnectionClass
  readonly configuration: PeerConnectionConfiguration
  /** Which of the two gives way when both offer; differs at the two ends. */
  readonly isPolite: boolean
  /** Time until the channel has to be open, milliseconds. */
  readonly connectTimeoutMs: number
  /** Sends a signal to the other end. */
  send(signal: Signal): void
  /** Whether signals get through at present. */
  canSignal(): boolean
  /** The channel is open. */
  opened(channel: DataChannel): void
  /** It is over, by `close` or by itself. Called once. */
  ended(): void
}

/** A connection from its first offer to its end. */
export class DirectConnection {
  readonly #options: DirectConnectionOptions
  readonly #connection: RTCPeerConnection
  readonly #session = Array.from(crypto.getRandomValues(new Uint32Array(4)), part => part.toString(36)).join('')
  #other: string | undefined
  #channel: RTCDataChannel | undefined
  #ignoresCandidates = false
  #isOpen = false
  #isOver = false
  #work: Promise<void> = Promise.resolve()
  readonly #gathering: Promise<unknown>
  readonly #timer: ReturnType<typeof setTimeout>

  constructor(options: DirectConnectionOptions) {
    this.#options = options
    const connection = new options.RTCPeerConnection(options.configuration)
    this.#connection = connection
    this.#gathering = new Promise(resolve => {
      connection.addEventListener('icecandidate', resolve, { once: true })
    })
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (!this.#isOver && candidate !== null && candidate !== undefined && candidate.candidate !== '')
        options.send({ type: 'candidate', candidate: candidate.toJSON() })
    })
    connection.addEventListener('connectionstatechange', () => this.#look())
    this.#timer = setTimeout(() => {
      if (!this.#isOpen) this.close()
    }, options.connectTimeoutMs)
  }

  /** Whether this is still being negotiated for the first time, with an unanswered offer of this end. */
  get isUnanswered(): boolean {
    return !this.#isOpen && this.#other === undefined
  }

  /** Offers a connection to the other end. */
  offer(): void {
    this.#openChannel()
    this.#enqueue(() => this.#offer())
  }

  /** A signal of the other end. @returns false: the other end has begun anew, and the signal is for another connection */
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

  /** Ends it; the other end hears that through the channel. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#connection.close()
    this.#options.ended()
  }

  #openChannel(): void {
    if (this.#channel !== undefined) return
    const channel = this.#connection.createDataChannel('bonevalue', { negotiated: true, id: 0 })
    this.#channel = channel
    channel.addEventListener('open', () => {
      if (this.#isOver || this.#isOpen) return
      this.#isOpen = true
      clearTimeout(this.#timer)
      this.#options.opened(channel)
    })
    channel.addEventListener('close', () => this.close())
  }

  async #offer(): Promise<void> {
    await this.#connection.setLocalDescription()
    this.#sendDescription()
  }

  /** Runs when all signals before are dealt with, so that the state of signalling is that of this moment. */
  async #take(type: 'offer' | 'answer', sdp: string): Promise<void> {
    const verdict = judge(this.#connection.signalingState, this.#options.isPolite, type)
    if (type === 'offer') this.#ignoresCandidates = verdict === 'ignore'
    if (verdict === 'ignore') return
    // In Chromium an offer that is taken back before its ICE gathering has begun leaves, in one of ten cases, none behind
    // that ever begins.
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
      this.#options.send({
        type: type as 'offer' | 'answer',
        sdp: markSdp(sdp, this.#session, this.#other === '' ? undefined : this.#other)
      })
  }

  #look(): void {
    if (this.#isOver) return
    const state = this.#connection.connectionState
    if (state === 'failed' || state === 'closed') return this.close()
    // A machine that changes its network loses the way, not the peer. One end looks for another way: two would be in each
    // other's.
    if (state === 'disconnected' && this.#isOpen && !this.#options.isPolite && this.#options.canSignal()) {
      this.#connection.restartIce()
      this.#enqueue(() => this.#offer())
    }
  }

  /** The other end may send anything. It can make the negotiation fail, but cause no error of this page. */
  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#isOver ? undefined : task())).catch(() => {})
  }
}
