// The numbers of the cluster's wire and of its presence. Not settings: all proxies of a cluster have to agree on most.

/** First byte of every sealed batch. */
export const WIRE_VERSION = 1
/** version(1) epoch(4) session(16) number(8). */
export const HEADER_BYTES = 29
export const TAG_BYTES = 16
export const SESSION_BYTES = 16
export const PROXY_ID_BYTES = 16
export const CHALLENGE_BYTES = 16
/** 160 bits: 32 characters of base32. */
export const TOKEN_BYTES = 20
/** Fewer random bytes than this are no secret of a cluster. */
export const MIN_SECRET_BYTES = 32
/** A secret and the one that it replaces. */
export const MAX_SECRETS = 2
/** How long one key is used. */
export const EPOCH_MS = 86_400_000
/** How far behind the newest a batch of a sender may come. */
export const REPLAY_WINDOW = 1024
/** Bytes that wait for the broker; beyond, the oldest goes. */
export const MAX_QUEUED_BYTES = 16 * 1024 * 1024
/** Bytes of one frame that comes in fragments: the largest NWS_MAX_MESSAGE_BYTES with all that stands before it. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024 + 4096
/** Other sessions that are remembered. */
export const MAX_SESSIONS = 20_000
/** Sessions that were asked to prove themselves and have not yet. */
export const MAX_ASKED = 4096

/** Times in milliseconds, except where the name says otherwise. */
export interface ClusterTimings {
  /** Between two digests of a channel. */
  readonly digestMs: number
  /** Without a sign of a proxy in a channel for this long, its peers are gone. */
  readonly silenceMs: number
  /** How often clocks are looked at. */
  readonly tickMs: number
  /** Before the same thing is asked of the same session again. */
  readonly askAgainMs: number
  /** An answer that many give at once comes after up to this long for each proxy that may answer … */
  readonly jitterPerMemberMs: number
  /** … and this long at most. */
  readonly jitterMostMs: number
  /** How long an answer of the others takes at most, as a rule, beside that wait. */
  readonly answerMs: number
  /** Least time between two signs of life to all proxies of the cluster. */
  readonly hereMs: number
  /** Signs of life that the whole cluster gives per second: with more proxies each gives fewer. */
  readonly herePerSecond: number
  /** How long a session is remembered that says nothing. */
  readonly sessionKeepMs: number
  /** How long a challenge is current; it is answered for twice as long. Less than half of sessionKeepMs. */
  readonly challengeMs: number
}

export const clusterTimings: ClusterTimings = {
  digestMs: 10_000,
  silenceMs: 25_000,
  tickMs: 1000,
  askAgainMs: 500,
  jitterPerMemberMs: 2,
  jitterMostMs: 1000,
  answerMs: 400,
  hereMs: 10_000,
  herePerSecond: 20,
  sessionKeepMs: 180_000,
  challengeMs: 60_000
}
