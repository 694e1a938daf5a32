// How often this proxy has refused something, by code and kind: numbers for metrics. Not the refusal itself, and never
// who was refused or what was asked.
import { catalogue } from './errors.ts'

/** What was refused: an HTTP request or upgrade, one message of a socket that stays open, a socket that was ended. */
export type RefusalKind = 'request' | 'message' | 'socket'

/** How often one code was the reason for one kind of refusal. */
export interface RefusalCount {
  readonly kind: RefusalKind
  /** A code of the catalogue; `extension` for all codes that extensions made. */
  readonly code: string
  readonly count: number
}

/** The counts of one proxy since its start. */
export class RefusalCounts {
  readonly #counts: Record<RefusalKind, Map<string, number>> = {
    request: new Map(),
    message: new Map(),
    socket: new Map()
  }

  /** Counts one. */
  add(kind: RefusalKind, code: string): void {
    const known = Object.hasOwn(catalogue, code) ? code : 'extension'
    const counts = this.#counts[kind]
    counts.set(known, (counts.get(known) ?? 0) + 1)
  }

  /** All that are not zero. */
  *all(): Generator<RefusalCount> {
    for (const [kind, counts] of Object.entries(this.#counts)) {
      for (const [code, count] of counts) yield { kind: kind as RefusalKind, code, count }
    }
  }
}
