// What all links of a proxy have done since its start, those that have ended included: numbers for metrics. Not a part of
// the protocol.

/** Numbers of one link, or of all. */
export interface LinkNumbers {
  readonly messages: { readonly in: number; readonly out: number }
  readonly bytes: { readonly in: number; readonly out: number }
  readonly rounds: number
  readonly sweeps: number
}

const sum = (
  one: { readonly in: number; readonly out: number },
  other: { readonly in: number; readonly out: number }
) => ({ in: one.in + other.in, out: one.out + other.out })

/** Keeps the numbers of links that have ended. */
export class MeshTotals {
  #past: LinkNumbers = { messages: { in: 0, out: 0 }, bytes: { in: 0, out: 0 }, rounds: 0, sweeps: 0 }

  /** A link has ended. */
  ended(link: LinkNumbers): void {
    this.#past = MeshTotals.#add(this.#past, link)
  }

  /** The numbers of all links there were. @param living those that have not ended */
  with(living: Iterable<LinkNumbers>): LinkNumbers {
    let total = this.#past
    for (const link of living) total = MeshTotals.#add(total, link)
    return total
  }

  static #add(total: LinkNumbers, { messages, bytes, rounds, sweeps }: LinkNumbers): LinkNumbers {
    return {
      messages: sum(total.messages, messages),
      bytes: sum(total.bytes, bytes),
      rounds: total.rounds + rounds,
      sweeps: total.sweeps + sweeps
    }
  }
}
