// The part of @nats-io/transport-node that is used here, as types of our own (the package's do not hold under
// exactOptionalPropertyTypes), and its loading. No code of our own beside that.

/** Signs the nonce of a server. */
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
  /** Milliseconds for one try. */
  readonly timeout: number
  readonly pingInterval: number
  readonly maxPingOut: number
}

/** A status of a connection. */
export interface NatsStatus {
  readonly type: string
  /** Where `type` is `error`. */
  readonly error?: unknown
}

/** A subscription. */
export interface NatsSubscription {
  unsubscribe(): void
}

/** A connection, which connects again by itself. */
export interface NatsConnection {
  readonly info?: { readonly max_payload: number } | undefined
  publish(subject: string, payload: Uint8Array): void
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: { readonly data: Uint8Array }) => void }
  ): NatsSubscription
  /** Resolves when the server has taken all that was published. */
  flush(): Promise<void>
  status(): AsyncIterable<NatsStatus>
  getServer(): string
  isClosed(): boolean
  close(): Promise<void>
}

/** A class of errors. */
type ErrorClass = new (...args: never[]) => Error

/** What the package exports. */
export interface NatsClient {
  connect(options: NatsOptions): Promise<NatsConnection>
  /** What it returns throws for what are no credentials. */
  credsAuthenticator(credentials: () => Uint8Array): NatsAuthenticator
  readonly errors: Readonly<
    Record<'AuthorizationError' | 'UserAuthenticationExpiredError' | 'PermissionViolationError', ErrorClass>
  >
}

const PACKAGE: string = '@nats-io/transport-node'

/** Loads the package: some 60 ms, which only a proxy with a cluster pays. */
export async function loadNatsClient(): Promise<NatsClient> {
  return (await import(PACKAGE)) as NatsClient
}
