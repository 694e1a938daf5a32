// The settings of a proxy: one schema, the type derived from it. Not the reader of environment variables (that is
// core/environment.ts), so that an embedding program gives the same settings as plain options.
import Type, { type Static } from 'typebox'

const KIB = 1024
const MIB = 1024 * KIB

const count = (description: string, initial: number, minimum = 1, maximum = Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ description, default: initial, minimum, maximum })
/** Milliseconds; a day at most, since timers cannot count beyond 24.8 of them. */
const duration = (description: string, initial: number) => count(description, initial, 10, 86_400_000)
const list = (description: string) => Type.Array(Type.String({ minLength: 1 }), { description, default: [] })

/**
 * Every setting. The environment variable of `maxMessageBytes` is `NWS_MAX_MESSAGE_BYTES`, and so on; lists are
 * separated by commas. Zero never means unlimited.
 */
export const settingsSchema = Type.Object(
  {
    host: Type.String({
      description:
        'Address to listen on instead of 127.0.0.1 and ::1. One that other machines can reach needs NWS_API_TOKEN.',
      default: ''
    }),
    port: count('TCP port of the local side; 0 takes a free one.', 9009, 0, 65535),
    logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      description: 'Lowest level that is logged.',
      default: 'info'
    }),
    apiToken: Type.String({
      description: 'Token that the API demands (Authorization: Bearer); empty: none.',
      default: ''
    }),
    apiShowNames: Type.Boolean({
      description: 'Whether the API lists channel names; false lists their tags.',
      default: true
    }),
    allowedHosts: list('Further names that a Host header may carry, as name or name:port.'),
    allowedOrigins: list(
      'Origins whose pages may join channels, exactly as browsers send them (null for sandboxed pages); empty: all.'
    ),
    extensions: list('Paths of Fastify plugins to load after the built-in ones.'),
    examples: Type.Enum(['on', 'off'], {
      description: 'Whether the example pages are served under /examples/.',
      default: 'on'
    }),

    legacyMarkers: Type.Boolean({
      description:
        'Whether raw sockets are told of others by ____connect and ____disconnect frames, as in the first days of that generation.',
      default: false
    }),

    discovery: Type.Enum(['on', 'off'], {
      description: 'Whether to advertise this proxy on the network and to look for others, by mDNS.',
      default: 'on'
    }),
    peers: list(
      'Proxies to link to wherever they are, as host:port of their NWS_MESH_PORT; for networks where discovery does not reach.'
    ),
    meshHost: Type.String({
      description: 'Address that other proxies link to; empty: all addresses of this machine.',
      default: ''
    }),
    meshPort: count('TCP port that other proxies link to; 0 takes a free one.', 0, 0, 65535),

    bv: Type.Enum(['on', 'off'], {
      description: 'Whether this proxy is a BoneValue rendezvous too: users, presence, and signalling for WebRTC.',
      default: 'off'
    }),
    bvOrigins: list(
      'Origins whose pages may open a socket to the rendezvous, exactly as browsers send them; empty: all.'
    ),
    bvLegacyLogin: Type.Boolean({
      description: 'Whether clients of 2012 may log in by cookies, from pages of this proxy and of NWS_BV_ORIGINS.',
      default: false
    }),
    dataDir: Type.String({
      description: 'Folder of accounts.db; empty: .nws in the home of the user; :memory: keeps nothing.',
      default: ''
    }),
    bvListen: Type.String({
      description:
        'Address of a listener for other machines, as host:port, that serves the rendezvous and NWS_WEB_ROOT alone; empty: none.',
      default: ''
    }),
    bvHosts: list('Names that a Host header may carry at NWS_BV_LISTEN, as name or name:port, beside its own address.'),
    bvInsecure: Type.Boolean({
      description:
        'Whether NWS_BV_LISTEN may reach beyond this machine without TLS, where passwords can be read on the way.',
      default: false
    }),
    tlsCert: Type.String({
      description: 'File with the certificate (PEM) of NWS_BV_LISTEN, and the chain behind it.',
      default: ''
    }),
    tlsKey: Type.String({ description: 'File with its key (PEM).', default: '' }),
    webRoot: Type.String({ description: 'Folder with pages of your own that NWS_BV_LISTEN serves.', default: '' }),
    iceServers: Type.String({
      description:
        'ICE servers that clients are handed after login, as JSON list of {"urls", "username"?, "credential"?, "secret"?}; empty: none.',
      default: ''
    }),

    clusterUrl: list(
      'NATS servers that join this proxy with others of its cluster, as nats://host:port or tls://host:port; empty: no cluster.'
    ),
    clusterSecret: list(
      'Secret of the cluster: base64 of 32 random bytes or more, or a file that holds it; a second one is accepted too, while it is being replaced.'
    ),
    clusterCredentials: Type.String({
      description: 'Credentials file (.creds) for the NATS servers; empty: none.',
      default: ''
    }),
    clusterToken: Type.String({ description: 'Token for the NATS servers; empty: none.', default: '' }),
    clusterUser: Type.String({ description: 'User for the NATS servers; empty: none.', default: '' }),
    clusterPassword: Type.String({ description: 'Password of that user.', default: '' }),
    clusterTlsCa: Type.String({
      description:
        'File with the certificates (PEM) that the NATS servers are checked against; empty: those of the system.',
      default: ''
    }),
    clusterTlsCert: Type.String({
      description: 'File with the certificate (PEM) of this proxy, for NATS servers that ask for one; empty: none.',
      default: ''
    }),
    clusterTlsKey: Type.String({ description: 'File with the key (PEM) of that certificate.', default: '' }),

    maxMessageBytes: count('Largest message of a client.', MIB, 1, 64 * MIB),
    maxQueuedBytes: count('Bytes that may wait for a peer that reads slowly.', 4 * MIB, 64 * KIB),
    maxMessagesPerSecond: count('Messages a socket may send per second (burst: one second).', 100_000),
    maxBytesPerSecond: count(
      'Bytes a socket may send per second (burst: one second, and one message at least).',
      64 * MIB
    ),
    maxSocketsPerOrigin: count('Sockets that pages of one origin may have open.', 256),
    newChannelsPerOriginBurst: count('New channels that pages of one origin may open at once.', 64),
    newChannelsPerOriginPerSecond: count(
      'New channels per second that pages of one origin may open after the burst.',
      2
    ),
    maxPeersPerChannel: count('Peers of this proxy in one channel.', 5000),
    maxDataDepth: count('Arrays and objects that the data of a message may have open at once.', 128, 1, 128),

    handshakeTimeoutMs: duration('Time a request may take to arrive.', 10_000),
    authTimeoutMs: duration(
      'Time a socket from another machine has to prove the token, and one of the rendezvous to log in.',
      5000
    ),
    legacyPairTimeoutMs: duration(
      'Time the control socket of an old client waits for the data socket with the same id.',
      10_000
    ),
    pingIntervalMs: duration('Time between pings to a peer.', 30_000),
    peerTimeoutMs: duration('Time without any sign of life after which a peer is dead.', 60_000),
    shutdownTimeoutMs: duration('Time that closing may take before sockets are destroyed.', 5000)
  },
  { additionalProperties: false }
)

/** The settings of a proxy, complete. */
export type Settings = Static<typeof settingsSchema>
