// Invitations of guests as a decorator: makes and closes them, and runs the listener for guests while one is open. The
// rules are in core/guests, the app of the listener comes in as an option.
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { addressKey } from '../../core/address-key.ts'
import { isChannelName } from '../../core/channel-name.ts'
import { closeCodeOf, NwsError } from '../../core/errors.ts'
import { guestAddresses } from '../../core/guests/addresses.ts'
import { invitationId, pskOf, SECRET_BYTES } from '../../core/guests/handshake.ts'
import { Invitations, type Invitation } from '../../core/guests/invitations.ts'
import { takeOver } from '../../core/hub/client-socket.ts'
import type { Peer } from '../../core/hub/peer.ts'
import { KeyedBuckets } from '../../core/keyed-buckets.ts'
import { defaultRouteAddress } from '../../platform/default-route.ts'
import { readInterfaces } from '../../platform/network-interfaces.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../channel-sockets/index.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import type {} from '../refusals.ts'
import type {} from '../shutdown.ts'
import { takeGuest } from './socket.ts'

declare module 'fastify' {
  interface FastifyInstance {
    guests: Guests
  }
}

/** A wish for an invitation. */
export interface InvitationRequest {
  readonly channel: string
  readonly expiresInSeconds?: number | undefined
  readonly guests?: number | undefined
  readonly page?: string | undefined
  readonly app?: string | undefined
}

/** An open invitation for its host. The links have the secret in them. */
export interface InvitationView {
  readonly id: string
  readonly channel: string
  readonly page: string
  /** The best link. */
  readonly url: string
  /** A link for each address of this machine. */
  readonly urls: readonly string[]
  readonly guests: { readonly now: number; readonly max: number; readonly list: readonly Peer[] }
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** The decorator `guests`. */
export interface Guests {
  /**
   * Opens an invitation, and the listener with the first one.
   *
   * @throws NwsError `NWS_ERR_CHANNEL_NAME`, `NWS_ERR_GUEST_PAGE`, `NWS_ERR_GUEST_APP`, `NWS_ERR_GUEST_ADDRESS`,
   *   `NWS_ERR_GUEST_INVITATIONS`, `NWS_ERR_LISTEN`, `NWS_ERR_SHUTTING_DOWN`
   */
  invite(request: InvitationRequest): Promise<InvitationView>
  list(): Promise<InvitationView[]>
  /** Closes an invitation and ends its guests. @throws NwsError `NWS_ERR_GUEST_INVITATION` */
  close(id: string): Promise<void>
  /** Ends one guest for good. @throws NwsError `NWS_ERR_GUEST_INVITATION`, `NWS_ERR_GUEST_UNKNOWN` */
  remove(id: string, peer: string): void
  /** Takes an upgraded socket of a guest, and owns it from here on. */
  accept(websocket: WebSocket, request: FastifyRequest): void
  /** Whether the address is one that links to guests have. */
  isHost(name: string): Promise<boolean>
  /** The invitations whose pages are served. */
  open(): Iterable<Invitation>
}

/** Certificate and key for node:https. */
export interface Tls {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Options of the plugin. */
export interface GuestsOptions {
  /** Builds the app that listens. @param tls undefined: plain HTTP */
  readonly build: (main: FastifyInstance, tls: Tls | undefined) => Promise<FastifyInstance>
}

const DEFAULT_SECONDS = 2 * 60 * 60
const DEFAULT_GUESTS = 8
/** Names of pages beside `app`. The first one is the default. */
export const GUEST_PAGES = ['start', 'chat', 'whiteboard', 'notes', 'game', 'pubsub', 'webrtc'] as const
/** Ports that are tried if NWS_GUEST_PORT is taken. */
const PORT_TRIES = 20
/** Wrong secrets from one address: 10 at once, then one every 3 s. */
const WRONG_SECRETS = { burst: 10, perSecond: 1 / 3 }
const MAX_ADDRESSES = 10_000
/** Longest wait of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1
/** Share of the time for the shutdown after which connections are cut. */
const PATIENCE_SHARE = 0.5

/** An address of this machine on which a development server may run. */
const LOCAL_APP = /^http:\/\/(?:127\.0\.0\.1|localhost):[1-9]\d{0,4}(?:\/[\w.~-]+)*\/?$/

function readPem(path: string, variable: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new NwsError(
      'NWS_ERR_CONFIG_VALUE',
      `${variable}: the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`
    )
  }
}

/** The listener: an app that runs while it is wanted. */
class GuestListener {
  readonly #app: FastifyInstance
  readonly #build: () => Promise<FastifyInstance>
  #inner: FastifyInstance | undefined
  port = 0

  constructor(app: FastifyInstance, build: () => Promise<FastifyInstance>) {
    this.#app = app
    this.#build = build
  }

  /** @throws NwsError `NWS_ERR_LISTEN` */
  async start(): Promise<void> {
    if (this.#inner !== undefined) return
    const { guestHost, guestPort } = this.#app.config
    for (let port = guestPort; ; port++) {
      const inner = await this.#build()
      try {
        await inner.listen({
          host: guestHost === '' ? '0.0.0.0' : guestHost,
          port,
          listenTextResolver: () => 'guests may come'
        })
        this.#inner = inner
        this.port = (inner.server.address() as AddressInfo).port
        return
      } catch (error) {
        await inner.close()
        const { code = 'unknown error' } = error as NodeJS.ErrnoException
        if (code === 'EADDRINUSE' && port > 0 && port < Math.min(65_535, guestPort + PORT_TRIES)) continue
        throw new NwsError('NWS_ERR_LISTEN', `The listener for guests cannot be opened (${code}).`)
      }
    }
  }

  async stop(patienceMs: number): Promise<void> {
    const inner = this.#inner
    if (inner === undefined) return
    this.#inner = undefined
    const deadline = setTimeout(() => inner.server.closeAllConnections(), patienceMs)
    await inner.close()
    clearTimeout(deadline)
  }
}

/** Decorates the app with `guests`. */
export default fp<GuestsOptions>(
  async (app, { build }) => {
    const { config, crypto, channelSockets, channelRegistry } = app
    const invitations = new Invitations()
    const wrong = new KeyedBuckets<string>(WRONG_SECRETS, MAX_ADDRESSES)
    const sockets = new Map<string, number>()
    let timer: NodeJS.Timeout | undefined
    let isClosing = false
    const tls =
      config.guestTlsCert === ''
        ? undefined
        : {
            cert: readPem(config.guestTlsCert, 'NWS_GUEST_TLS_CERT'),
            key: readPem(config.guestTlsKey, 'NWS_GUEST_TLS_KEY')
          }
    const listener = new GuestListener(app, () => build(app, tls))

    // One change of the listener after the other.
    let changing: Promise<void> = Promise.resolve()
    const inTurn = async (change: () => Promise<void>): Promise<void> => {
      const turn = changing.then(change)
      changing = turn.catch(() => {})
      await turn
    }
    const settle = async (): Promise<void> =>
      inTurn(async () => {
        if (invitations.size === 0) await listener.stop(1000)
      })

    function watchExpiry(): void {
      clearTimeout(timer)
      const next = invitations.expire(Date.now())
      if (next === undefined) void settle()
      else timer = setTimeout(watchExpiry, Math.min(MAX_TIMER_MS, next - Date.now() + 1)).unref()
    }

    async function addresses(): Promise<string[]> {
      if (config.guestHost !== '') return [config.guestHost.includes(':') ? `[${config.guestHost}]` : config.guestHost]
      return guestAddresses(readInterfaces(), await defaultRouteAddress())
    }

    async function view({ facts, places, guests }: Invitation): Promise<InvitationView> {
      const { id, channel, page, secret, expiresAt } = facts
      const fragment = Buffer.from(secret).toString('base64url')
      const urls = (await addresses()).map(
        address => `${tls === undefined ? 'http' : 'https'}://${address}:${listener.port}/${page}/#${fragment}`
      )
      const members = [...(channelRegistry.find(channel)?.members() ?? [])]
      return {
        id,
        channel,
        page,
        url: urls[0] ?? '',
        urls,
        guests: { now: guests.size, max: places, list: members.filter(({ invitation }) => invitation === id) },
        expiresAt
      }
    }

    function count(key: string, change: number): void {
      const open = (sockets.get(key) ?? 0) + change
      if (open > 0) sockets.set(key, open)
      else sockets.delete(key)
    }

    app.decorate('guests', {
      invite: async ({
        channel,
        expiresInSeconds = DEFAULT_SECONDS,
        guests = DEFAULT_GUESTS,
        page = 'start',
        app: own
      }) => {
        if (!isChannelName(channel)) throw new NwsError('NWS_ERR_CHANNEL_NAME')
        if (own !== undefined && (page !== 'app' || !LOCAL_APP.test(own))) throw new NwsError('NWS_ERR_GUEST_APP')
        const exists = page === 'app' ? own !== undefined || config.guestApp !== '' : isPage(page, config.examples)
        if (!exists) throw new NwsError('NWS_ERR_GUEST_PAGE')
        if ((await addresses()).length === 0) throw new NwsError('NWS_ERR_GUEST_ADDRESS')
        if (isClosing) throw new NwsError('NWS_ERR_SHUTTING_DOWN')
        const secret = crypto.randomBytes(SECRET_BYTES)
        const invitation = invitations.add(
          {
            id: invitationId(crypto.link, secret),
            channel,
            page,
            app: own?.replace(/\/$/, ''),
            secret,
            psk: pskOf(crypto.link, secret),
            expiresAt: Date.now() + expiresInSeconds * 1000
          },
          guests
        )
        try {
          await inTurn(() => listener.start())
        } catch (error) {
          invitations.close(invitation.facts.id)
          throw error
        }
        watchExpiry()
        return await view(invitation)
      },
      list: async () => await Promise.all(Array.from(invitations, view)),
      close: async id => {
        if (!invitations.close(id)) throw new NwsError('NWS_ERR_GUEST_INVITATION')
        watchExpiry()
        await changing
      },
      remove: (id, peer) => {
        const invitation = invitations.find(id)
        if (invitation === undefined) throw new NwsError('NWS_ERR_GUEST_INVITATION')
        const guest = [...invitation.guests].find(each => each.peer?.id === peer)
        if (guest === undefined) throw new NwsError('NWS_ERR_GUEST_UNKNOWN')
        invitation.remove(guest)
      },
      accept: (websocket, request) => {
        const transport = request.raw.socket
        takeOver(websocket, transport)
        const { key } = addressKey(transport.remoteAddress ?? '')
        const all = [...sockets.values()].reduce((sum, open) => sum + open, 0)
        if (all >= config.guestMaxConnections || (sockets.get(key) ?? 0) >= config.guestMaxConnectionsPerAddress) {
          app.refusals.add('socket', 'NWS_ERR_GUEST_CONNECTIONS')
          websocket.close(closeCodeOf('NWS_ERR_GUEST_CONNECTIONS'), 'NWS_ERR_GUEST_CONNECTIONS')
          return
        }
        count(key, 1)
        websocket.once('close', () => count(key, -1))
        const { id = '', binary, resume } = request.query as { id?: string; binary?: string; resume?: string }
        takeGuest(
          { websocket, transport },
          { id, address: key, isBack: resume === 'back' },
          {
            primitives: crypto.link,
            invitations,
            wrong,
            now: () => performance.now(),
            handshakeTimeoutMs: config.handshakeTimeoutMs,
            refused: code => app.refusals.add('socket', code),
            seat: (tunnel, { facts }, left) =>
              channelSockets.acceptGuest(tunnel, {
                name: facts.channel,
                invitation: facts.id,
                takesBinary: binary === '1',
                resume,
                left
              }),
            takeBack: (tunnel, { facts }) =>
              channelSockets.takeGuestBack(tunnel, { name: facts.channel, invitation: facts.id })
          }
        )
      },
      isHost: async name => (await addresses()).includes(name),
      open: () => invitations
    })

    app.addHook('preClose', async () => {
      isClosing = true
      clearTimeout(timer)
      for (const { facts } of [...invitations]) invitations.close(facts.id, 'NWS_ERR_SHUTTING_DOWN')
      await inTurn(() => listener.stop(app.shutdown.left(PATIENCE_SHARE)))
    })
  },
  {
    name: 'nws-guests',
    fastify: '5.x',
    dependencies: ['nws-config', 'nws-shutdown', 'nws-crypto', 'nws-channel-registry', 'nws-channel-sockets']
  }
)

/** Whether guests may get the page. @param examples whether the example pages are served at all */
function isPage(page: string, examples: boolean): boolean {
  return page === 'start' || (examples && GUEST_PAGES.some(name => name === page))
}
