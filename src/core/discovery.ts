// What the mesh knows of discovery: how a proxy tells others on the network that it is there and learns of them. The
// seam that an extension may fill with another way of finding proxies; not an implementation (plugins/discovery is
// the built-in one) and no trust: an advertisement is a claim, only a link proves who is there.
import { NwsError } from './errors.ts'

/** Where a remote proxy may be dialled: an IPv4 or IPv6 address (with `%scope` where it is link-local) and a TCP port. */
export interface RemoteAddress {
  readonly address: string
  readonly port: number
}

/** A remote proxy as discovery sees it. */
export interface RemoteProxy {
  /** Its id of this run as 26 characters of lower case base32: the instance label of its advertisement. */
  readonly id: string
  /** At least one address, the most promising first. */
  readonly addresses: readonly RemoteAddress[]
}

/** What this proxy says of itself. */
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
 * - `no multicast`: nothing could be sent or received (no interface, port 5353 held by another program, or the system refuses)
 * - `own advertisement not seen`: sending works as it seems, but nothing comes back: others will not find this proxy
 */
export type DiscoveryState = 'off' | 'starting' | 'ok' | 'no multicast' | 'own advertisement not seen'

/** State for people and for `/api/health`. */
export interface DiscoveryStatus {
  readonly state: DiscoveryState
  /** Names of the network interfaces in use, sorted. */
  readonly interfaces: readonly string[]
}

/** Told of changes. Every method is optional, is called outside of any method of Discovery, and must not throw. */
export interface DiscoveryObserver {
  /** A proxy that was not known. Never this proxy itself. */
  found?: (remote: RemoteProxy) => void
  /** A known proxy has other addresses, or another order of them. */
  updated?: (remote: RemoteProxy) => void
  /** A proxy has withdrawn or was not heard of for long. A live link to it stays as it is; dialling it ends. */
  lost?: (id: string) => void
  /** The status changed. */
  status?: (status: DiscoveryStatus) => void
}

/**
 * Advertises this proxy and finds others.
 *
 * An implementation MUST take everything it hears as hostile: bounded memory, no throw, no address that is not of
 * this network. It MUST NOT report this proxy, or an id twice as found without lost between. It MUST NOT derive
 * anything it sends from a channel, user, host name or hardware address. It SHOULD withdraw the advertisement in
 * stop(). It need not authenticate anything.
 */
export interface Discovery {
  /** The current status. */
  readonly status: DiscoveryStatus
  /** Every proxy that was reported as found and not as lost, by id. */
  readonly remotes: ReadonlyMap<string, RemoteProxy>
  /** Calls the observer from now on; what is known already is in `remotes`. Returns the function that ends it. */
  subscribe(observer: DiscoveryObserver): () => void
  /**
   * Starts to advertise and to look. Resolves when that is under way: proof that it works is the status `ok`. A
   * network that refuses is a status, not an error. To be called once.
   * @throws NwsError NWS_ERR_DISCOVERY_ADVERTISEMENT
   */
  start(advertisement: Advertisement): Promise<void>
  /** Withdraws the advertisement and frees everything, within a second or so; calls no observer any more. Idempotent. */
  stop(): Promise<void>
  /** Says whether a live link to the id exists. Linked ids keep their place when tables are full. */
  setLinked(id: string, linked: boolean): void
}

/** A discovery whose implementation can be exchanged before it starts. */
export interface ExchangeableDiscovery extends Discovery {
  /**
   * Takes another implementation from now on; the one so far is stopped. For extensions, in their plugin function.
   * @throws NwsError NWS_ERR_DISCOVERY_STARTED after start()
   */
  use(implementation: Discovery): void
}

/** An id as advertised: 16 bytes in base32, so that the last character carries two bits only that count. */
const idPattern = /^[a-z2-7]{25}[aeimquy4]$/

/** Whether a text is an id as proxies advertise it, in lower case. */
export function isAdvertisedId(text: string): boolean {
  return idPattern.test(text)
}

/** @throws NwsError NWS_ERR_DISCOVERY_ADVERTISEMENT for an id or port that must not be advertised */
export function checkAdvertisement({ id, port }: Advertisement): void {
  if (!isAdvertisedId(id) || !Number.isInteger(port) || port < 1024 || port > 65535)
    throw new NwsError('NWS_ERR_DISCOVERY_ADVERTISEMENT')
}

/** A discovery that finds nothing: for `NWS_DISCOVERY=off`. */
export function createNoDiscovery(): Discovery {
  return {
    status: { state: 'off', interfaces: [] },
    remotes: new Map(),
    subscribe: () => () => {},
    start: async advertisement => {
      checkAdvertisement(advertisement)
    },
    stop: async () => {},
    setLinked: () => {}
  }
}

/** Wraps an implementation so that an extension can bring its own. Subscriptions survive the exchange. */
export function createExchangeableDiscovery(initial: Discovery): ExchangeableDiscovery {
  let current = initial
  let started = false
  const subscriptions = new Map<object, { observer: DiscoveryObserver; end: () => void }>()
  return {
    get status() {
      return current.status
    },
    get remotes() {
      return current.remotes
    },
    subscribe(observer) {
      const key = {}
      subscriptions.set(key, { observer, end: current.subscribe(observer) })
      return () => {
        subscriptions.get(key)?.end()
        subscriptions.delete(key)
      }
    },
    async start(advertisement) {
      started = true
      await current.start(advertisement)
    },
    stop: async () => await current.stop(),
    setLinked: (id, linked) => {
      current.setLinked(id, linked)
    },
    use(implementation) {
      if (started) throw new NwsError('NWS_ERR_DISCOVERY_STARTED')
      const former = current
      current = implementation
      for (const subscription of subscriptions.values()) {
        subscription.end()
        subscription.end = current.subscribe(subscription.observer)
      }
      former.stop().catch(() => {}) // it was never started, so that there is nothing to lose
    }
  }
}
