// The guard: decides which clients may reach which routes, for HTTP requests, WebSocket upgrades and requests that the router
// cannot read. guarded-scope writes the refusals.
//
// The guard trusts the TCP connection and the raw request only. It ignores forwarded headers, even if the embedding app trusts
// them.
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
 * The access that a route gives, and its callers.
 * - `public`: reads public information; everybody;
 * - `probe`: asks whether the proxy is well; programs, and pages of this proxy;
 * - `data`: joins a channel; programs, and pages of allowed origins;
 * - `control`: sees and controls this proxy; programs, and pages of this proxy;
 * - `events`: `control` and `data` together;
 * - `rendezvous`: opens a socket to the rendezvous; programs, and pages of allowed origins;
 * - `account`: uses an invitation; programs, and pages of this proxy.
 */
export type Surface = 'public' | 'probe' | 'data' | 'control' | 'events' | 'rendezvous' | 'account'

declare module 'fastify' {
  interface FastifyInstance {
    accessGuard: AccessGuard
  }
  interface FastifyContextConfig {
    /** The access that the route gives; `control` by default. */
    surface?: Surface
    /** The access of a WebSocket to this route, if it differs. */
    upgradeSurface?: Surface
    /** Whether the route takes WebSocket upgrades. Any other route refuses them. */
    socket?: boolean
  }
}

/** The decoration `accessGuard`. */
export interface AccessGuard {
  /** Checks the Host header first, then the surface. @returns why the request is refused; undefined: it is allowed */
  check(request: IncomingMessage, surface: Surface): ErrorCode | undefined
  /** Whether the caller has access to `control`. */
  isTrusted(request: FastifyRequest): boolean
  /** Whether the client is on another machine and has not proven the token. */
  mustAuthenticate(request: FastifyRequest): boolean
  /** Whether the request comes from a page of this proxy or of an origin in NWS_BV_ORIGINS. */
  isKnownToRendezvous(request: IncomingMessage): boolean
  /** The addresses of this proxy for devices without one: `http://192.168.1.20:9009`, … */
  lanAddresses(request: FastifyRequest): string[]
  /** Refuses all further requests with NWS_ERR_SHUTTING_DOWN. */
  close(): void
  /** Compares with the token in constant time. Slows wrong tokens of other machines. @returns undefined: the token is right */
  checkToken(text: string | undefined, remoteAddress: string): ErrorCode | undefined
}

/** Unix sockets and injected requests have no port. They count as plain HTTP. */
const NO_PORT = 80

/** The values of all Host fields. Node.js itself keeps only the first. */
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
  /** Whether a Host may be the local address of the connection, for listeners beyond this machine. */
  readonly ownAddress?: boolean
}

/** Wrong tokens from one address of another machine: 10 at once, then one every 3 s. */
const WRONG_TOKENS = { burst: 10, perSecond: 1 / 3 }
/** Addresses with a remembered number of tries. */
const MAX_ADDRESSES = 10_000

/** The guard without Fastify. @param guessed called when an address has used up its tries, once until it has another */
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

  /** The origins of this proxy's own pages under the Host of the request; undefined: the Host is not allowed. */
  function ownOrigins(request: IncomingMessage, host: string): string[] | undefined {
    const hostClass = classifyHost(
      host,
      request.socket?.localPort ?? NO_PORT,
      ownAddress ? request.socket?.localAddress : undefined
    )
    if (hostClass === undefined) return undefined
    const encrypted = (request.socket as { encrypted?: boolean } | undefined)?.encrypted === true
    const name = host.toLowerCase()
    // A reverse proxy with TLS may serve a listed name.
    const schemes = hostClass === 'listed' && !encrypted ? ['http', 'https'] : [encrypted ? 'https' : 'http']
    return schemes.map(scheme => `${scheme}://${name}`)
  }

  const wrongTokens = new KeyedBuckets<string>(WRONG_TOKENS, MAX_ADDRESSES)
  const told = new KeyedBuckets<string>({ burst: 1, perSecond: 1 / 60 }, MAX_ADDRESSES)

  function checkToken(text: string | undefined, remoteAddress: string): ErrorCode | undefined {
    if (text === undefined || tokenHash === undefined) return 'NWS_ERR_TOKEN_REQUIRED'
    const now = performance.now()
    const { key, loopback } = addressKey(remoteAddress)
    // The right token is refused too: otherwise the answer would tell an attacker which token is right.
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
    // A target with its own host is for forward proxies. RFC 9112 §3.2.2 lets it replace the Host.
    if (!(request.url ?? '').startsWith('/')) return 'NWS_ERR_REQUEST_MALFORMED'
    if (closing) return 'NWS_ERR_SHUTTING_DOWN'
    switch (surface) {
      case 'public':
        return undefined
      case 'probe':
        return checkSite(request, own)
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

/** Decorates the app with `accessGuard`. guarded-scope calls it. */
export default fp<AccessGuardOptions>(
  async (app, options) => {
    const accessGuard = createAccessGuard(app.config, options, address =>
      app.log.warn({ address }, 'wrong tokens come from another machine: it has to wait')
    )
    app.decorate('accessGuard', accessGuard)
    app.addHook('preClose', async () => accessGuard.close())
  },
  // A decorator, not nws-config: the app for other machines brings its own settings.
  { name: 'nws-access-guard', fastify: '5.x', decorators: { fastify: ['config'] } }
)
