// Names, limits and times of discovery.

/** The service type of proxies. */
export const SERVICE_TYPE = '_nws._tcp.local'

/** Key and value in the TXT record of a proxy that speaks link protocol 3. */
export const TEXT_KEY = 'v'
export const TEXT_VALUE = '3'

/** How many ids and addresses are kept. */
export interface RemoteTableLimits {
  /** Ids of one sender. The oldest without a link makes room. */
  readonly perSender: number
  /** Ids of this machine itself. */
  readonly perOwnMachine: number
  /** Ids in all. */
  readonly all: number
  /** Addresses of one id. */
  readonly addresses: number
}

export const remoteTableLimits: RemoteTableLimits = { perSender: 16, perOwnMachine: 256, all: 256, addresses: 8 }

/** Milliseconds. */
export interface RemoteTableTimings {
  /** Until a withdrawal takes effect, unless the record is announced again (RFC 6762 §10.1). */
  readonly goodbyeMs: number
  /** Until an id without a known service, text or address is dropped. */
  readonly incompleteMs: number
  /** The age at which the ids of a sender with a full share make room, so that a sender cannot make us dial for ever. */
  readonly replaceMs: number
  /** Range of record lifetimes, so that a sender cannot make us ask all the time or remember for days. */
  readonly lifetimeMs: readonly [number, number]
  /** The waits before each question for missing records. */
  readonly missingMs: readonly number[]
}

export const remoteTableTimings: RemoteTableTimings = {
  goodbyeMs: 1000,
  incompleteMs: 15_000,
  replaceMs: 10_000,
  lifetimeMs: [10_000, 120_000],
  missingMs: [20, 1000, 3000, 7000]
}

/** Milliseconds. */
export interface QueryTimings {
  /** Range of the random wait before the first question, so that machines that start together do not collide. */
  readonly firstMs: readonly [number, number]
  /** Gap between the first questions. It triples with each. */
  readonly gapMs: number
  /** Largest gap. */
  readonly maxGapMs: number
}

/** Questions after 20–120 ms, then at 1, 4, 13, 40 s and once a minute. */
export const queryTimings: QueryTimings = { firstMs: [20, 120], gapMs: 1000, maxGapMs: 60_000 }
