// `peerConnection`: an RTCPeerConnection with a peer of a channel, negotiated over direct messages that the
// application does not see. Perfect negotiation as in the WebRTC standard (§10.7); no media and no data channels are
// made here, and no STUN server is needed on a local network.
import type { PeerWebSocket } from './peer-web-socket.ts'
import type { PeerConnection, PeerConnectionClass, PeerConnectionConfiguration } from './platform-types.ts'
import { SIGNALS } from './signals.ts'

/** The signals of the two ends. Each end's attempt has a session; signals for an earlier one are stale. */
interface Message {
  readonly session?: unknown
  /** Session of the other end as far as it is known. */
  readonly to?: unknown
  readonly description?: RTCSessionDescriptionInit
  readonly candidate?: RTCIceCandidateInit | null
  readonly bye?: boolean
}

/** Options of `peerConnection`. */
export interface PeerConnectionOptions {
  /** The class to use. Default: the global one. */
  readonly RTCPeerConnection?: PeerConnectionClass
}

const current = new WeakMap<PeerWebSocket, RTCPeerConnection>()

/**
 * A connection with a peer that is negotiated whenever that is needed: add tracks or data channels to it. The other
 * end calls it too, before or after. A later call for the same peer closes the earlier connection. It closes when the
 * other end closes it and when the peer leaves the channel.
 *
 * @param peer of a channel, open
 * @param config as of RTCPeerConnection
 */
export function peerConnection(
  peer: PeerWebSocket,
  config?: PeerConnectionConfiguration,
  options: PeerConnectionOptions = {}
): PeerConnection {
  current.get(peer)?.close()
  const port = peer[SIGNALS]
  const connection = new (options.RTCPeerConnection ?? RTCPeerConnection)(config)
  current.set(peer, connection)
  const session = Array.from(crypto.getRandomValues(new Uint32Array(2)), part => part.toString(36)).join('')
  const polite = port.ownId < peer.id
  let other: unknown
  let makingOffer = false
  let ignoresOffer = false
  let over = false

  function send(signal: Message): void {
    if (!over) port.send({ session, to: other, ...signal })
  }

  const close = connection.close.bind(connection)
  function end(told: boolean): void {
    if (over) return
    if (!told && peer.readyState === peer.OPEN) send({ bye: true })
    over = true
    port.receive(undefined)
    peer.removeEventListener('close', gone)
    close()
    // The standard fires nothing for a close of one's own, but to the application this one comes from outside.
    if (told) connection.dispatchEvent(new Event('connectionstatechange'))
  }
  const gone = (): void => end(true)
  connection.close = () => end(false)
  peer.addEventListener('close', gone)

  const gathering = new Promise(resolve => connection.addEventListener('icecandidate', resolve, { once: true }))

  async function offer(): Promise<void> {
    try {
      makingOffer = true
      await connection.setLocalDescription()
      send({ description: connection.localDescription! })
    } finally {
      makingOffer = false
    }
  }

  async function accept({ description, candidate }: Message): Promise<void> {
    if (description) {
      const collides = description.type === 'offer' && (makingOffer || connection.signalingState !== 'stable')
      ignoresOffer = !polite && collides
      if (ignoresOffer) return
      // Measured: in Chromium an offer that is taken back before its ICE gathering has begun leaves none behind that
      // ever begins, in one of ten cases.
      if (collides) await gathering
      await connection.setRemoteDescription(description) // Takes back an own offer that collides.
      if (description.type === 'offer') {
        await connection.setLocalDescription()
        send({ description: connection.localDescription! })
      }
    } else if (candidate !== undefined && !ignoresOffer) {
      await connection.addIceCandidate(candidate ?? undefined)
    }
  }

  /** The other end may send anything. It can make the negotiation fail, but cause no error of this page. */
  let work = Promise.resolve()
  function enqueue(task: () => Promise<void>): void {
    work = work.then(() => (over ? undefined : task())).catch(() => {})
  }

  connection.addEventListener('negotiationneeded', () => void offer().catch(() => {}))
  connection.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate) send({ candidate: candidate.toJSON() })
  })
  port.receive(value => {
    const signal = Object(value) as Message
    if (typeof signal.session !== 'string' || (signal.to !== undefined && signal.to !== session)) return false
    if (other !== undefined && signal.session !== other) {
      // The other end has begun anew: so does this one, at the next call.
      end(true)
      return true
    }
    if (signal.bye === true) {
      if (other !== undefined) end(true)
      return false
    }
    other = signal.session
    enqueue(() => accept(signal))
    return false
  })
  return connection
}
