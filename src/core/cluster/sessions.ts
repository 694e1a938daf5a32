// The other proxies of the cluster, one session for each run: which have proven that they are alive, and what they sent.
// Not their peers (presence.ts).
//
// Whoever holds the secret can seal; so can the broker replay what a proxy said yesterday to one that was not there. So
// nothing of a session counts before it has answered a challenge of this run.
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
  /** It has said goodbye. It stays known for a while, so that its answers cannot be replayed. */
  over = false
  /** Time between its signs of life, as it says itself. */
  hereMs: number
  readonly messages = { in: 0 }
  readonly bytes = { in: 0 }
  /** Frames that come in pieces, by subject. */
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

  /** The subject is listened to no more. */
  forget(subject: string): void {
    this.#reassemblies.delete(subject)
  }
}

/** All sessions that are known. */
export class Sessions {
  readonly #timings: ClusterTimings
  readonly #randomBytes: (count: number) => Uint8Array
  readonly #known = new Map<string, RemoteSession>()
  /** When each unproven session was asked last, by its id and what for. */
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

  /** What an answer has to repeat. */
  get challenge(): Uint8Array {
    return this.#challenge
  }

  all(): Iterable<RemoteSession> {
    return this.#known.values()
  }

  get(id: Uint8Array): RemoteSession | undefined {
    return this.#known.get(mapKey(id))
  }

  /** Whether an unproven session is to be asked for something now; it is then taken as asked. */
  mayAsk(id: Uint8Array, token: Uint8Array, now: number): boolean {
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

  /** A session has answered: it is known from now on; `undefined` where the answer is to no challenge of ours. */
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

  /** Makes a new challenge when it is time, and gives the sessions that are forgotten now. */
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
