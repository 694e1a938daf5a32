// The guard: who may reach what, for HTTP requests, WebSocket upgrades and requests that the router could not read.
// Not what a refusal looks like (guarded-scope), not the limits.
//
// Facts are taken from the TCP connection and the raw request only: forwarded headers are never looked at, whatever
// the app around us trusts.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ErrorCode } from '../core/errors.ts'
import { addressKey } from '../core/address-key.ts'
import { createHostPolicy, isLoopbackAddress } from '../core/host-policy.ts'
import { KeyedBuckets } from '../core/keyed-buckets.ts'
import { lanAddresses } from '../core/lan-addresses.ts'
import { createOriginPolicy } from '../core/origin-policy.ts'
import type { Settings } from '../core/settings.ts'
import { externalAddresses } from '../platform/network-interfaces.ts'
import type {} from './config.ts'

/**
 * What a route lets its caller do.
 * - `public`: nothing but read what anyone may know;
 * - `data`: join a channel, which pages of allowed origins may;
 * - `control`: see and steer this proxy, which pages of other sites may not;
 * - `events`: `control`, and it joins a channel too;
 * - `rendezvous`: open a socket to the rendezvous, which pages of allowed origins may;
 * - `account`: use an invitation, which only pages of this proxy and programs may.
 */
export type Surface = 'public' | 'data' | 'control' | 'events' | 'rendezvous' | 'account'

declare module 'fastify' {
  interface FastifyInstance {
    accessGuard: AccessGuard
  }
  interface FastifyContextConfig {
    /** Who may reach the route; a route that does not say is `control`. */
    surface?: Surface
    /** Who may reach it as a WebSocket, where that differs. */
    upgradeSurface?: Surface
    /** Whether the route takes WebSocket upgrades. Any other route refuses them. */
    socket?: boolean
  }
}

/** What the plugin decorates an app with as `accessGuard`. */
export interface AccessGuard {
  /** Whether a request may reach a surface: undefined, or why not. The Host header is judged before all else. */
  check(request: IncomingMessage, surface: Surface): ErrorCode | undefined
  /** Whether the caller may see what `control` shows. */
  isTrusted(request: FastifyRequest): boolean
  /** Whether a socket comes from another machine and has yet to prove the token. */
  mustAuthenticate(request: FastifyRequest): boolean
  /** Whether the request comes from a page of this proxy or of an origin that NWS_BV_ORIGINS lists. */
  isKnownToRendezvous(request: IncomingMessage): boolean
  /** Where devices without a proxy reach this one: `http://192.168.1.20:9009`, … */
  lanAddresses(request: FastifyRequest): string[]
  /** From now on every allowed Host is answered NWS_ERR_SHUTTING_DOWN. */
  close(): void
  /** Compares with the token in constant time. Wrong tokens of other machines are slowed. @returns undefined: it is right */
  checkToken(text: string | undefined, remoteAddress: string): ErrorCode | undefined
}

/** Port of a connection that has none (Unix sockets, injected requests): as if it were plain HTTP's own. */
const NO_PORT = 80

/** The values of all Host fields; Node itself would keep only the first. */
function hostsOf({
  rawHeaders,
  headers
}: Pick<Partial<IncomingMessage>, 'rawHeaders'> & Pick<IncomingMessage, 'headers'>): string[] {
  if (rawHeaders === undefined) return headers.host === undefined ? [] : [headers.host] // Injected upgrades.
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'host')
}

function remoteAddressOf({ socket }: Partial<IncomingMessage>): string {
  return socket?.remoteAddress ?? ''
}

/** Options of the plugin. */
export interface AccessGuardOptions {
  /** Whether a Host may be the address that the connection was accepted at, for listeners beyond this machine. */
  readonly ownAddress?: boolean
}

/** Wrong tokens from one address of another machine: 10 at once, then one every 3 s. */
const WRONG_TOKENS = { burst: 10, perSecond: 1 / 3 }
/** Addresses that are remembered for that. */
const MAX_ADDRESSES = 10_000

/** The guard without Fastify. @param guessed called when an address has used up its tries; once until it has a new one */
export function createAccessGuard(
  settings: Settings,
  { ownAddress = false }: AccessGuardOptions = {},
  guessed: (address: string) => void = () => {}
): AccessGuard {
  const classifyHost = createHostPolicy(settings.allowedHosts)
  const allowsOrigin = createOriginPolicy(settings.allowedOrigins)
  const allowsRendezvousOrigin = createOriginPolicy(settings.bvOrigins)
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  let closing = false
  const tokenHash = settings.apiToken === '' ? undefined : hash(settings.apiToken)

  /** The origins that pages have which this proxy serves under the request's Host; undefined: Host not allowed. */
  function ownOrigins(request: IncomingMessage, host: string): string[] | undefined {
    const hostClass = classifyHost(
      host,
      request.socket?.localPort ?? NO_PORT,
      ownAddress ? request.socket?.localAddress : undefined
    )
    if (hostClass === undefined) return undefined
    const encrypted = (request.socket as { encrypted?: boolean } | undefined)?.encrypted === true
    const name = host.toLowerCase()
    // In front of a listed name there may be a proxy that speaks TLS.
    const schemes = hostClass === 'listed' && !encrypted ? ['http', 'https'] : [encrypted ? 'https' : 'http']
    return schemes.map(scheme => `${scheme}://${name}`)
  }

  const wrongTokens = new KeyedBuckets<string>(WRONG_TOKENS, MAX_ADDRESSES)
  const told = new KeyedBuckets<string>({ burst: 1, perSecond: 1 / 60 }, MAX_ADDRESSES)

  function checkToken(text: string | undefined, remoteAddress: string): ErrorCode | undefined {
    if (text === undefined || tokenHash === undefined) return 'NWS_ERR_TOKEN_REQUIRED'
    const now = performance.now()
    const { key, loopback } = addressKey(remoteAddress)
    // A right token is not looked at either: the answer would tell a guesser.
    if (!loopback && wrongTokens.waitMs(key, now) > 0) {
      if (told.take(key, now)) guessed(key)
      return 'NWS_ERR_TOKEN_TRIES'
    }
    if (timingSafeEqual(hash(text), tokenHash)) return undefined
    if (!loopback) wrongTokens.take(key, now)
    return 'NWS_ERR_TOKEN_REQUIRED'
  }

  function bearerOf(request: IncomingMessage): string | undefined {
    return /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  }

  function isRemote(request: IncomingMessage): boolean {
    return !isLoopbackAddress(remoteAddressOf(request))
  }

  function checkSite(
    { headers: { origin, 'sec-fetch-site': site } }: IncomingMessage,
    own: readonly string[]
  ): ErrorCode | undefined {
    if (site !== undefined && site !== 'none' && site !== 'same-origin') return 'NWS_ERR_CROSS_SITE'
    return origin !== undefined && !own.includes(origin) ? 'NWS_ERR_CROSS_SITE' : undefined
  }

  function checkControl(request: IncomingMessage, own: readonly string[]): ErrorCode | undefined {
    const refusal = checkSite(request, own)
    if (refusal !== undefined) return refusal
    if (tokenHash === undefined && !isRemote(request)) return undefined
    return checkToken(bearerOf(request), remoteAddressOf(request))
  }

  function checkData(request: IncomingMessage, own: readonly string[]): ErrorCode | undefined {
    if (!allowsOrigin(request.headers.origin, own)) return 'NWS_ERR_ORIGIN_NOT_ALLOWED'
    const bearer = bearerOf(request)
    return isRemote(request) && bearer !== undefined ? checkToken(bearer, remoteAddressOf(request)) : undefined
  }

  function check(request: IncomingMessage, surface: Surface): ErrorCode | undefined {
    const [host, ...more] = hostsOf(request)
    if (host === undefined || more.length > 0) return 'NWS_ERR_REQUEST_MALFORMED' // RFC 9112 §3.2
    const own = ownOrigins(request, host)
    if (own === undefined) return 'NWS_ERR_HOST_NOT_ALLOWED'
    // A target with a host of its own is for forward proxies, and RFC 9112 §3.2.2 would have it replace the Host.
    if (!(request.url ?? '').startsWith('/')) return 'NWS_ERR_REQUEST_MALFORMED'
    if (closing) return 'NWS_ERR_SHUTTING_DOWN'
    switch (surface) {
      case 'public':
        return undefined
      case 'data':
        return checkData(request, own)
      case 'rendezvous':
        if (!ownAddress && isRemote(request)) return 'NWS_ERR_BV_OTHER_MACHINE'
        return allowsRendezvousOrigin(request.headers.origin, own) ? undefined : 'NWS_ERR_BV_ORIGIN'
      case 'account':
        if (!ownAddress && isRemote(request)) return 'NWS_ERR_BV_OTHER_MACHINE'
        return checkSite(request, own)
      case 'events':
        return checkControl(request, own) ?? checkData(request, own)
      default:
        return checkControl(request, own)
    }
  }

  return {
    check,
    checkToken,
    close: () => {
      closing = true
    },
    isKnownToRendezvous: request => {
      const { origin, host } = request.headers
      if (origin === undefined || host === undefined) return false
      return settings.bvOrigins.includes(origin) || ownOrigins(request, host)?.includes(origin) === true
    },
    lanAddresses: ({ raw }) => lanAddresses(settings, raw.socket?.localPort ?? NO_PORT, externalAddresses()),
    isTrusted: request => check(request.raw, 'control') === undefined,
    mustAuthenticate: ({ raw }) => isRemote(raw) && checkToken(bearerOf(raw), remoteAddressOf(raw)) !== undefined
  }
}

/** Decorates the app with `accessGuard`. It is put to work by guarded-scope. */
export default fp<AccessGuardOptions>(
  async (app, options) => {
    const accessGuard = createAccessGuard(app.config, options, address =>
      app.log.warn({ address }, 'wrong tokens come from another machine: it has to wait')
    )
    app.decorate('accessGuard', accessGuard)
    app.addHook('preClose', async () => accessGuard.close())
  },
  // The app for other machines brings settings of its own, so any `config` will do.
  { name: 'nws-access-guard', fastify: '5.x', decorators: { fastify: ['config'] } }
)
