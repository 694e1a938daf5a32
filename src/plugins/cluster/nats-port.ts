// The cluster's port over NATS: dials one server after the other, subscribes again after each connection, reports the
// confirmations of the server, and leaves a silent one.
import type { ClusterPort } from '../../core/cluster/interfaces.ts'
import { definitionOf, type ErrorCode } from '../../core/errors.ts'
import { dial, type Dialled, type NatsClient, type NatsOptions, type NatsSubscription } from './nats-client.ts'
import type { ConnectionTimings } from './options.ts'
import { ServerList } from './server-list.ts'

/** Bytes that the server may leave unconfirmed. Beyond, the port is not ready. */
const WINDOW_BYTES = 4 * 1024 * 1024
const DEFAULT_MAX_PAYLOAD = 1024 * 1024

/** The state of the connection to the server. */
export interface NatsStatus {
  readonly state: 'connecting' | 'connected' | 'disconnected' | 'closed'
  /** `host:port` of the server; undefined while not connected. */
  readonly server: string | undefined
  /** Why the last try failed; undefined while connected. */
  readonly error: ErrorCode | undefined
  /** How often a lost connection came back. */
  readonly reconnects: number
}

export interface NatsPortEvents {
  message(subject: string, bytes: Uint8Array): void
  /** Connected, for the first time or again. */
  connected(): void
  disconnected(): void
  /** The server has taken the next so many published messages. */
  confirmed(count: number): void
  /** The connection failed. Called once per reason. */
  failed(code: ErrorCode, sentence: string): void
}

/** The code of an error of the NATS client. */
export function codeOf({ errors }: NatsClient, error: unknown): ErrorCode {
  const chain = [error, (error as { cause?: unknown }).cause]
  if (
    chain.some(one => one instanceof errors.AuthorizationError || one instanceof errors.UserAuthenticationExpiredError)
  )
    return 'NWS_ERR_CLUSTER_REFUSED'
  if (chain.some(one => one instanceof errors.PermissionViolationError)) return 'NWS_ERR_CLUSTER_PERMISSION'
  const text = chain.map(one => `${(one as NodeJS.ErrnoException | undefined)?.code ?? ''} ${String(one)}`).join(' ')
  return /\b(tls|certificate|CERT_|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|SELF_SIGNED|self-signed|UNABLE_TO|DEPTH_ZERO)/i.test(
    text
  )
    ? 'NWS_ERR_CLUSTER_TLS'
    : 'NWS_ERR_CLUSTER_UNREACHABLE'
}

/** Messages that were published. */
interface Published {
  count: number
  bytes: number
}

export class NatsPort implements ClusterPort {
  readonly #client: NatsClient
  readonly #options: NatsOptions
  readonly #timings: ConnectionTimings
  readonly #events: NatsPortEvents
  readonly #servers: ServerList
  readonly #subscriptions = new Map<string, NatsSubscription | undefined>()
  #dialled: Dialled | undefined
  #state: NatsStatus['state'] = 'connecting'
  #error: ErrorCode | undefined
  #connections = 0
  #unconfirmed: Published = { count: 0, bytes: 0 }
  /** Whether the server was asked to confirm and has not answered yet. */
  #isAsking = false
  /** For the next dial, the next sign of life, or the end of a silent server. */
  #timer: NodeJS.Timeout | undefined
  #following: Promise<void> | undefined

  constructor(client: NatsClient, options: NatsOptions, timings: ConnectionTimings, events: NatsPortEvents) {
    this.#client = client
    this.#options = options
    this.#timings = timings
    this.#events = events
    this.#servers = new ServerList(options.servers, timings.retryMs)
  }

  get status(): NatsStatus {
    return {
      state: this.#state,
      server: this.#state === 'connected' ? this.#dialled?.nats.getServer() : undefined,
      error: this.#error,
      reconnects: Math.max(0, this.#connections - 1)
    }
  }

  get ready(): boolean {
    return this.#state === 'connected' && this.#unconfirmed.bytes < WINDOW_BYTES
  }

  get maxPayload(): number {
    return this.#dialled?.nats.info?.max_payload ?? DEFAULT_MAX_PAYLOAD
  }

  /** Dials until a server answers. */
  start(): void {
    const { url, tlsName } = this.#servers.next()
    const tls = tlsName === undefined ? {} : { tls: { ...this.#options.tls, servername: tlsName } }
    dial(this.#client, { ...this.#options, servers: [url], ...tls }).then(
      dialled => this.#opened(dialled, url),
      (error: unknown) => {
        this.#fail(codeOf(this.#client, error))
        this.#dialAgain()
      }
    )
  }

  publish(subject: string, bytes: Uint8Array): void {
    this.#unconfirmed.count += 1
    this.#unconfirmed.bytes += bytes.length
    try {
      this.#dialled?.nats.publish(subject, bytes)
    } catch {
      return // It has just closed, which #follow reports. The cluster sends again what was not confirmed.
    }
    this.#askSoon()
  }

  subscribe(subject: string): () => void {
    this.#subscriptions.set(subject, this.#subscribeNow(subject))
    return () => {
      this.#subscriptions.get(subject)?.unsubscribe()
      this.#subscriptions.delete(subject)
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    const open = this.#state === 'connected'
    this.#state = 'closed'
    clearTimeout(this.#timer)
    const dialled = this.#dialled
    if (dialled === undefined) return
    if (open)
      await Promise.race([
        dialled.nats.flush().catch(() => {}),
        new Promise(resolve => {
          setTimeout(resolve, this.#timings.retryMs).unref()
        })
      ])
    dialled.destroy()
    await this.#following
  }

  #opened(dialled: Dialled, url: string): void {
    if (this.#state === 'closed') {
      dialled.destroy()
      return
    }
    const { info } = dialled.nats
    this.#servers.learn(url, info?.connect_urls ?? [], this.#options.tls !== undefined || info?.tls_required === true)
    this.#dialled = dialled
    for (const subject of this.#subscriptions.keys()) this.#subscriptions.set(subject, this.#subscribeNow(subject))
    this.#following = this.#follow(dialled)
    this.#state = 'connected'
    this.#error = undefined
    this.#connections += 1
    this.#unconfirmed = { count: 0, bytes: 0 }
    this.#isAsking = false
    this.#askLater()
    this.#events.connected()
  }

  async #follow(dialled: Dialled): Promise<void> {
    for await (const status of dialled.nats.status())
      if (status.type === 'error') this.#fail(codeOf(this.#client, status.error))
    this.#lost(dialled)
  }

  /** The connection has ended. */
  #lost(dialled: Dialled): void {
    if (this.#dialled !== dialled) return
    this.#dialled = undefined
    if (this.#state === 'closed') return
    clearTimeout(this.#timer)
    this.#state = 'disconnected'
    dialled.destroy()
    this.#fail('NWS_ERR_CLUSTER_UNREACHABLE')
    this.#events.disconnected()
    this.#dialAgain()
  }

  #dialAgain(): void {
    if (this.#state === 'closed') return
    this.#timer = setTimeout(() => this.start(), this.#servers.waitMs()).unref()
  }

  #fail(code: ErrorCode): void {
    if (this.#error === code || this.#state === 'closed') return
    this.#error = code
    this.#events.failed(code, definitionOf(code).message)
  }

  /** Asks the server to confirm the messages that are published until the end of this turn. */
  #askSoon(): void {
    if (this.#isAsking) return
    this.#isAsking = true
    queueMicrotask(() => this.#ask())
  }

  /** Without traffic, asks the server for a sign of life. */
  #askLater(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#askSoon(), this.#timings.pingMs).unref()
  }

  #ask(): void {
    const dialled = this.#dialled
    if (dialled === undefined) return
    const asked = { ...this.#unconfirmed }
    this.#waitForAnswer(dialled, 2 * this.#timings.pingMs)
    dialled.nats.flush().then(
      () => {
        if (this.#dialled !== dialled || this.#state === 'closed') return
        this.#isAsking = false
        this.#unconfirmed.count -= asked.count
        this.#unconfirmed.bytes -= asked.bytes
        if (this.#unconfirmed.count > 0) this.#askSoon()
        else this.#askLater()
        this.#events.confirmed(asked.count)
      },
      () => {} // #follow reports the end of the connection.
    )
  }

  #waitForAnswer(dialled: Dialled, ms: number): void {
    clearTimeout(this.#timer)
    const end = performance.now() + ms
    this.#timer = setTimeout(() => {
      const { pingMs } = this.#timings
      // After a pause of this process the answer may wait to be read.
      if (performance.now() - end > pingMs / 2) this.#waitForAnswer(dialled, pingMs)
      else this.#lost(dialled)
    }, ms).unref()
  }

  #subscribeNow(subject: string): NatsSubscription | undefined {
    const nats = this.#dialled?.nats
    if (nats === undefined || nats.isClosed()) return undefined
    return nats.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) this.#events.message(subject, message.data)
        else this.#fail(codeOf(this.#client, error))
      }
    })
  }
}
