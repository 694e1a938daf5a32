// Constants of the cluster's wire and presence. They are no settings: the proxies of a cluster must agree on most of them.

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
/** Shorter secrets are refused. */
export const MIN_SECRET_BYTES = 32
/** A secret and its predecessor. */
export const MAX_SECRETS = 2
/** How long one key is used. */
export const EPOCH_MS = 86_400_000
/** Batches of a sender may arrive this far behind the newest. */
export const REPLAY_WINDOW = 1024
/** Bytes that may wait until the broker has taken them. Beyond, the oldest that are not sent are dropped. */
export const MAX_QUEUED_BYTES = 16 * 1024 * 1024
/** Bytes of one frame in fragments: the largest NWS_MAX_MESSAGE_BYTES and its headers. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024 + 4096
export const MAX_SESSIONS = 20_000
/** Questions to unproven sessions that are remembered. */
export const MAX_ASKED = 4096

/** Times in milliseconds, unless the name says otherwise. */
export interface ClusterTimings {
  /** Between two digests of a proxy in a channel. */
  readonly digestMs: number
  /** A proxy that is silent in a channel for this long has left it with its peers. */
  readonly silenceMs: number
  /** Between two checks for due work. */
  readonly tickMs: number
  /** Before a session is asked the same again. */
  readonly askAgainMs: number
  /** The random wait of an answer is at most this long per proxy that may answer … */
  readonly jitterPerMemberMs: number
  /** … and at most this long. */
  readonly jitterMostMs: number
  /** How long an answer usually takes at most, without that wait. */
  readonly answerMs: number
  /** Least time between two signs of life of a proxy. */
  readonly hereMs: number
  /** Signs of life per second of the whole cluster: with more proxies each sends fewer. */
  readonly herePerSecond: number
  /** How long a silent session is remembered. */
  readonly sessionKeepMs: number
  /** How long a challenge is current. It may be answered for twice as long. Less than half of sessionKeepMs. */
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
