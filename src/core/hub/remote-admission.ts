// Admits remote peers after the join hooks agree, and holds their messages until then, in order. Local peers are admitted
// in `Hub.addLocal`, which can tell them the reason of a refusal.
import type { Candidate, Peer } from './peer.ts'

/** Bytes that are held for a remote peer until its join is decided. */
const MAX_HELD_BYTES = 64 * 1024

interface Waiting {
  readonly held: (() => void)[]
  bytes: number
}

/** The remote peers that are not decided yet. */
export class RemoteAdmission {
  readonly #waiting = new Map<Peer, Waiting>()
  readonly #hooks: readonly ((candidate: Candidate) => void | Promise<void>)[]

  constructor(hooks: readonly ((candidate: Candidate) => void | Promise<void>)[]) {
    this.#hooks = hooks
  }

  /** Calls `enter` when all hooks have agreed: at once if there are none. */
  admit(peer: Peer, enter: () => void): void {
    if (this.#hooks.length === 0) {
      enter()
      return
    }
    const { id, location, dialect, origin, proxy, connectedAt, channel } = peer
    const candidate = {
      id,
      location,
      dialect,
      origin,
      proxy,
      connectedAt,
      channel: channel.name,
      tag: channel.tag,
      scope: channel.scope
    }
    this.#waiting.set(peer, { held: [], bytes: 0 })
    this.#decide(candidate).then(
      () => this.#settle(peer, enter),
      () => this.#waiting.delete(peer)
    )
  }

  /** Runs `deliver` later for an undecided peer, never for a refused one. */
  hold(peer: Peer, bytes: number, deliver: () => void): void {
    const waiting = this.#waiting.get(peer)
    if (waiting === undefined || waiting.bytes + bytes > MAX_HELD_BYTES) return
    waiting.bytes += bytes
    waiting.held.push(deliver)
  }

  /** Forgets a peer that left before it was decided. */
  cancel(peer: Peer): void {
    this.#waiting.delete(peer)
  }

  async #decide(candidate: Candidate): Promise<void> {
    for (const hook of this.#hooks) await hook(candidate)
  }

  #settle(peer: Peer, enter: () => void): void {
    const waiting = this.#waiting.get(peer)
    if (waiting === undefined) return
    this.#waiting.delete(peer)
    enter()
    if (peer.joined) for (const deliver of waiting.held) deliver()
  }
}
