// What all links of a proxy have done since its start, those that have ended included: numbers for metrics. Not a part of
// the protocol.
import type { Link } from './link.ts'

type Both = { readonly in: number; readonly out: number }

/** Numbers of all links. */
export interface MeshNumbers {
  readonly messages: Both
  readonly bytes: Both
  readonly rounds: number
  readonly sweeps: number
}

/** Keeps the numbers of links that have ended. */
export class MeshTotals {
  readonly messages = { in: 0, out: 0 }
  #bytes: Both = { in: 0, out: 0 }
  #rounds = 0
  #sweeps = 0

  /** A link has ended. */
  ended({ bytes, scheduler }: Link): void {
    this.#bytes = { in: this.#bytes.in + bytes.in, out: this.#bytes.out + bytes.out }
    this.#rounds += scheduler?.ended ?? 0
    this.#sweeps += scheduler?.sweeps ?? 0
  }

  /** The numbers of all links there were. @param living those that have not ended */
  with(living: Iterable<Link>): MeshNumbers {
    const total = { bytes: { ...this.#bytes }, rounds: this.#rounds, sweeps: this.#sweeps }
    for (const { bytes, scheduler } of living) {
      total.bytes.in += bytes.in
      total.bytes.out += bytes.out
      total.rounds += scheduler?.ended ?? 0
      total.sweeps += scheduler?.sweeps ?? 0
    }
    return { messages: { ...this.messages }, ...total }
  }
}
