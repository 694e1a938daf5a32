// The other proxies of the cluster, one session per run of a proxy: which of them are proven, and which batches arrived.
// Their peers are in presence.ts.
//
// The broker can replay batches of yesterday to a proxy that did not see them. So a session counts only after it has
// answered a challenge of this run.
import { base32, compare, mapKey } from '../bytes.ts'
import { CHALLENGE_BYTES, MAX_ASKED, MAX_SESSIONS, type ClusterTimings } from './constants.ts'
import { Reassembly } from './fragments.ts'
import { ReplayWindow } from './replay-window.ts'

/** One run of another proxy. */
export class RemoteSession {
  readonly id: Uint8Array
  /** Id of the proxy as users see it. */
  readonly proxyId: string
  readonly proxyBytes: Uint8Array
  readonly window: ReplayWindow
  heardAt: number
  /** It said goodbye. It stays known for a while, so that its answers cannot be replayed. */
  over = false
  /** Time between its signs of life: its own claim. */
  hereMs: number
  readonly messages = { in: 0 }
  readonly bytes = { in: 0 }
  /** Frames that arrive in fragments, by subject. */
  readonly #reassemblies = new Map<string, Reassembly>()

  constructor(id: Uint8Array, proxy: Uint8Array, number: number, now: number, hereMs: number) {
    this.id = id
    this.proxyBytes = proxy
    this.proxyId = base32(proxy)
    this.window = new ReplayWindow(number)
    this.heardAt = now
    this.hereMs = hereMs
  }

  reassembly(subject: string): Reassembly {
    let reassembly = this.#reassemblies.get(subject)
    if (reassembly === undefined) {
      reassembly = new Reassembly()
      this.#reassemblies.set(subject, reassembly)
    }
    return reassembly
  }

  /** The subscription of the subject has ended. */
  forget(subject: string): void {
    this.#reassemblies.delete(subject)
  }
}

export class Sessions {
  readonly #timings: ClusterTimings
  readonly #randomBytes: (count: number) => Uint8Array
  readonly #known = new Map<string, RemoteSession>()
  /** When each unproven session was asked last, by its id and the token. */
  readonly #asked = new Map<string, number>()
  #challenge: Uint8Array
  #lastChallenge: Uint8Array
  #challengeAt: number

  constructor(timings: ClusterTimings, randomBytes: (count: number) => Uint8Array, now: number) {
    this.#timings = timings
    this.#randomBytes = randomBytes
    this.#challenge = randomBytes(CHALLENGE_BYTES)
    this.#lastChallenge = this.#challenge
    this.#challengeAt = now
  }

  get size(): number {
    return this.#known.size
  }

  /** An answer must repeat it. */
  get challenge(): Uint8Array {
    return this.#challenge
  }

  all(): Iterable<RemoteSession> {
    return this.#known.values()
  }

  get(id: Uint8Array): RemoteSession | undefined {
    return this.#known.get(mapKey(id))
  }

  /** Returns true if an unproven session may be asked now, and records the question. */
  tryAsk(id: Uint8Array, token: Uint8Array, now: number): boolean {
    const key = mapKey(id) + mapKey(token)
    const last = this.#asked.get(key)
    if (last !== undefined && now - last < this.#timings.askAgainMs) return false
    this.#asked.delete(key)
    if (this.#asked.size >= MAX_ASKED)
      for (const oldest of this.#asked.keys()) {
        this.#asked.delete(oldest)
        break
      }
    this.#asked.set(key, now)
    return true
  }

  /** Makes a session known by its answer; `undefined` if it does not answer a challenge of this run. */
  prove(
    id: Uint8Array,
    challenge: Uint8Array,
    proxy: Uint8Array,
    number: number,
    now: number
  ): RemoteSession | undefined {
    if (compare(challenge, this.#challenge) !== 0 && compare(challenge, this.#lastChallenge) !== 0) return undefined
    if (this.#known.size >= MAX_SESSIONS) return undefined
    const key = mapKey(id)
    const session = new RemoteSession(id.slice(), proxy.slice(), number, now, this.#timings.hereMs)
    this.#known.set(key, session)
    return session
  }

  /** Makes a new challenge if one is due. Yields the sessions that it forgets. */
  *tick(now: number): Generator<RemoteSession> {
    if (now - this.#challengeAt >= this.#timings.challengeMs) {
      this.#lastChallenge = this.#challenge
      this.#challenge = this.#randomBytes(CHALLENGE_BYTES)
      this.#challengeAt = now
    }
    for (const [key, at] of this.#asked) if (now - at >= this.#timings.challengeMs) this.#asked.delete(key)
    for (const session of this.#known.values()) {
      if (now - session.heardAt < Math.max(this.#timings.sessionKeepMs, 3 * session.hereMs)) continue
      this.#known.delete(mapKey(session.id))
      yield session
    }
  }
}
