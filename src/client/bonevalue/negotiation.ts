// Decides about offers and answers: perfect negotiation (WebRTC §10.7), and the attempt to which they belong. The rendezvous
// passes on nothing but SDP, so a line of it names the attempt.

/** The session attribute: id of the sender's connection and, in an answer or a later offer, of the receiver's. */
const ATTRIBUTE = /^a=x-bonevalue:([\w-]{1,64})(?: ([\w-]{1,64}))?\r?$/m

export interface Attempt {
  /** The sender's connection; undefined: unknown. */
  readonly session: string | undefined
  /** The receiver's connection; undefined: any. */
  readonly to: string | undefined
}

/** Writes an attempt into SDP, after its time description (RFC 8866 §5: attributes of the session come last). */
export function markSdp(sdp: string, session: string, to: string | undefined): string {
  return sdp.replace(/^t=.*\r?\n/m, line => `${line}a=x-bonevalue:${session}${to === undefined ? '' : ` ${to}`}\r\n`)
}

export function readAttempt(sdp: string): Attempt {
  const [, session, to] = ATTRIBUTE.exec(sdp) ?? []
  return { session, to }
}

/** A description belongs to an attempt that is over, to this one, or to a new one of the other end. */
export type Belonging = 'stale' | 'own' | 'anew'

/**
 * Decides to which attempt a description belongs.
 *
 * @param session id of this end's connection
 * @param other id of the other end's connection, if known
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

/** Take a description, roll back the own offer first (`yield`), or ignore it. */
export type Verdict = 'take' | 'yield' | 'ignore'

/** Decides about a description. @param isPolite whether this end gives way if both offer */
export function judge(state: RTCSignalingState, isPolite: boolean, type: 'offer' | 'answer'): Verdict {
  const hasOffered = state === 'have-local-offer'
  if (type === 'answer') return hasOffered ? 'take' : 'ignore'
  if (!hasOffered) return 'take'
  return isPolite ? 'yield' : 'ignore'
}
