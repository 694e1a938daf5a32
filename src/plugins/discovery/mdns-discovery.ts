// The built-in discovery: advertiser and browser put together behind the interface of core. Not the Fastify plugin.
import {
  checkAdvertisement,
  type Discovery,
  type DiscoveryObserver,
  type DiscoveryState,
  type DiscoveryStatus,
  type RemoteProxy
} from '../../core/discovery.ts'
import type { RemoteChange } from '../../core/dns-sd/remote-table.ts'
import { createAdvertiser, defaultAdvertiserTimes, type Advertiser, type AdvertiserTimes } from './advertiser.ts'
import { defaultBrowserTimes, startBrowser, type Browser, type BrowserTimes } from './browser.ts'
import type { InterfaceView } from './interfaces.ts'

/** What it takes of a logger. Only constant messages and names of interfaces are written. */
export interface DiscoveryLog {
  info: (fields: object, message: string) => void
  warn: (fields: object, message: string) => void
}

/** What the built-in discovery needs. */
export interface MdnsDiscoveryOptions {
  readonly log: DiscoveryLog
  /** A random label for the host name of the advertisement; 80 bits in base32. */
  readonly hostLabel: () => string
  readonly advertiserTimes?: AdvertiserTimes
  readonly browserTimes?: BrowserTimes
}

/** Makes the discovery; nothing is opened before start(). */
export function createMdnsDiscovery({
  log,
  hostLabel,
  advertiserTimes = defaultAdvertiserTimes,
  browserTimes = defaultBrowserTimes
}: MdnsDiscoveryOptions): Discovery {
  const observers = new Set<DiscoveryObserver>()
  const linked = new Set<string>()
  let advertiser: Advertiser | undefined
  let browser: Browser | undefined
  let status: DiscoveryStatus = { state: 'off', interfaces: [] }
  let usable = false
  let seen: 'not yet' | 'yes' | 'no' = 'not yet'
  let warned = false
  let stopping: Promise<void> | undefined

  function tell(call: (observer: DiscoveryObserver) => void): void {
    for (const observer of observers) call(observer)
  }

  function setStatus(interfaces: readonly string[] = status.interfaces): void {
    const state = stateNow()
    if (state === status.state && interfaces.join() === status.interfaces.join()) return
    status = { state, interfaces }
    tell(observer => observer.status?.(status))
  }

  function stateNow(): DiscoveryState {
    if (!usable) return 'no multicast'
    return seen === 'yes' ? 'ok' : seen === 'no' ? 'own advertisement not seen' : 'starting'
  }

  function changed(change: RemoteChange): void {
    switch (change.kind) {
      case 'found':
        tell(observer => observer.found?.(change.remote))
        break
      case 'updated':
        tell(observer => observer.updated?.(change.remote))
        break
      case 'lost':
        tell(observer => observer.lost?.(change.id))
        break
      default:
        seen = change.seen ? 'yes' : 'no'
        if (change.seen) warned = false
        advertiser?.seen(change.seen)
        setStatus()
    }
  }

  function placesChanged(view: InterfaceView | undefined, interfaces: readonly string[]): void {
    if (usable && view === undefined) seen = 'not yet'
    usable = view !== undefined
    advertiser?.update(view)
    setStatus(interfaces)
  }

  function unseen(): void {
    seen = 'no'
    if (!warned)
      log.warn(
        { interfaces: status.interfaces },
        'own advertisement not seen: other proxies may not find this one; look for a firewall that blocks UDP port 5353'
      )
    warned = true
    setStatus()
  }

  async function end(): Promise<void> {
    observers.clear()
    browser?.close()
    await advertiser?.stop()
    status = { state: 'off', interfaces: [] }
  }

  return {
    get status() {
      return status
    },
    get remotes(): ReadonlyMap<string, RemoteProxy> {
      return browser?.remotes ?? new Map()
    },
    subscribe(observer) {
      observers.add(observer)
      return () => {
        observers.delete(observer)
      }
    },
    async start(advertisement) {
      checkAdvertisement(advertisement)
      if (browser !== undefined || stopping !== undefined) return
      status = { state: 'starting', interfaces: [] }
      usable = true
      advertiser = createAdvertiser({ advertisement, hostLabel: hostLabel(), times: advertiserTimes, unseen })
      browser = startBrowser({ ownId: advertisement.id, times: browserTimes, changed, placesChanged })
      for (const id of linked) browser.setLinked(id, true)
    },
    stop: async () => await (stopping ??= end()),
    setLinked(id, isLinked) {
      if (isLinked) linked.add(id)
      else linked.delete(id)
      browser?.setLinked(id, isLinked)
    }
  }
}
