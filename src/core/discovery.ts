// The seam between the mesh and discovery: how a proxy advertises itself and finds others. plugins/discovery is the
// built-in implementation; an extension may bring its own. An advertisement is a claim, only a link proves it.
import { NwsError } from './errors.ts'

/** An address to dial: IPv4 or IPv6 (with `%scope` if link-local) and a TCP port. */
export interface RemoteAddress {
  readonly address: string
  readonly port: number
}

/** A remote proxy that discovery found. */
export interface RemoteProxy {
  /** Its id of this run as 26 characters of lower case base32: the instance label of its advertisement. */
  readonly id: string
  /** At least one address, the most promising first. */
  readonly addresses: readonly RemoteAddress[]
}

export interface Advertisement {
  /** Own id of this run as 26 characters of lower case base32. */
  readonly id: string
  /** TCP port of the mesh listener, 1024 or higher. */
  readonly port: number
}

/**
 * - `off`: not started, stopped, or switched off by the user
 * - `starting`: looking, own advertisement not seen yet
 * - `ok`: this proxy has seen its own advertisement on the network
 * - `this machine only`: as `ok`, but the machine is connected to no network
 * - `no multicast`: nothing can be sent or received (no interface, another program holds port 5353, or the system refuses)
 * - `own advertisement not seen`: sending seems to work, but nothing comes back: others will not find this proxy
 */
export type DiscoveryState =
  | 'off'
  | 'starting'
  | 'ok'
  | 'this machine only'
  | 'no multicast'
  | 'own advertisement not seen'

/** The state for people and for `/api/health`. */
export interface DiscoveryStatus {
  readonly state: DiscoveryState
  /** Names of the network interfaces in use, sorted. */
  readonly interfaces: readonly string[]
  /** Names of interfaces that are not used because there are too many, sorted. */
  readonly leftOut?: readonly string[]
}

/** Gets changes. Every method is optional, is never called from within a method of Discovery, and must not throw. */
export interface DiscoveryObserver {
  /** A new proxy; never this one. */
  found?: (remote: RemoteProxy) => void
  /** A known proxy has other addresses or another order of them. */
  updated?: (remote: RemoteProxy) => void
  /** A proxy withdrew or was silent for long. Dialling it ends; a live link to it stays. */
  lost?: (id: string) => void
  status?: (status: DiscoveryStatus) => void
}

/**
 * Advertises this proxy and finds others.
 *
 * An implementation MUST treat everything that it hears as hostile: bounded memory, no throw, no address outside this
 * network. It MUST NOT report this proxy, nor an id as found twice without `lost` in between. It MUST NOT send anything that
 * depends on a channel, user, host name or hardware address. It SHOULD withdraw the advertisement in stop(). It need not
 * authenticate anything.
 */
export interface Discovery {
  readonly status: DiscoveryStatus
  /** Proxies that were found and not lost, by id. */
  readonly remotes: ReadonlyMap<string, RemoteProxy>
  /** Calls the observer from now on. Known proxies are in `remotes`. @returns ends the subscription */
  subscribe(observer: DiscoveryObserver): () => void
  /**
   * Starts to advertise and to look. It resolves early: the status `ok` proves that it works. A failing network is a
   * status, not an error. Call it once.
   * @throws NwsError NWS_ERR_DISCOVERY_ADVERTISEMENT
   */
  start(advertisement: Advertisement): Promise<void>
  /** Withdraws the advertisement and frees everything within a second or so. Then no observer is called. Idempotent. */
  stop(): Promise<void>
  /** Tells whether a live link to the id exists. Linked ids keep their place when tables are full. */
  setLinked(id: string, linked: boolean): void
}

/** 16 bytes in base32: of the last character only two bits count. */
const ID_FORM = /^[a-z2-7]{25}[aeimquy4]$/

/** Whether a text is an advertised id, in lower case. */
export function isAdvertisedId(text: string): boolean {
  return ID_FORM.test(text)
}

/** @throws NwsError NWS_ERR_DISCOVERY_ADVERTISEMENT for an id or port that must not be advertised */
export function checkAdvertisement({ id, port }: Advertisement): void {
  if (!isAdvertisedId(id) || !Number.isInteger(port) || port < 1024 || port > 65535)
    throw new NwsError('NWS_ERR_DISCOVERY_ADVERTISEMENT')
}

/** A discovery that finds nothing: for `NWS_DISCOVERY=off`. */
export class NoDiscovery implements Discovery {
  readonly status: DiscoveryStatus = { state: 'off', interfaces: [] }
  readonly remotes: ReadonlyMap<string, RemoteProxy> = new Map()

  subscribe(): () => void {
    return () => {}
  }

  async start(advertisement: Advertisement): Promise<void> {
    checkAdvertisement(advertisement)
  }

  async stop(): Promise<void> {}

  setLinked(): void {}
}

/** A discovery whose implementation can be exchanged before it starts. Subscriptions survive the exchange. */
export class ExchangeableDiscovery implements Discovery {
  readonly #subscriptions = new Set<{ readonly observer: DiscoveryObserver; end: () => void }>()
  #current: Discovery
  #started = false

  constructor(initial: Discovery) {
    this.#current = initial
  }

  get status(): DiscoveryStatus {
    return this.#current.status
  }

  get remotes(): ReadonlyMap<string, RemoteProxy> {
    return this.#current.remotes
  }

  subscribe(observer: DiscoveryObserver): () => void {
    const subscription = { observer, end: this.#current.subscribe(observer) }
    this.#subscriptions.add(subscription)
    return () => {
      if (this.#subscriptions.delete(subscription)) subscription.end()
    }
  }

  async start(advertisement: Advertisement): Promise<void> {
    this.#started = true
    await this.#current.start(advertisement)
  }

  async stop(): Promise<void> {
    await this.#current.stop()
  }

  setLinked(id: string, linked: boolean): void {
    this.#current.setLinked(id, linked)
  }

  /**
   * Uses another implementation from now on, and stops the former one. For extensions, in their plugin function.
   * @throws NwsError NWS_ERR_DISCOVERY_STARTED after start()
   */
  use(implementation: Discovery): void {
    if (this.#started) throw new NwsError('NWS_ERR_DISCOVERY_STARTED')
    const former = this.#current
    this.#current = implementation
    for (const subscription of this.#subscriptions) {
      subscription.end()
      subscription.end = implementation.subscribe(subscription.observer)
    }
    former.stop().catch(() => {}) // It never started, so nothing is lost.
  }
}
