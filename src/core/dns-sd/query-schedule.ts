// When to ask the network "who is there": soon, then ever more rarely (RFC 6762 §5.2). Only the times, no packets and
// no clock.

/** Times in ms. */
export interface QueryTimes {
  /** The first question waits for a random time in this range, so that machines that start together do not collide. */
  readonly firstMs: readonly [number, number]
  /** Time between the first questions; it triples with each. */
  readonly gapMs: number
  /** The gap grows up to this. */
  readonly maxGapMs: number
}

/** Questions after 20–120 ms, then at 1, 4, 13, 40 s and once a minute. */
export const defaultQueryTimes: QueryTimes = { firstMs: [20, 120], gapMs: 1000, maxGapMs: 60_000 }

/** A schedule of questions. */
export interface QuerySchedule {
  /** When to ask next. */
  readonly next: number
  /** Begins anew, as after a new interface. */
  restart: (now: number) => void
  /** Says that the question has been asked. */
  asked: (now: number) => void
}

/** @param random gives numbers in [0, 1) */
export function createQuerySchedule(
  now: number,
  random: () => number,
  times: QueryTimes = defaultQueryTimes
): QuerySchedule {
  let next = 0
  let gap = 0
  const restart = (now: number) => {
    const [least, most] = times.firstMs
    next = now + least + random() * (most - least)
    gap = times.gapMs
  }
  restart(now)
  return {
    get next() {
      return next
    },
    restart,
    asked(now) {
      // Spread over 2 %: proxies that met at one moment do not ask at one moment for ever.
      next = now + gap * (1 + random() * 0.02)
      gap = Math.min(gap * 3, times.maxGapMs)
    }
  }
}
