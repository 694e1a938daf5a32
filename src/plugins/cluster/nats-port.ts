// The cluster's port over NATS: connects for ever, subscribes again after a reconnection, and tells when the server takes
// no more.
import type { ClusterPort } from '../../core/cluster/interfaces.ts'
import { definitionOf, type ErrorCode } from '../../core/errors.ts'
import type { NatsClient, NatsConnection, NatsOptions, NatsSubscription } from './nats-client.ts'

/** Bytes that the server may leave unconfirmed. Beyond, the port is not ready. */
const WINDOW_BYTES = 4 * 1024 * 1024
/** Bytes after which the server is asked to confirm. */
const CONFIRM_BYTES = 64 * 1024
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
  /** The port is ready again. */
  drained(): void
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

export class NatsPort implements ClusterPort {
  readonly #client: NatsClient
  readonly #options: NatsOptions
  readonly #retryMs: number
  readonly #events: NatsPortEvents
  readonly #subscriptions = new Map<string, NatsSubscription | undefined>()
  #nats: NatsConnection | undefined
  #state: NatsStatus['state'] = 'connecting'
  #error: ErrorCode | undefined
  #reconnects = 0
  #unconfirmed = 0
  #sinceConfirm = 0
  /** Number of this connection: confirmations of an earlier one do not count. */
  #generation = 0
  #retry: NodeJS.Timeout | undefined
  #ended: Promise<void> | undefined

  constructor(client: NatsClient, options: NatsOptions, retryMs: number, events: NatsPortEvents) {
    this.#client = client
    this.#options = options
    this.#retryMs = retryMs
    this.#events = events
  }

  get status(): NatsStatus {
    return {
      state: this.#state,
      server: this.#state === 'connected' ? this.#nats?.getServer() : undefined,
      error: this.#error,
      reconnects: this.#reconnects
    }
  }

  get ready(): boolean {
    return this.#state === 'connected' && this.#unconfirmed < WINDOW_BYTES
  }

  get maxPayload(): number {
    return this.#nats?.info?.max_payload ?? DEFAULT_MAX_PAYLOAD
  }

  /** Tries until a server answers. */
  start(): void {
    this.#client.connect(this.#options).then(
      nats => this.#opened(nats),
      (error: unknown) => {
        this.#fail(codeOf(this.#client, error))
        if (this.#state !== 'closed') this.#retry = setTimeout(() => this.start(), this.#retryMs).unref()
      }
    )
  }

  publish(subject: string, bytes: Uint8Array): void {
    const nats = this.#nats
    if (nats === undefined || nats.isClosed()) return
    try {
      nats.publish(subject, bytes)
    } catch {
      return // It has just closed, which #follow reports. Delivery is at most once.
    }
    this.#unconfirmed += bytes.length
    this.#sinceConfirm += bytes.length
    if (this.#sinceConfirm >= CONFIRM_BYTES) this.#confirm(nats)
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
    clearTimeout(this.#retry)
    const nats = this.#nats
    if (nats === undefined) return
    if (open)
      await Promise.race([
        nats.flush().catch(() => {}),
        new Promise(resolve => {
          setTimeout(resolve, this.#retryMs).unref()
        })
      ])
    await nats.close()
    await this.#ended
  }

  #opened(nats: NatsConnection): void {
    if (this.#state === 'closed') {
      void nats.close()
      return
    }
    this.#nats = nats
    for (const subject of this.#subscriptions.keys()) this.#subscriptions.set(subject, this.#subscribeNow(subject))
    this.#ended = this.#follow(nats)
    this.#connected()
  }

  async #follow(nats: NatsConnection): Promise<void> {
    for await (const status of nats.status()) {
      if (this.#state === 'closed') continue
      if (status.type === 'disconnect') this.#disconnected()
      else if (status.type === 'error') this.#fail(codeOf(this.#client, status.error))
      else if (status.type === 'reconnect') {
        this.#reconnects += 1
        this.#connected()
      }
    }
    if (this.#state === 'closed') return
    // The client gave up against its options: start again.
    this.#disconnected()
    this.#nats = undefined
    this.#retry = setTimeout(() => this.start(), this.#retryMs).unref()
  }

  #connected(): void {
    this.#state = 'connected'
    this.#error = undefined
    this.#generation += 1
    this.#unconfirmed = 0
    this.#sinceConfirm = 0
    this.#events.connected()
  }

  #disconnected(): void {
    if (this.#state !== 'connected') return
    this.#state = 'disconnected'
    this.#fail('NWS_ERR_CLUSTER_UNREACHABLE')
    this.#events.disconnected()
  }

  #fail(code: ErrorCode): void {
    if (this.#error === code || this.#state === 'closed') return
    this.#error = code
    this.#events.failed(code, definitionOf(code).message)
  }

  #confirm(nats: NatsConnection): void {
    const bytes = this.#sinceConfirm
    const generation = this.#generation
    this.#sinceConfirm = 0
    nats.flush().then(
      () => {
        if (generation !== this.#generation) return
        const waited = !this.ready
        this.#unconfirmed -= bytes
        if (waited && this.ready) this.#events.drained()
      },
      () => {}
    )
  }

  #subscribeNow(subject: string): NatsSubscription | undefined {
    const nats = this.#nats
    if (nats === undefined || nats.isClosed()) return undefined
    return nats.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) this.#events.message(subject, message.data)
        else this.#fail(codeOf(this.#client, error))
      }
    })
  }
}
