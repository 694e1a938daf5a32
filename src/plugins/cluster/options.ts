// From settings to the options of the NATS client: servers, who this proxy is, TLS. Not the connection.
import type { Settings } from '../../core/settings.ts'
import { CredentialsFile, readNamed, wrongFile } from './files.ts'
import { checkAuthorities, checkCertificate } from './pem.ts'
import type { NatsAuthenticator, NatsClient, NatsOptions } from './nats-client.ts'

/** Times of the connection in milliseconds. */
export interface ConnectionTimings {
  /** Before the same server is tried again, and after a start at which none answered. */
  readonly retryMs: number
  /** For one try. */
  readonly connectMs: number
  /** Between two PINGs to the server; after two without an answer another one is looked for. */
  readonly pingMs: number
}

/** A dead server is left after 12 s at most, before the other proxies take this one for dead. */
export const connectionTimings: ConnectionTimings = { retryMs: 1000, connectMs: 5000, pingMs: 4000 }

/** @throws NwsError `NWS_ERR_CONFIG_CLUSTER_FILE` */
export async function connectionOptions(
  client: NatsClient,
  config: Readonly<Settings>,
  { retryMs, connectMs, pingMs }: ConnectionTimings
): Promise<NatsOptions> {
  const {
    clusterUrl,
    clusterCredentials,
    clusterToken,
    clusterUser,
    clusterPassword,
    clusterTlsCa,
    clusterTlsCert,
    clusterTlsKey
  } = config
  const read = async (setting: 'clusterTlsCa' | 'clusterTlsCert' | 'clusterTlsKey'): Promise<string | undefined> =>
    config[setting] === '' ? undefined : (await readNamed(setting, config[setting])).toString('utf8')
  const [ca, cert, key] = await Promise.all([read('clusterTlsCa'), read('clusterTlsCert'), read('clusterTlsKey')])
  if (ca !== undefined && !checkAuthorities(ca)) throw wrongFile('clusterTlsCa', 'no certificates in PEM')
  if (cert !== undefined && key !== undefined && !checkCertificate(cert, key))
    throw wrongFile('clusterTlsCert', 'no certificate in PEM that the key of NWS_CLUSTER_TLS_KEY belongs to')
  const wantsTls =
    clusterUrl.some(url => url.startsWith('tls://')) ||
    [clusterTlsCa, clusterTlsCert, clusterTlsKey].some(path => path !== '')
  return {
    servers: clusterUrl.map(url => url.replace(/^tls:/, 'nats:')),
    ...(clusterCredentials === '' ? {} : { authenticator: await credentialsOf(client, clusterCredentials) }),
    ...(clusterToken === '' ? {} : { token: clusterToken }),
    ...(clusterUser === '' ? {} : { user: clusterUser, pass: clusterPassword }),
    // Where TLS is wanted a server without it is refused, before it is told who this is.
    ...(wantsTls
      ? {
          tls: {
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key })
          }
        }
      : {}),
    noEcho: true,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    waitOnFirstConnect: false,
    reconnectDelayHandler: () => retryMs,
    timeout: connectMs,
    pingInterval: pingMs,
    maxPingOut: 2
  }
}

/** Proves who this proxy is with a file that may be replaced while it runs: each try reads it. */
async function credentialsOf(client: NatsClient, path: string): Promise<NatsAuthenticator> {
  const file = new CredentialsFile(path, await readNamed('clusterCredentials', path))
  const authenticator = client.credsAuthenticator(() => file.read())
  try {
    authenticator('tried at the start, so that a wrong file is told then')
  } catch {
    throw wrongFile('clusterCredentials', 'no user JWT with its seed')
  }
  return authenticator
}
