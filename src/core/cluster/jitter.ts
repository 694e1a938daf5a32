// Waits of random length, so that the members of a channel do not all speak at once. Not what they say then.
import type { Cancel } from '../clock.ts'
import type { ClusterEnvironment } from './interfaces.ts'
import type { ClusterChannel } from './presence.ts'

/** The waits of one cluster. */
export class Jitter {
  readonly #environment: Pick<ClusterEnvironment, 'clock' | 'random' | 'timings'>
  readonly #later = new Set<Cancel>()

  constructor(environment: Pick<ClusterEnvironment, 'clock' | 'random' | 'timings'>) {
    this.#environment = environment
  }

  /** A random wait, milliseconds; the more members a channel has, the longer it may be. */
  spread(channel: ClusterChannel): number {
    const { timings } = this.#environment
    return this.upTo(Math.min(timings.jitterMostMs, timings.jitterPerMemberMs * channel.memberCount))
  }

  /** A random wait up to so many milliseconds. */
  upTo(ms: number): number {
    return this.#environment.random() * ms
  }

  /** Runs something after a wait; at once where that is below a millisecond. */
  after(ms: number, run: () => void): void {
    if (ms < 1) {
      run()
      return
    }
    const cancel = this.#environment.clock.after(ms, () => {
      this.#later.delete(cancel)
      run()
    })
    this.#later.add(cancel)
  }

  /** What still waits is not run. */
  stop(): void {
    for (const cancel of this.#later) cancel()
  }
}
