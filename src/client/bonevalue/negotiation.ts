// Judges an arriving offer or answer: perfect negotiation (WebRTC §10.7), and its attempt. Pure:
// no RTCPeerConnection here. The rendezvous passes on SDP and nothing beside it, so the attempt is named in a line of it.

/** The session attribute: id of the sender's connection and of the receiver's, if it answers or continues one. */
const ATTRIBUTE = /^a=x-bonevalue:([\w-]{1,64})(?: ([\w-]{1,64}))?\r?$/m

/** Which connections a description speaks of. */
export interface Attempt {
  /** The sender's connection; undefined: it does not say. */
  readonly session: string | undefined
  /** The receiver's connection; undefined: any. */
  readonly to: string | undefined
}

/** Writes an attempt into SDP, behind its time description (RFC 8866 §5: attributes of the session come last). */
export function markSdp(sdp: string, session: string, to: string | undefined): string {
  return sdp.replace(/^t=.*\r?\n/m, line => `${line}a=x-bonevalue:${session}${to === undefined ? '' : ` ${to}`}\r\n`)
}

/** Reads an attempt from SDP. */
export function readAttempt(sdp: string): Attempt {
  const [, session, to] = ATTRIBUTE.exec(sdp) ?? []
  return { session, to }
}

/** Whose a description is: of another attempt that is over, of this one, or of a connection that the other end has begun anew. */
export type Belonging = 'stale' | 'own' | 'anew'

/**
 * Decides what a description is about.
 *
 * @param session id of this end's connection
 * @param other that of the other end as far as it is known
 */
export function belonging(
  session: string,
  other: string | undefined,
  type: 'offer' | 'answer',
  attempt: Attempt
): Belonging {
  if (attempt.to !== undefined && attempt.to !== session) return 'stale'
  if (other === undefined || attempt.session === undefined || attempt.session === other) return 'own'
  return type === 'offer' ? 'anew' : 'stale'
}

/** The verdict on a description: take it, take back the own offer and then take it, or ignore it. */
export type Verdict = 'take' | 'yield' | 'ignore'

/** Decides about a description in a state of signalling. @param isPolite whether this end gives way when both offer */
export function judge(state: RTCSignalingState, isPolite: boolean, type: 'offer' | 'answer'): Verdict {
  const hasOffered = state === 'have-local-offer'
  if (type === 'answer') return hasOffered ? 'take' : 'ignore'
  if (!hasOffered) return 'take'
  return isPolite ? 'yield' : 'ignore'
}
