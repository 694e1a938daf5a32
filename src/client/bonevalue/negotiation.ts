// What to do with an offer or answer that arrives: perfect negotiation (WebRTC §10.7), and which attempt it belongs to. Pure:
// no RTCPeerConnection here. The rendezvous passes on SDP and nothing beside it, so the attempt is named in a line of it.

/** The session attribute: id of the sender's connection and, where it answers or goes on with one, of the receiver's. */
const ATTRIBUTE = /^a=x-bonevalue:([\w-]{1,64})(?: ([\w-]{1,64}))?\r?$/m

/** Which connections a description speaks of. */
export interface Attempt {
  /** The sender's connection; undefined: it does not say. */
  readonly session: string | undefined
  /** The receiver's connection; undefined: any. */
  readonly to: string | undefined
}

/** Writes an attempt into SDP, behind its time description (RFC 8866 §5: attributes of the session come last). */
export function markSdp (sdp: string, session: string, to: string | undefined): string {
  return sdp.replace(/^t=.*\r?\n/m, line => `${line}a=x-bonevalue:${session}${to === undefined ? '' : ` ${to}`}\r\n`)
}

/** Reads an attempt from SDP. */
export function readAttempt (sdp: string): Attempt {
  const [, session, to] = ATTRIBUTE.exec(sdp) ?? []
  return { session, to }
}

/** What to do with a description. */
export type Verdict =
  /** Nothing: it is about something that is over, or gives way to this end's own. */
  | 'ignore'
  /** It takes the place of this end's own offer, which is taken back. */
  | 'yield'
  | 'take'
  /** The other end has begun anew: so has this one to, with another connection. */
  | 'anew'

/** The state of a connection as far as the decision goes. */
export interface NegotiationState {
  readonly session: string
  /** The other end's connection as far as it is known. */
  readonly other: string | undefined
  readonly isPolite: boolean
  /** An offer of this end is being made or has no answer. */
  readonly isOffering: boolean
}

/** Decides about a description. */
export function judge (state: NegotiationState, type: 'offer' | 'answer', { session, to }: Attempt): Verdict {
  if (to !== undefined && to !== state.session) return 'ignore'
  const isOther = session !== undefined && state.other !== undefined && session !== state.other
  if (type === 'answer') return state.isOffering && !isOther ? 'take' : 'ignore'
  if (isOther) return 'anew'
  if (!state.isOffering) return 'take'
  return state.isPolite ? 'yield' : 'ignore'
}
