// Loads @nats-io/transport-node, with own types for the part in use: those of the package do not hold under
// exactOptionalPropertyTypes.

export type NatsAuthenticator = (nonce?: string) => object

/** Options of a connection, as the package takes them. */
export interface NatsOptions {
  readonly servers: readonly string[]
  readonly authenticator?: NatsAuthenticator
  readonly token?: string
  readonly user?: string
  readonly pass?: string
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  readonly noEcho: boolean
  readonly maxReconnectAttempts: number
  readonly ignoreAuthErrorAbort: boolean
  readonly waitOnFirstConnect: boolean
  readonly reconnectDelayHandler: () => number
  readonly timeout: number
  readonly pingInterval: number
  readonly maxPingOut: number
}

/** A change of a connection. */
export interface NatsChange {
  readonly type: string
  /** Set if `type` is `error`. */
  readonly error?: unknown
}

export interface NatsSubscription {
  unsubscribe(): void
}

/** A connection that reconnects by itself. */
export interface NatsConnection {
  readonly info?: { readonly max_payload: number } | undefined
  publish(subject: string, payload: Uint8Array): void
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: { readonly data: Uint8Array }) => void }
  ): NatsSubscription
  /** Resolves when the server has taken everything that was published. */
  flush(): Promise<void>
  status(): AsyncIterable<NatsChange>
  getServer(): string
  isClosed(): boolean
  close(): Promise<void>
}

type ErrorClass = new (...args: never[]) => Error

export interface NatsClient {
  connect(options: NatsOptions): Promise<NatsConnection>
  /** The returned function throws for malformed credentials. */
  credsAuthenticator(credentials: () => Uint8Array): NatsAuthenticator
  readonly errors: Readonly<
    Record<'AuthorizationError' | 'UserAuthenticationExpiredError' | 'PermissionViolationError', ErrorClass>
  >
}

const PACKAGE: string = '@nats-io/transport-node'

/** Loads the package. That takes some 60 ms, so a proxy without a cluster does not do it. */
export async function loadNatsClient(): Promise<NatsClient> {
  return (await import(PACKAGE)) as NatsClient
}
