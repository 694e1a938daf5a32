// Says on the network that this proxy is here, with @homebridge/ciao. Not proof that anybody hears it: advertise()
// resolving means nothing, only the browser's sight of our own advertisement does, and its absence rebuilds all.
//
// ciao is held on a short leash, since a proxy must outlive whatever a network sends and does:
// - Its own polling of interfaces is ended. It throws where nobody can catch it when loopback goes down, and it makes
//   a lost IPv4 address an exception for every later packet. The browser polls more often; a change makes a new responder.
// - Responses never reach it. To ciao a record under our names is a conflict that renames us or ends in
//   process.exit(1). Our names are random, so that such a record is a forgery.
// - Queries reach it at a bounded rate, probes of others not at all (a forged one would keep us probing for ever).
// - It does not probe itself (RFC 6762 §8.1): the names are random, 80 and 128 bits, and an answer would not reach it. That
//   was 0.7 to 1.2 s of each start. Other responders know such names as "known unique".
import { getResponder, type CiaoService, type Responder, type ResponderOptions } from '@homebridge/ciao'
import type { Advertisement } from '../../core/discovery.ts'
import { textKey, textValue } from '../../core/dns-sd/records.ts'
import { TokenBucket } from '../../core/token-bucket.ts'
import { interfaceView, type InterfaceView } from './interfaces.ts'

/** Times in ms. */
export interface AdvertiserTimes {
  /** Our own advertisement has to be seen within this after every start. */
  readonly unseenMs: number
  /** While it is not, the next attempts wait up to this. */
  readonly maxUnseenMs: number
  /** Time for the goodbye. */
  readonly goodbyeMs: number
}

export const defaultAdvertiserTimes: AdvertiserTimes = { unseenMs: 5000, maxUnseenMs: 60_000, goodbyeMs: 500 }

/** What an advertiser needs. */
export interface AdvertiserOptions {
  readonly advertisement: Advertisement
  /** Label of the host name to give, random like the id. */
  readonly hostLabel: string
  readonly times: AdvertiserTimes
  /** Our advertisement was not seen in time. */
  readonly unseen: () => void
  /** Makes ciao's responder. */
  readonly createResponder?: typeof getResponder
}

/** The advertiser. */
export interface Advertiser {
  /** Advertises on these interfaces from now on; undefined: nowhere, without goodbye. The same ones again change nothing. */
  update: (view: InterfaceView | undefined) => void
  /** The browser has just seen our advertisement, or sees it no more. */
  seen: (seen: boolean) => void
  /** Says goodbye and ends. */
  stop: () => Promise<void>
}

/** The parts of ciao's Responder that its types hide. Its version is pinned exactly, and tests hold each of them. */
interface ResponderInternals {
  /** Makes sure that nobody else has the names of a service. */
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

/** Queries answered per second, and at once. A network of 256 proxies asks some ten. */
const QUERIES_PER_SECOND = 100
const QUERIES_AT_ONCE = 200

let responders = 0

/** Which interfaces to advertise on, as ciao takes them. */
function placesOf(view: InterfaceView): {
  responder: ResponderOptions
  service: { restrictedAddresses?: string[]; disabledIpv6?: boolean }
} {
  const names = view.ipv4.map(({ name }) => name)
  // Names are always given: left to itself ciao asks `ip`, whose `eth0@if6` it does not recognise, and takes loopback only.
  if (names.length > 0)
    return {
      responder: { interface: names, excludeIpv6Only: true },
      service: { restrictedAddresses: [...names], disabledIpv6: true }
    }
  // On IPv6 it compares restricted names with `eth0/6` and would advertise nowhere, hence no restriction.
  return {
    responder: { interface: view.ipv6.map(({ name }) => name), advertiseIpv4: false, advertiseIpv6: true },
    service: {}
  }
}

function launch(
  { advertisement, hostLabel, createResponder = getResponder }: AdvertiserOptions,
  view: InterfaceView
): Running {
  const places = placesOf(view)
  responders += 1
  // ciao shares one responder among equal options; a number of its own keeps this one ours.
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
    txt: { [textKey]: textValue },
    ...places.service
  })
  service.on('name-change', () => {}) // cannot happen; without a listener ciao would write to the console
  service.advertise().catch(() => {}) // the browser finds out
  return { responder, service, bound }
}

/** Ends a responder; with goodbye, others learn at once, without, they go on knowing us until the next one speaks. */
async function end({ responder, service, bound }: Running, goodbyeMs: number): Promise<void> {
  await bound // what is closed while it binds would leave sockets behind
  try {
    if (goodbyeMs > 0) await within(goodbyeMs, service.end())
  } catch {
    /* nobody hears it: they find out in time */
  }
  try {
    ;(responder as unknown as ResponderInternals).server.shutdown()
    await responder.shutdown()
  } catch {
    /* a socket that has failed before cannot be closed again */
  }
}

/** Waits for a promise, but not longer than this. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, late]).finally(() => {
    clearTimeout(timer)
  })
}

/** Makes an advertiser; it does nothing before update(). */
export function createAdvertiser(options: AdvertiserOptions): Advertiser {
  const { times, unseen } = options
  let wanted: InterfaceView | undefined
  let wantedKey = ''
  let runningKey = ''
  let running: Running | undefined
  let stopped = false
  let visible = false
  let patience = times.unseenMs
  let watch: NodeJS.Timeout | undefined
  let work = Promise.resolve()

  function keyOf(view: InterfaceView): string {
    const { responder } = placesOf(view)
    const interfaces = responder.advertiseIpv6 === true ? view.ipv6 : view.ipv4
    return interfaces.map(({ name, address }) => `${name} ${address}`).join(' ')
  }

  /** Brings what runs in line with what is wanted, one step after the other. */
  function arrange(): void {
    work = work.then(async () => {
      if (runningKey === wantedKey) return
      clearTimeout(watch)
      runningKey = ''
      const former = running
      running = undefined
      if (former !== undefined) await end(former, 0)
      if (wanted === undefined || stopped) return
      runningKey = wantedKey
      visible = false
      try {
        // Without loopback ciao fails where nobody can catch it, so look at the very last moment.
        if (interfaceView().loopback) running = launch(options, wanted)
      } catch {
        /* the watch tries again */
      }
      watch = setTimeout(rebuild, patience).unref()
    })
  }

  function rebuild(): void {
    if (visible || stopped || wanted === undefined) return
    patience = Math.min(patience * 2, times.maxUnseenMs)
    unseen()
    runningKey = 'to be built anew'
    arrange()
  }

  return {
    update(view) {
      wanted = view
      const key = view === undefined ? '' : keyOf(view)
      if (key !== wantedKey) patience = times.unseenMs
      wantedKey = key
      arrange()
    },
    seen(seen) {
      visible = seen
      clearTimeout(watch)
      if (seen) patience = times.unseenMs
      else watch = setTimeout(rebuild, patience).unref()
    },
    async stop() {
      stopped = true
      clearTimeout(watch)
      await work
      const last = running
      running = undefined
      if (last !== undefined) await end(last, times.goodbyeMs)
    }
  }
}
