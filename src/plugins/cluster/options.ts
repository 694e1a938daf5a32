// Options of the NATS client from settings: servers, credentials, TLS.
import type { Settings } from '../../core/settings.ts'
import { CredentialsFile, readNamed, wrongFile } from './files.ts'
import { checkAuthorities, checkCertificate } from './pem.ts'
import type { NatsAuthenticator, NatsClient, NatsOptions } from './nats-client.ts'

/** Times of the connection in milliseconds. */
export interface ConnectionTimings {
  /** Until a server is tried again. */
  readonly retryMs: number
  readonly connectMs: number
  /** Without traffic, until the server is asked for a sign of life. If none comes in twice this time, it is left. */
  readonly pingMs: number
}

/** A dead server is left after at most 12 s, before other proxies think this one dead. */
export const connectionTimings: ConnectionTimings = { retryMs: 1000, connectMs: 5000, pingMs: 4000 }

/** The longest time that a timer takes. */
const NEVER_MS = 2 ** 31 - 1

/** @throws NwsError `NWS_ERR_CONFIG_CLUSTER_FILE` */
export async function connectionOptions(
  client: NatsClient,
  config: Readonly<Settings>,
  { connectMs }: ConnectionTimings
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
    // If TLS is wanted, a server without TLS is refused before it gets credentials.
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
    // NatsPort dials again itself: the package knows no pause between the servers that refuse it, and notices a silent server
    // too late.
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: connectMs,
    pingInterval: NEVER_MS
  }
}

/** Authenticates with a file. Each try reads it, since it may be replaced while the proxy runs. */
async function credentialsOf(client: NatsClient, path: string): Promise<NatsAuthenticator> {
  const file = new CredentialsFile(path, await readNamed('clusterCredentials', path))
  const authenticator = client.credsAuthenticator(() => file.read())
  try {
    authenticator('a try at the start, so that a wrong file is reported then')
  } catch {
    throw wrongFile('clusterCredentials', 'no user JWT with its seed')
  }
  return authenticator
}
