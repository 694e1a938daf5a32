// Loads @nats-io/transport-node, with own types for the part in use: those of the package do not hold under
// exactOptionalPropertyTypes. And dials a server so that no socket stays behind.
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

export type NatsAuthenticator = (nonce?: string) => object

/** Options of a connection, as the package takes them. */
export interface NatsOptions {
  readonly servers: readonly string[]
  readonly authenticator?: NatsAuthenticator
  readonly token?: string
  readonly user?: string
  readonly pass?: string
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string }
  readonly noEcho: boolean
  readonly reconnect: boolean
  readonly ignoreClusterUpdates: boolean
  readonly timeout: number
  readonly pingInterval: number
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

/** The words of a server about itself and the others of its cluster. */
export interface NatsInfo {
  readonly max_payload: number
  readonly tls_required?: boolean
  /** `host:port` of each server. */
  readonly connect_urls?: readonly string[]
}

export interface NatsConnection {
  readonly info?: NatsInfo | undefined
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

/** A connection to one server. */
export interface Dialled {
  readonly nats: NatsConnection
  /** Ends the connection without waiting for the server. */
  destroy(): void
}

/** The sockets of the dial that is going on. */
const sockets = new AsyncLocalStorage<Socket[]>()
let isWatching = false

/**
 * Connects to a server. The package leaves the socket open if the server takes the connection but does not answer, and it
 * ends a connection only after the server has taken everything. So the sockets are noted here, and destroyed.
 */
export async function dial(client: NatsClient, options: NatsOptions): Promise<Dialled> {
  if (!isWatching) {
    isWatching = true
    subscribe('net.client.socket', message => {
      sockets.getStore()?.push((message as { socket: Socket }).socket)
    })
  }
  const own: Socket[] = []
  const destroyAll = (): void => {
    for (const socket of own) socket.destroy()
  }
  try {
    const nats = await sockets.run(own, async () => await client.connect(options))
    return {
      nats,
      destroy: () => {
        destroyAll()
        void nats.close()
      }
    }
  } catch (error) {
    destroyAll()
    throw error
  }
}
