// How many sockets and new channels all pages of one web origin may have together. Clients that are no pages have no
// origin and are not counted. core/origin-policy.ts decides which origins may connect.
import { NwsError } from '../errors.ts'
import { TokenBucket } from '../token-bucket.ts'

interface OriginState {
  sockets: number
  readonly newChannels: TokenBucket
}

/** The limits, see `Settings`. */
export interface OriginLimitSettings {
  readonly maxSocketsPerOrigin: number
  readonly newChannelsPerOriginBurst: number
  readonly newChannelsPerOriginPerSecond: number
}

/** Origins without sockets that are remembered, so that closing all pages does not refill the bucket. */
const REMEMBERED = 1024

export class OriginLimits {
  readonly #origins = new Map<string, OriginState>()
  readonly #settings: OriginLimitSettings
  readonly #now: () => number

  constructor(settings: OriginLimitSettings, now: () => number) {
    this.#settings = settings
    this.#now = now
  }

  /**
   * Counts a socket of an origin.
   *
   * @returns releases it
   * @throws NwsError `NWS_ERR_TOO_MANY_SOCKETS`
   */
  takeSocket(origin: string | undefined): () => void {
    if (origin === undefined) return () => {}
    const state = this.#stateOf(origin)
    if (state.sockets >= this.#settings.maxSocketsPerOrigin) throw new NwsError('NWS_ERR_TOO_MANY_SOCKETS')
    state.sockets++
    return () => this.releaseSocket(origin)
  }

  releaseSocket(origin: string | undefined): void {
    const state = origin === undefined ? undefined : this.#origins.get(origin)
    if (state !== undefined) state.sockets--
  }

  /** Takes a token for a channel that is not open yet. @throws NwsError `NWS_ERR_TOO_MANY_CHANNELS` */
  takeNewChannel(origin: string | undefined): void {
    if (origin === undefined) return
    if (!this.#stateOf(origin).newChannels.take(1, this.#now())) throw new NwsError('NWS_ERR_TOO_MANY_CHANNELS')
  }

  #stateOf(origin: string): OriginState {
    const now = this.#now()
    let state = this.#origins.get(origin)
    if (state === undefined) {
      this.#forgetOne(now)
      state = {
        sockets: 0,
        newChannels: new TokenBucket(
          this.#settings.newChannelsPerOriginPerSecond,
          this.#settings.newChannelsPerOriginBurst,
          now
        )
      }
    } else {
      this.#origins.delete(origin) // Most recently used last.
    }
    this.#origins.set(origin, state)
    return state
  }

  #forgetOne(now: number): void {
    if (this.#origins.size < REMEMBERED) return
    for (const [origin, state] of this.#origins) {
      if (state.sockets === 0 && state.newChannels.level(now) >= this.#settings.newChannelsPerOriginBurst) {
        this.#origins.delete(origin)
        return
      }
    }
    for (const [origin, state] of this.#origins) {
      if (state.sockets === 0) {
        this.#origins.delete(origin)
        return
      }
    }
  }
}
