// `peerConnection`: an RTCPeerConnection with a peer of a channel. Perfect negotiation as in the WebRTC standard (§10.7), by
// direct messages that the application does not see.
import type { PeerWebSocket } from './peer-web-socket.ts'
import type { PeerConnection, PeerConnectionClass, PeerConnectionConfiguration } from './platform-types.ts'
import { SIGNALS } from './signals.ts'

/** A signal between the two ends. Each attempt of an end has a session; signals for earlier ones are stale. */
interface Message {
  readonly session?: unknown
  /** Session of the other end, if known. */
  readonly to?: unknown
  readonly description?: RTCSessionDescriptionInit
  readonly candidate?: RTCIceCandidateInit | null
  readonly bye?: boolean
}

export interface PeerConnectionOptions {
  /** Default: the global class. */
  readonly RTCPeerConnection?: PeerConnectionClass
}

const current = new WeakMap<PeerWebSocket, RTCPeerConnection>()

/**
 * Makes a connection with a peer, which negotiates itself: add tracks or data channels to it. The other end must call this
 * function too, at any time. A later call for the same peer closes the earlier connection. The connection closes if the
 * other end closes it or leaves the channel.
 *
 * @param peer an open peer of a channel
 * @param config as for RTCPeerConnection
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
    // The standard dispatches nothing for close(), but here the other end closed.
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
      // Measured in Chromium: if an offer is rolled back before its ICE gathering has begun, gathering never begins in
      // one of ten cases.
      if (collides) await gathering
      await connection.setRemoteDescription(description) // Rolls back an own offer that collides.
      if (description.type === 'offer') {
        await connection.setLocalDescription()
        send({ description: connection.localDescription! })
      }
    } else if (candidate !== undefined && !ignoresOffer) {
      await connection.addIceCandidate(candidate ?? undefined)
    }
  }

  /** The other end may send anything. It can make the negotiation fail, but no error in this page. */
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
      // The other end has started again: so does this one, at the next call.
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
