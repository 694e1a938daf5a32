// Advertises this proxy on the network with @homebridge/ciao. That advertise() resolves proves nothing: only the browser
// sees whether the advertisement is on the network. If it is not, everything is built again.
//
// ciao is restrained, because a proxy must survive everything that a network sends and does:
// - Its polling of interfaces is off. It throws uncaught if loopback goes down, and after a lost IPv4 address every later
//   packet is an exception. The browser polls more often, and a change makes a new responder.
// - It gets no responses. A record under our names is a conflict for ciao, which then renames us or calls
//   process.exit(1). Our names are random, so such a record is a forgery.
// - It gets queries at a bounded rate, and no probes of others: a forged one would keep us probing for ever.
// - It does not probe (RFC 6762 §8.1). The names have 80 and 128 random bits, answers would not reach it, and probing cost
//   0.7 to 1.2 s of each start.
import { getResponder, type CiaoService, type Responder, type ResponderOptions } from '@homebridge/ciao'
import type { Advertisement } from '../../core/discovery.ts'
import { TEXT_KEY, TEXT_VALUE } from '../../core/dns-sd/constants.ts'
import { TokenBucket } from '../../core/token-bucket.ts'
import { interfaceView, type InterfaceView } from './interfaces.ts'

/** Milliseconds. */
export interface AdvertiserTimings {
  /** Within this time after a start the own advertisement must be seen. */
  readonly unseenMs: number
  /** While it is not seen, the waits grow up to this. */
  readonly maxUnseenMs: number
  readonly goodbyeMs: number
}

export const advertiserTimings: AdvertiserTimings = { unseenMs: 5000, maxUnseenMs: 60_000, goodbyeMs: 500 }

export interface AdvertiserDeps {
  readonly advertisement: Advertisement
  /** Label of the advertised host name, random like the id. */
  readonly hostLabel: string
  readonly timings: AdvertiserTimings
  /** Called if the advertisement was not seen in time. */
  readonly unseen: () => void
  /** Makes ciao's responder. */
  readonly createResponder?: typeof getResponder
}

/** The parts of ciao's Responder that its types hide. Its version is pinned, and tests check each of them. */
interface ResponderInternals {
  probe: (service: CiaoService) => Promise<void>
  readonly server: { shutdown: () => void; getNetworkManager: () => { shutdown: () => void } }
  /** Settles when the sockets are bound. */
  readonly promiseChain: Promise<unknown>
}

interface Running {
  readonly responder: Responder
  readonly service: CiaoService
  readonly bound: Promise<unknown>
}

/** Limits of answered queries. A network of 256 proxies asks some ten per second. */
const QUERIES_PER_SECOND = 100
const QUERIES_AT_ONCE = 200

let responders = 0

/** The interfaces to advertise on, in ciao's terms. */
function placesOf(view: InterfaceView): {
  responder: ResponderOptions
  service: { restrictedAddresses?: string[]; disabledIpv6?: boolean }
} {
  const names = view.ipv4.map(({ name }) => name)
  // Without names ciao asks `ip`, does not recognise names like `eth0@if6`, and takes loopback only.
  if (names.length > 0)
    return {
      responder: { interface: names, excludeIpv6Only: true },
      service: { restrictedAddresses: [...names], disabledIpv6: true }
    }
  // No restriction on IPv6: ciao compares names with `eth0/6` and would advertise nowhere.
  return {
    responder: { interface: view.ipv6.map(({ name }) => name), advertiseIpv4: false, advertiseIpv6: true },
    service: {}
  }
}

function launch(
  { advertisement, hostLabel, createResponder = getResponder }: AdvertiserDeps,
  view: InterfaceView
): Running {
  const places = placesOf(view)
  responders += 1
  // ciao shares a responder between equal options. The number makes these unique.
  const responder = createResponder({ ...places.responder, number: responders } as ResponderOptions)
  const internals = responder as unknown as ResponderInternals
  const bound = internals.promiseChain.then(
    () => {
      internals.server.getNetworkManager().shutdown()
    },
    () => {}
  )
  const answer = responder.handleQuery.bind(responder)
  const queries = new TokenBucket(QUERIES_PER_SECOND, QUERIES_AT_ONCE, performance.now())
  responder.handleResponse = () => {}
  internals.probe = async service => {
    service.serviceState = 'probed' as typeof service.serviceState
  }
  responder.handleQuery = (packet, endpoint) => {
    if (packet.authorities.size === 0 && queries.take(1, performance.now())) answer(packet, endpoint)
  }
  const service = responder.createService({
    name: advertisement.id,
    type: 'nws',
    port: advertisement.port,
    hostname: hostLabel,
    txt: { [TEXT_KEY]: TEXT_VALUE },
    ...places.service
  })
  service.on('name-change', () => {}) // Cannot happen, but without a listener ciao writes to the console.
  service.advertise().catch(() => {}) // The browser finds out.
  return { responder, service, bound }
}

/** Ends a responder. Without a goodbye, others keep our records until the next responder speaks. */
async function end({ responder, service, bound }: Running, goodbyeMs: number): Promise<void> {
  await bound // To close it earlier would leave sockets behind.
  try {
    if (goodbyeMs > 0) await within(goodbyeMs, service.end())
  } catch {
    // Others find out later.
  }
  try {
    ;(responder as unknown as ResponderInternals).server.shutdown()
    await responder.shutdown()
  } catch {
    // A failed socket cannot be closed.
  }
}

/** Waits for a promise, at most this long. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Tells one set of places to advertise from another. */
function keyOf(view: InterfaceView): string {
  const { responder } = placesOf(view)
  const interfaces = responder.advertiseIpv6 === true ? view.ipv6 : view.ipv4
  return interfaces.map(({ name, address }) => `${name} ${address}`).join(' ')
}

/** The advertiser. It does nothing before update(). */
export class Advertiser {
  readonly #deps: AdvertiserDeps
  #wanted: InterfaceView | undefined
  #wantedKey = ''
  #running: Running | undefined
  #runningKey = ''
  #stopped = false
  #visible = false
  #patienceMs: number
  #watch: NodeJS.Timeout | undefined
  #work = Promise.resolve()

  constructor(deps: AdvertiserDeps) {
    this.#deps = deps
    this.#patienceMs = deps.timings.unseenMs
  }

  /** Advertises on these interfaces from now on. @param view undefined: nowhere, without a goodbye */
  update(view: InterfaceView | undefined): void {
    this.#wanted = view
    const key = view === undefined ? '' : keyOf(view)
    if (key !== this.#wantedKey) this.#patienceMs = this.#deps.timings.unseenMs
    this.#wantedKey = key
    this.#arrange()
  }

  /** The browser has just seen the advertisement, or can no longer see it. */
  seen(seen: boolean): void {
    this.#visible = seen
    clearTimeout(this.#watch)
    if (seen) this.#patienceMs = this.#deps.timings.unseenMs
    else this.#startWatch()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#watch)
    await this.#work
    const last = this.#running
    this.#running = undefined
    if (last !== undefined) await end(last, this.#deps.timings.goodbyeMs)
  }

  /** Makes the running responder the wanted one, one step after the other. */
  #arrange(): void {
    this.#work = this.#work.then(async () => {
      if (this.#runningKey === this.#wantedKey) return
      clearTimeout(this.#watch)
      this.#runningKey = ''
      const former = this.#running
      this.#running = undefined
      if (former !== undefined) await end(former, 0)
      if (this.#wanted === undefined || this.#stopped) return
      this.#runningKey = this.#wantedKey
      this.#visible = false
      try {
        // Without loopback ciao throws uncaught, so this looks at the last moment.
        if (interfaceView().loopback) this.#running = launch(this.#deps, this.#wanted)
      } catch {
        // The watch tries again.
      }
      this.#startWatch()
    })
  }

  #startWatch(): void {
    this.#watch = setTimeout(() => this.#rebuild(), this.#patienceMs).unref()
  }

  #rebuild(): void {
    if (this.#visible || this.#stopped || this.#wanted === undefined) return
    this.#patienceMs = Math.min(this.#patienceMs * 2, this.#deps.timings.maxUnseenMs)
    this.#deps.unseen()
    this.#runningKey = 'to be rebuilt'
    this.#arrange()
  }
}
