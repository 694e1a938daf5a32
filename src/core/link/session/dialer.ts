// Whom to dial, and when: static peers, discovered proxies, and those with which a session waits for a link. Not the
// dialling itself: a function is given that makes a connection and tells how it went.
import type { RemoteProxy } from '../../discovery.ts'
import { compare, fromBase32, mapKey } from '../../bytes.ts'
import type { Cancel, Clock } from '../../clock.ts'
import { ID_BYTES } from '../wire/handshake.ts'
import type { Endpoint } from './link.ts'

/** Times of the dialler, in milliseconds. */
export interface DialTimings {
  /** A connection must be open after so long; the system repeats its first packet after 1 s. */
  readonly connectMs: number
  /** The larger id dials a discovered proxy when it has no link after so long. */
  readonly largerMs: number
  /** Wait after the first failed dial; it doubles. */
  readonly backOffMs: number
  readonly maxBackOffMs: number
  /** The longest wait between two dials while a session waits for a link. */
  readonly resumeMs: number
  /** A link that stood for less counts as a failed dial. */
  readonly steadyMs: number
}

/** The times of the protocol; connectMs and steadyMs are own choices. */
export const dialTimings: DialTimings = {
  connectMs: 1500,
  largerMs: 3000,
  backOffMs: 1000,
  maxBackOffMs: 300_000,
  resumeMs: 500,
  steadyMs: 10_000
}

/** One dial. */
export interface DialRequest extends Endpoint {
  /** The id that must answer; `undefined` if any will do. */
  readonly dialledId: Uint8Array | undefined
}

/** The outcomes of a dial; each called once at most. */
export interface DialOutcome {
  /** The link has reached OPEN. */
  opened(remoteId: Uint8Array): void
  /** The connection or the link has ended, or never came to be. @param refused nothing listens there */
  ended(refused: boolean): void
}

/** The target of dials: an endpoint of the settings, or an id. */
interface Target {
  /** Of a static peer: the one that answered last. */
  id: Uint8Array | undefined
  readonly isStatic: boolean
  /** It was discovered, and not withdrawn. */
  discovered: boolean
  /** Where the last link of a session led that waits for another. */
  resume: Endpoint | undefined
  addresses: readonly Endpoint[]
  /** Place in the addresses. */
  next: number
  failures: number
  /** A dial is under way, or its link stands. */
  busy: boolean
  /** It has addresses that were not known when that dial was made. */
  hasNews: boolean
  /** When its link opened; `undefined` while it has none. */
  openedAt: number | undefined
  timer: Cancel | undefined
  /** Clock time at which the timer runs. */
  dueAt: number
  /** Not to be dialled any more. */
  gone: boolean
}

/** The needs of a dialler. */
export interface DialerOptions {
  readonly ownId: Uint8Array
  readonly clock: Clock
  readonly timings: DialTimings
  /** 0 to 1. */
  readonly random: () => number
  readonly dial: (request: DialRequest, outcome: DialOutcome) => void
  /** The endpoint of the session's last link is no longer that proxy's. */
  readonly lost: (remoteId: Uint8Array) => void
}

const sameEndpoint = (one: Endpoint, other: Endpoint): boolean => one.host === other.host && one.port === other.port

/** Keeps links to all that are known. */
export class Dialer {
  readonly #options: DialerOptions
  readonly #targets = new Map<string, Target>()
  /** Ids with an open link. */
  readonly #linked = new Set<string>()

  constructor(options: DialerOptions) {
    this.#options = options
  }

  /** Adds a static peer, which is dialled from now on in any case. */
  addPeer(host: string, port: number): void {
    this.#plan(this.#add(`peer ${host} ${port}`, undefined, [{ host, port }]))
  }

  /** A proxy was discovered, or its addresses have changed. */
  found({ id: text, addresses }: RemoteProxy): void {
    const id = fromBase32(text)
    if (id === undefined || id.length !== ID_BYTES) return
    const endpoints = addresses.map(({ address, port }) => ({ host: address, port }))
    const target = this.#targets.get(mapKey(id)) ?? this.#add(mapKey(id), id, [])
    const isNew = !target.discovered
    target.discovered = true
    if (isNew && target.resume === undefined) {
      target.addresses = endpoints
      this.#plan(target)
    } else {
      this.#readdress(target, endpoints)
    }
  }

  /** A discovered proxy is gone: its link and its session stay, but nothing new is dialled. */
  lost(text: string): void {
    const id = fromBase32(text)
    const target = id === undefined ? undefined : this.#targets.get(mapKey(id))
    if (target === undefined) return
    target.discovered = false
    this.#dropUnneeded(target)
  }

  /** The id has an open link. */
  linked(id: Uint8Array): void {
    this.#linked.add(mapKey(id))
    const target = this.#targets.get(mapKey(id))
    if (target === undefined) return
    target.resume = undefined
    this.#dropUnneeded(target)
  }

  /** A session waits for a link. @param endpoint where its last link led */
  resume(id: Uint8Array, endpoint: Endpoint | undefined): void {
    this.#linked.delete(mapKey(id))
    if (endpoint === undefined) return
    const target = this.#targets.get(mapKey(id)) ?? this.#add(mapKey(id), id, [])
    target.resume = endpoint
    target.addresses = [endpoint, ...target.addresses.filter(address => !sameEndpoint(address, endpoint))]
    target.next = 0
    if (!target.busy) this.#hurry(target)
  }

  /** The id has no link and no session any more. */
  over(id: Uint8Array): void {
    this.#linked.delete(mapKey(id))
    const own = this.#targets.get(mapKey(id))
    if (own !== undefined) {
      own.resume = undefined
      this.#dropUnneeded(own)
    }
    for (const target of this.#targets.values()) this.#plan(target)
  }

  stop(): void {
    for (const target of this.#targets.values()) this.#forget(target)
    this.#targets.clear()
  }

  #forget(target: Target): void {
    target.gone = true
    target.timer?.()
  }

  /** Forgets a target that is neither discovered nor waited for. */
  #dropUnneeded(target: Target): void {
    if (target.isStatic || target.discovered || target.resume !== undefined) return
    this.#targets.delete(mapKey(target.id!))
    this.#forget(target)
  }

  #add(key: string, id: Uint8Array | undefined, addresses: readonly Endpoint[]): Target {
    const target: Target = {
      id,
      isStatic: id === undefined,
      discovered: false,
      resume: undefined,
      addresses,
      next: 0,
      failures: 0,
      busy: false,
      hasNews: false,
      openedAt: undefined,
      timer: undefined,
      dueAt: 0,
      gone: false
    }
    this.#targets.set(key, target)
    return target
  }

  /** Addresses not heard of before come first: discovery lists one that the remote has lost for two minutes more. */
  #readdress(target: Target, addresses: readonly Endpoint[]): void {
    const { resume } = target
    const isNew = (one: Endpoint): boolean => !target.addresses.some(known => sameEndpoint(known, one))
    const news = addresses.filter(isNew)
    const rest = addresses.filter(address => !isNew(address) && address !== resume)
    target.addresses = [...news, ...(resume === undefined ? [] : [resume]), ...rest]
    target.next = 0
    if (news.length === 0) return
    target.hasNews = target.busy
    // No reason to wait minutes for an address that was never tried; but anybody can announce new ones all the time.
    target.failures = Math.min(target.failures, 2)
    if (resume !== undefined && !target.busy) this.#hurry(target)
    else this.#plan(target)
  }

  /** Whether this proxy is the one that dials first. */
  #isFirst({ id, isStatic }: Target): boolean {
    return isStatic || compare(this.#options.ownId, id!) < 0
  }

  /** Dials now, in place of any plan. */
  #hurry(target: Target): void {
    target.timer?.()
    target.timer = undefined
    if (this.#isWanted(target)) this.#start(target)
  }

  /** Dials at once, or after the time that the other has to dial, or after the back-off; never later than planned before. */
  #plan(target: Target): void {
    if (!this.#isWanted(target)) return
    const { clock, random, timings } = this.#options
    let wait = this.#isFirst(target) ? 0 : timings.largerMs
    if (target.failures > 0) {
      const backOff = Math.min(timings.maxBackOffMs, timings.backOffMs * 2 ** (target.failures - 1))
      wait = Math.max(wait, backOff * (0.75 + 0.5 * random()))
    }
    if (target.resume !== undefined) wait = Math.min(wait, timings.resumeMs * (0.75 + 0.5 * random()))
    const dueAt = clock.now() + wait
    if (target.timer !== undefined && target.dueAt <= dueAt) return
    target.timer?.()
    target.dueAt = dueAt
    target.timer = clock.after(wait, () => {
      target.timer = undefined
      if (this.#isWanted(target)) this.#start(target)
    })
  }

  /** An id with an open link is not dialled, nor is a static peer while its session waits and is dialled for that. */
  #isWanted(target: Target): boolean {
    if (target.gone || target.busy || target.addresses.length === 0) return false
    if (target.id === undefined) return true
    const key = mapKey(target.id)
    if (this.#linked.has(key)) return false
    return !target.isStatic || this.#targets.get(key)?.resume === undefined
  }

  #start(target: Target): void {
    const { resume, id, isStatic } = target
    const address = target.addresses[target.next % target.addresses.length]!
    // Another proxy may listen at the endpoint of the last link by now. That is to be known, not to be refused.
    const again = resume !== undefined && sameEndpoint(address, resume)
    target.busy = true
    target.hasNews = false
    this.#options.dial(
      { ...address, dialledId: isStatic || again ? undefined : id },
      {
        opened: remoteId => {
          if (isStatic) target.id = remoteId
          else if (compare(remoteId, id!) !== 0) this.#options.lost(id!)
          target.openedAt = this.#options.clock.now()
        },
        ended: refused => {
          const waits = again && target.resume === resume
          this.#ended(target)
          if (refused && waits) this.#options.lost(id!)
        }
      }
    )
  }

  #ended(target: Target): void {
    const { clock, timings } = this.#options
    const stood = target.openedAt === undefined ? 0 : clock.now() - target.openedAt
    const steady = stood >= timings.steadyMs
    target.busy = false
    target.openedAt = undefined
    if (target.gone) return
    if (target.resume !== undefined && stood >= timings.resumeMs) {
      target.failures = 0
      this.#hurry(target)
    } else if (steady) {
      target.failures = 0
      target.next = 0
    } else if (target.hasNews) {
      this.#hurry(target)
      return
    } else {
      // The other addresses are tried before it counts as a failure.
      target.next += 1
      if (target.next % target.addresses.length === 0) target.failures += 1
      else if (this.#isWanted(target)) {
        this.#start(target)
        return
      }
    }
    this.#plan(target)
  }
}
