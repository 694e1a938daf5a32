// Every number of the link protocol, in one place: sizes, counts, times, budgets. Not the settings of a proxy: a remote
// relies on most of them. Times and budgets can be overridden so that tests need not wait.

/** Longest WebSocket message on a link: one Noise message with its tag (PROTOCOL §5.1). Bytes. */
export const MAX_MESSAGE_BYTES = 65_535
/** Longest Noise plaintext (§5.3). Bytes. */
export const MAX_PLAINTEXT_BYTES = 65_519
/** type(1) and length(4) of a frame. */
export const FRAME_HEADER_BYTES = 5
export const HELLO_BYTES = 25
export const HANDLE_BYTES = 8
export const TOKEN_BYTES = 32
/** Most bytes that one DATA frame carries. */
export const MAX_DATA_BYTES = 65_505
/** The version of the protocol that this code speaks: ver_max of HELLO. */
export const VERSION = 2
/** Longest channel message; the rx_max of HELLO. A larger rx_max of the remote counts as this (§5.3). Bytes. */
export const RX_MAX = 1_052_672

/** Messages on one link that may have begun and not ended (§5.7). */
export const MAX_UNFINISHED_MESSAGES = 3
/** Arrays and objects that a kind 0 payload may have open at once (§5.7). */
export const MAX_JSON_DEPTH = 128
/** Joined ids of one handle; more are ignored and counted (§5.7). */
export const MAX_JOINED_IDS = 5000
/** Pending JOINs of one handle (§5.7). */
export const MAX_PENDING_IDS = 64
/** DATA frames for unknown handles, and kind 0 payloads that are not JSON, that a link survives in OFFENCE_WINDOW_MS. */
export const MAX_OFFENCES = 32
export const OFFENCE_WINDOW_MS = 10_000

/** Channels that one side puts into a round (§5.4), and blocks that it deals for a sweep (§5.5). */
export const MAX_BLOCK = 512
export const MAX_BLOCKS = 16
/** SAME tokens that a side sends when a link opens, and that it takes on one link (§5.6). */
export const MAX_SAME_SENT = 16
export const MAX_SAME_KEPT = 32
/** Ended links of which a side tells the same remote when a link opens, that it remembers of all remotes, and how long (§5.6). */
export const MAX_OVER_SENT = 8
export const MAX_OVER_KEPT = 256
export const OVER_KEPT_MS = 60_000
/** PINGs per second that a link survives (§5.8). */
export const MAX_PINGS_PER_SECOND = 10

/** A direction gets a new key after so many messages or bytes (§5.8); the time is in LinkTimings. */
export const REKEY_MESSAGES = 2 ** 16
export const REKEY_BYTES = 256 * 2 ** 20
/** Bytes that the socket has not taken yet, above which a link is closed (§5.8). */
export const MAX_QUEUED_BYTES = 16 * 2 ** 20
/** Bytes of frames that wait for a step being computed, above which the socket is not read (own choice). */
export const MAX_WAITING_BYTES = 2 ** 20

/** Times in milliseconds. */
export interface LinkTimings {
  /** W0 or W1 must arrive within this time. */
  readonly handshakeMs: number
  /** HELLO must arrive within this time after the handshake. */
  readonly helloMs: number
  /** I waits so long for M2. */
  readonly m2Ms: number
  /** Either side waits so long for every other message of a round. */
  readonly stepMs: number
  /** Channels that become new within this time after the first go into one sweep. */
  readonly batchMs: number
  /** How long a channel stays on its links after its last local peer has left. */
  readonly lingerMs: number
  /** The first retry of channels that sat out comes after one to two times this. */
  readonly sitOutMs: number
  readonly sitOutMaxMs: number
  /** Silence after which a PING goes out, ± 20 %. */
  readonly pingMs: number
  /** Silence after which a link is dead. */
  readonly deadMs: number
  /** Silence after which a probed link is dead. */
  readonly probeMs: number
  /** A link whose queue does not shrink for so long is closed. */
  readonly drainMs: number
  readonly rekeyMs: number
  /** The first sweep of a link that may have a twin waits so long for the proof. */
  readonly twinWaitMs: number
  /** A twin that is not kept is closed at the latest so long after the proof. */
  readonly twinCloseMs: number
  /** A round waits so long for the CPU budget. */
  readonly cpuWaitMs: number
  /** An address that let a reservation run out is served last for so long. */
  readonly penaltyMs: number
}

/** The times of the protocol. */
export const timings: LinkTimings = {
  handshakeMs: 3000,
  helloMs: 3000,
  m2Ms: 35_000,
  stepMs: 5000,
  batchMs: 10,
  lingerMs: 30_000,
  sitOutMs: 30_000,
  sitOutMaxMs: 600_000,
  pingMs: 15_000,
  deadMs: 45_000,
  probeMs: 5000,
  drainMs: 10_000,
  rekeyMs: 600_000,
  twinWaitMs: 250,
  twinCloseMs: 5000,
  cpuWaitMs: 30_000,
  penaltyMs: 300_000
}

/** Budgets of §6. */
export interface LinkBudgets {
  /** Tokens per guessable name: burst and rate. */
  readonly guessBurst: number
  readonly guessPerSecond: number
  /** Names whose bucket is remembered. */
  readonly guessNames: number
  /** Elements that remotes may make this proxy multiply: burst and rate. */
  readonly cpuBurst: number
  readonly cpuPerSecond: number
  /** How far a proven link's charge may overdraw the CPU bucket. */
  readonly cpuOverdraft: number
  /** Reservations that unproven links may hold together. */
  readonly unprovenReservations: number
  /** Sweeps that I starts in a burst, and per second after that, on one link. */
  readonly sweepBurst: number
  readonly sweepsPerSecond: number
  /** Links that have not said HELLO; links without a confirmed channel; links with one. */
  readonly halfOpen: number
  readonly unproven: number
  readonly proven: number
}

/** The budgets of the protocol. */
export const budgets: LinkBudgets = {
  guessBurst: 8192,
  guessPerSecond: 8,
  guessNames: 4096,
  cpuBurst: 8192,
  cpuPerSecond: 400,
  cpuOverdraft: 1024,
  unprovenReservations: 4,
  sweepBurst: 16,
  sweepsPerSecond: 1,
  halfOpen: 32,
  unproven: 128,
  proven: 256
}

/** What I reserves per guessable channel before M1: the most slots that R may have, and one. R pays N_I + 1 (§6.3). */
export const GUESS_RESERVATION = MAX_BLOCK + 1
