// Every number of the link protocol, in one place: sizes, counts, times, budgets. Not the settings of a proxy: a remote
// relies on most of them. Times and budgets can be overridden so that tests need not wait.

/** Longest Noise message on a link, with its tag. Bytes. */
export const MAX_MESSAGE_BYTES = 65_535
/** Longest Noise plaintext. Bytes. */
export const MAX_PLAINTEXT_BYTES = 65_519
/** type(1) and length(2) of a frame. */
export const FRAME_HEADER_BYTES = 3
/** Shortest HELLO. */
export const HELLO_BYTES = 34
export const HANDLE_BYTES = 8
/** Most bytes that one DATA frame carries. */
export const MAX_DATA_BYTES = 65_507
/** Longest channel message. Bytes. */
export const RX_MAX = 1_052_672

/** Messages on one link that may have begun and not ended. */
export const MAX_UNFINISHED_MESSAGES = 3
/** Arrays and objects that a kind 0 payload may have open at once. */
export const MAX_JSON_DEPTH = 128
/** Joined ids of one handle; more are ignored and counted. */
export const MAX_JOINED_IDS = 5000
/** DATA frames for unknown handles, and kind 0 payloads that are not JSON, that a link survives in OFFENCE_WINDOW_MS. */
export const MAX_OFFENCES = 32
export const OFFENCE_WINDOW_MS = 10_000

/** Channels that one side puts into a round, and blocks that it deals for a sweep. */
export const MAX_BLOCK = 512
export const MAX_BLOCKS = 16
/** An ACK goes out after so many session frames or bytes at the latest. */
export const ACK_FRAMES = 256
export const ACK_BYTES = 256 * 1024
/** Bytes of session frames that are kept until they are acknowledged; with more the session ends. */
export const MAX_KEPT_BYTES = 16 * 2 ** 20
/** About the cost of a kept frame beside its bytes. */
export const KEPT_FRAME_BYTES = 64
/** Bytes that go out at once when a session goes on; the rest follows in later turns. */
export const RESEND_BYTES = 2 ** 20
/** HELD frames before FROM, handles that were left and are remembered, sessions that wait for a link. */
export const MAX_HELD_FRAMES = 16
export const MAX_GONE_HANDLES = 16_384
export const MAX_WAITING_SESSIONS = 256
/** Bytes of unfinished messages over all links. */
export const MAX_UNFINISHED_BYTES = 64 * 2 ** 20
/** PINGs per second that a link survives. */
export const MAX_PINGS_PER_SECOND = 10

/** A direction gets a new key after so many messages or bytes; the time is in LinkTimings. */
export const REKEY_MESSAGES = 2 ** 16
export const REKEY_BYTES = 256 * 2 ** 20
/** Bytes that the socket has not taken yet, above which a link is closed. */
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
  readonly rekeyMs: number
  /** Least time between two PINGs that ask for an ACK. */
  readonly askMs: number
  /** An ACK goes out so long after the first session frame that has none. */
  readonly ackMs: number
  /** A session without a link ends after so long. */
  readonly resumeMs: number
  /** A message may take so long from its first fragment to its last. */
  readonly unfinishedMs: number
  /** A round waits so long for the CPU budget. */
  readonly cpuWaitMs: number
  /** A reservation that is not used for so long is given up if others wait for it. */
  readonly holdMs: number
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
  rekeyMs: 600_000,
  askMs: 200,
  ackMs: 1000,
  resumeMs: 15_000,
  unfinishedMs: 60_000,
  cpuWaitMs: 30_000,
  holdMs: 1000,
  penaltyMs: 300_000
}

/** Budgets. */
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
  halfOpen: 32,
  unproven: 128,
  proven: 256
}

/** What I reserves per guessable channel before M1: the most slots that R may have, and one. R pays N_I + 1. */
export const GUESS_RESERVATION = MAX_BLOCK + 1
