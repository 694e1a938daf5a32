// Counts refusals by kind and code, for metrics. Nothing of the client or the request is kept.
import { catalogue } from './errors.ts'

/** The refused thing: an HTTP request or upgrade, a message of a socket that stays open, or a socket that was closed. */
export type RefusalKind = 'request' | 'message' | 'socket'

/** The count of one kind and code. */
export interface RefusalCount {
  readonly kind: RefusalKind
  /** A code of the catalogue; `extension` for all codes of extensions. */
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

  /** Counts one refusal. */
  add(kind: RefusalKind, code: string): void {
    const known = Object.hasOwn(catalogue, code) ? code : 'extension'
    const counts = this.#counts[kind]
    counts.set(known, (counts.get(known) ?? 0) + 1)
  }

  /** All counts above zero. */
  *all(): Generator<RefusalCount> {
    for (const [kind, counts] of Object.entries(this.#counts)) {
      for (const [code, count] of counts) yield { kind: kind as RefusalKind, code, count }
    }
  }
}
