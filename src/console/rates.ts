// Rates per second from growing counters, and a curve of the last minute. Pure.

/** Values of the curve. */
export const REMEMBERED = 60

/** Rates of many counters by key. */
export class Rates {
  #known = new Map<string, { value: number; at: number; rate: number; growth: number; round: number }>()
  #round = 0

  /** Starts a new reading of all counters. Counters without a reading are forgotten at the next start. */
  begin() {
    for (const [key, { round }] of this.#known) if (round < this.#round) this.#known.delete(key)
    this.#round++
  }

  /** @param now milliseconds @returns per second since the last reading, 0 at the first */
  read(key: string, value: number, now: number): number {
    const last = this.#known.get(key)
    const growth = last === undefined ? 0 : Math.max(0, value - last.value)
    const rate = last === undefined || now <= last.at ? 0 : (growth / (now - last.at)) * 1000
    this.#known.set(key, { value, at: now, rate, growth, round: this.#round })
    return rate
  }

  /** How much a counter has grown between its last two readings. */
  growth(key: string): number {
    return this.#known.get(key)?.growth ?? 0
  }

  /** The last rate of a counter. */
  of(key: string) {
    return this.#known.get(key)?.rate ?? 0
  }
}

/** A line through the latest values: points of a drawing of this size. */
export function curve(values: readonly number[], width: number, height: number) {
  const most = Math.max(1, ...values)
  return values
    .map(
      (value, i) =>
        `${(((REMEMBERED - values.length + i) / (REMEMBERED - 1)) * width).toFixed(1)},${(height - 1.5 - (value / most) * (height - 3)).toFixed(1)}`
    )
    .join(' ')
}
