// The built-in discovery: advertiser and browser behind the interface of core.
import {
  checkAdvertisement,
  type Advertisement,
  type Discovery,
  type DiscoveryObserver,
  type DiscoveryState,
  type DiscoveryStatus,
  type RemoteProxy
} from '../../core/discovery.ts'
import type { RemoteChange } from '../../core/dns-sd/remote-table.ts'
import { Advertiser, advertiserTimings, type AdvertiserTimings } from './advertiser.ts'
import { Browser, browserTimings, type BrowserTimings, type Places } from './browser.ts'

/** The logger. It gets constant messages and names of interfaces only. */
export interface DiscoveryLog {
  readonly warn: (fields: object, message: string) => void
}

export interface MdnsDiscoveryDeps {
  readonly log: DiscoveryLog
  /** A random label for the host name of the advertisement: 80 bits in base32. */
  readonly hostLabel: () => string
  readonly advertiserTimings?: AdvertiserTimings
  readonly browserTimings?: BrowserTimings
}

const OFF: DiscoveryStatus = { state: 'off', interfaces: [] }

/** The discovery. It opens nothing before start(). */
export class MdnsDiscovery implements Discovery {
  readonly #deps: MdnsDiscoveryDeps
  readonly #observers = new Set<DiscoveryObserver>()
  readonly #linked = new Set<string>()
  #advertiser: Advertiser | undefined
  #browser: Browser | undefined
  #status = OFF
  #usable = false
  /** Whether the machine is connected to nothing. */
  #alone = false
  /** The last warnings, so that each is given once. */
  #failure: string | undefined
  #leftOut = ''
  /** Whether the own advertisement is seen; undefined: not known yet. */
  #seen: boolean | undefined
  #warned = false
  #stopping: Promise<void> | undefined

  constructor(deps: MdnsDiscoveryDeps) {
    this.#deps = deps
  }

  get status(): DiscoveryStatus {
    return this.#status
  }

  get remotes(): ReadonlyMap<string, RemoteProxy> {
    return this.#browser?.remotes ?? new Map<string, RemoteProxy>()
  }

  subscribe(observer: DiscoveryObserver): () => void {
    this.#observers.add(observer)
    return () => {
      this.#observers.delete(observer)
    }
  }

  async start(advertisement: Advertisement): Promise<void> {
    checkAdvertisement(advertisement)
    if (this.#browser !== undefined || this.#stopping !== undefined) return
    const { hostLabel, ...deps } = this.#deps
    this.#status = { state: 'starting', interfaces: [] }
    this.#usable = true
    this.#advertiser = new Advertiser({
      advertisement,
      hostLabel: hostLabel(),
      timings: deps.advertiserTimings ?? advertiserTimings,
      unseen: () => this.#unseen()
    })
    this.#browser = new Browser(advertisement.id, deps.browserTimings ?? browserTimings, {
      changed: change => this.#changed(change),
      placesChanged: places => this.#placesChanged(places)
    })
    for (const id of this.#linked) this.#browser.setLinked(id, true)
  }

  async stop(): Promise<void> {
    await (this.#stopping ??= this.#end())
  }

  setLinked(id: string, linked: boolean): void {
    if (linked) this.#linked.add(id)
    else this.#linked.delete(id)
    this.#browser?.setLinked(id, linked)
  }

  async #end(): Promise<void> {
    this.#observers.clear()
    this.#browser?.close()
    await this.#advertiser?.stop()
    this.#status = OFF
  }

  #tell(call: (observer: DiscoveryObserver) => void): void {
    for (const observer of this.#observers) call(observer)
  }

  #changed(change: RemoteChange): void {
    switch (change.kind) {
      case 'found':
        this.#tell(observer => observer.found?.(change.remote))
        break
      case 'updated':
        this.#tell(observer => observer.updated?.(change.remote))
        break
      case 'lost':
        this.#tell(observer => observer.lost?.(change.id))
        break
      default:
        this.#seen = change.seen
        if (change.seen) this.#warned = false
        this.#advertiser?.seen(change.seen)
        this.#updateStatus()
    }
  }

  #placesChanged({ view, names, leftOut, failure }: Places): void {
    if (this.#usable && view === undefined) this.#seen = undefined
    this.#usable = view !== undefined
    this.#alone = view?.alone === true
    this.#advertiser?.update(view)
    this.#updateStatus(names, leftOut)
    if (failure !== this.#failure && failure !== undefined)
      this.#deps.log.warn(
        { code: failure },
        failure === 'refused'
          ? 'multicast cannot be sent, so no other proxy is found: look for a firewall of this machine'
          : 'UDP port 5353 cannot be opened, so no other proxy is found: look for a program that does not share the port'
      )
    this.#failure = failure
    if (leftOut.join() !== this.#leftOut && leftOut.length > 0)
      this.#deps.log.warn(
        { leftOut },
        'too many network interfaces: proxies on those that are left out are not found; name them in NWS_PEERS'
      )
    this.#leftOut = leftOut.join()
  }

  #unseen(): void {
    this.#seen = false
    if (!this.#warned)
      this.#deps.log.warn(
        { interfaces: this.#status.interfaces },
        'own advertisement not seen: other proxies may not find this one; look for a firewall that blocks UDP port 5353'
      )
    this.#warned = true
    this.#updateStatus()
  }

  #updateStatus(interfaces = this.#status.interfaces, leftOut = this.#status.leftOut ?? []): void {
    const status = { state: this.#state(), interfaces, ...(leftOut.length === 0 ? {} : { leftOut }) }
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return
    this.#status = status
    this.#tell(observer => observer.status?.(this.#status))
  }

  #state(): DiscoveryState {
    if (!this.#usable) return 'no multicast'
    if (this.#seen === undefined) return 'starting'
    if (!this.#seen) return 'own advertisement not seen'
    return this.#alone ? 'this machine only' : 'ok'
  }
}
