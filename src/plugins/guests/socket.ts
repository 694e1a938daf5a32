// The socket of one guest until it has joined: limits, the handshake, and the proof by the first record. After that the
// bytes inside are the WebSocket of an ordinary client.
import { closeCodeOf, type ErrorCode } from '../../core/errors.ts'
import { GuestResponder } from '../../core/guests/handshake.ts'
import type { Guest, Invitation, Invitations } from '../../core/guests/invitations.ts'
import { RecordOpener, RecordSealer } from '../../core/guests/records.ts'
import type { KeyedBuckets } from '../../core/keyed-buckets.ts'
import type { NoisePrimitives } from '../../core/link/primitives.ts'
import { BINARY, bytesFrame } from '../../core/websocket-frame.ts'
import { Tunnel, type TunnelCarrier } from './tunnel.ts'

/** Injected into a socket. */
export interface GuestSocketDeps {
  readonly primitives: NoisePrimitives
  readonly invitations: Invitations
  /** Wrong secrets, by address. */
  readonly wrong: KeyedBuckets<string>
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  readonly handshakeTimeoutMs: number
  /** Counts a refusal. */
  readonly refused: (code: ErrorCode) => void
  /** Gives a guest that has proven the secret its seat. @param left to be called once when it has left for good */
  readonly seat: (tunnel: Tunnel, invitation: Invitation, left: () => void) => Guest
  /** Lets a guest that lost its socket go on. */
  readonly takeBack: (tunnel: Tunnel, invitation: Invitation) => void
}

/** The request of a guest, in the clear. */
export interface GuestRequest {
  /** Id of the invitation. */
  readonly id: string
  /** Key of the address for limits. */
  readonly address: string
  /** Whether it has a seat already, and has lost its socket. */
  readonly isBack: boolean
}

/** Takes an upgraded socket, and owns it from here on. */
export function takeGuest(carrier: TunnelCarrier, { id, address, isBack }: GuestRequest, deps: GuestSocketDeps): void {
  const { websocket } = carrier
  let tunnel: Tunnel | undefined
  let isIn = false
  let invitation: Invitation | undefined

  const refuse = (code: ErrorCode): void => {
    clearTimeout(timer)
    deps.refused(code)
    websocket.close(closeCodeOf(code), code)
  }
  const timer = setTimeout(() => refuse('NWS_ERR_GUEST_PROTOCOL'), deps.handshakeTimeoutMs).unref()

  const shakeHands = (message: Buffer): void => {
    if (deps.wrong.waitMs(address, deps.now()) > 0) return refuse('NWS_ERR_GUEST_TRIES')
    invitation = deps.invitations.find(id)
    if (invitation === undefined) {
      deps.wrong.take(address, deps.now())
      return refuse('NWS_ERR_GUEST_OVER')
    }
    const { primitives } = deps
    const e = primitives.x25519KeyPair(primitives.randomBytes(32))
    const noise = new GuestResponder({ primitives, psk: invitation.facts.psk, e })
    if (noise.read(message) === undefined) {
      deps.wrong.take(address, deps.now())
      return refuse('NWS_ERR_GUEST_SECRET')
    }
    const written = noise.write(Buffer.from(JSON.stringify({ channel: invitation.facts.channel })))
    if (written === undefined) return refuse('NWS_ERR_GUEST_PROTOCOL')
    tunnel = new Tunnel(carrier, new RecordSealer(written.split.c2), new RecordOpener(written.split.c1))
    tunnel.on('error', () => {})
    carrier.transport.write(bytesFrame(BINARY, written.message))
  }

  const enter = (opened: Tunnel, wanted: Invitation): void => {
    clearTimeout(timer)
    // The invitation may have ended since the handshake.
    if (deps.invitations.find(id) !== wanted) return refuse('NWS_ERR_GUEST_OVER')
    if (isBack) {
      isIn = true
      return deps.takeBack(opened, wanted)
    }
    let seat: Guest | undefined
    const guest: Guest = {
      get peer() {
        return seat?.peer
      },
      end: code => seat?.end(code)
    }
    const refusal = wanted.admit(guest)
    if (refusal !== undefined) return refuse(refusal)
    isIn = true
    seat = deps.seat(opened, wanted, () => wanted.left(guest))
    return undefined
  }

  websocket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!isBinary) return refuse('NWS_ERR_GUEST_PROTOCOL')
    if (tunnel === undefined) return shakeHands(data)
    if (!tunnel.receive(data)) return refuse('NWS_ERR_GUEST_PROTOCOL')
    if (!isIn && invitation !== undefined) enter(tunnel, invitation)
  })
  websocket.on('close', () => {
    clearTimeout(timer)
    tunnel?.destroy()
  })
}
