// The settings of a proxy, a row each: which values it may have, where the documents list it, and what it is for. Names
// of variables, options in code, flags of `nws serve`, checks, messages and tables all come from these rows.
import Type, { type Static, type TSchema } from 'typebox'
import type { SettingFormatName } from './setting-formats.ts'

const KIB = 1024
const MIB = 1024 * KIB
const DAY_MS = 86_400_000

const switchable = (initial: boolean) => Type.Boolean({ default: initial })
const count = (initial: number, minimum = 1, maximum = Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ default: initial, minimum, maximum })
/** Milliseconds. */
const duration = (initial: number) => count(initial, 10, DAY_MS)
const formatted = (format?: SettingFormatName) => (format === undefined ? {} : { format: `nws-${format}` })
const text = (format?: SettingFormatName) => Type.String({ default: '', ...formatted(format) })
const list = (format?: SettingFormatName) =>
  Type.Array(Type.String({ minLength: 1, ...formatted(format) }), { default: [] })

/** Groups of settings, with their titles in the documents. */
export const settingGroups = {
  local: 'The local side',
  mesh: 'Other proxies',
  bonevalue: 'BoneValue',
  cluster: 'The cluster',
  limits: 'Limits',
  times: 'Times'
} as const

/** One setting. */
export interface Setting {
  /** A value that it may have, with the default. Zero never means unlimited. */
  readonly schema: TSchema
  readonly group: keyof typeof settingGroups
  /** For help texts and documents: sentences. */
  readonly doc: string
  /** No message, log or page may show the value. */
  readonly secret?: true
}

const rows = {
  host: {
    schema: text('address'),
    group: 'local',
    doc: 'Address to listen on instead of 127.0.0.1 and ::1. An address that other machines reach needs NWS_API_TOKEN.'
  },
  port: { schema: count(9009, 0, 65_535), group: 'local', doc: 'TCP port of the local side. 0 takes a free port.' },
  logLevel: {
    schema: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
    group: 'local',
    doc: 'Lowest level that is logged.'
  },
  apiToken: {
    schema: text('token'),
    group: 'local',
    doc: 'Token that the API demands as Authorization: Bearer. Empty: no token.',
    secret: true
  },
  apiShowNames: {
    schema: switchable(true),
    group: 'local',
    doc: 'The API shows channel names. If this is off, it shows their tags.'
  },
  allowedHosts: {
    schema: list('host-entry'),
    group: 'local',
    doc: 'More names that a Host header may have. A name without a port is good for every port.'
  },
  allowedOrigins: {
    schema: list('origin'),
    group: 'local',
    doc: 'Origins whose pages may join channels, as browsers send them; null stands for sandboxed pages and files. Empty: all.'
  },
  extensions: {
    schema: list(),
    group: 'local',
    doc: 'Paths of Fastify plugins to load after the built-in plugins.'
  },
  examples: { schema: switchable(true), group: 'local', doc: 'Serve the example pages under /examples/.' },
  legacyMarkers: {
    schema: switchable(false),
    group: 'local',
    doc: 'Tell raw sockets who comes and goes, by the frames ____connect and ____disconnect.'
  },

  discovery: { schema: switchable(true), group: 'mesh', doc: 'Advertise this proxy by mDNS, and look for others.' },
  peers: {
    schema: list('peer'),
    group: 'mesh',
    doc: 'Proxies to link to, as host:port of their NWS_MESH_PORT, if multicast does not reach them.'
  },
  meshHost: {
    schema: text('address'),
    group: 'mesh',
    doc: 'Address that other proxies link to. Empty: all addresses of this machine.'
  },
  meshPort: {
    schema: count(0, 0, 65_535),
    group: 'mesh',
    doc: 'TCP port that other proxies link to. 0 takes a free port, which discovery tells the others.'
  },

  bv: {
    schema: switchable(false),
    group: 'bonevalue',
    doc: 'Run the rendezvous of BoneValue: users, presence, and signalling for WebRTC.'
  },
  bvOrigins: {
    schema: list('origin'),
    group: 'bonevalue',
    doc: 'Origins whose pages may open a socket to the rendezvous. Empty: all.'
  },
  bvLegacyLogin: {
    schema: switchable(false),
    group: 'bonevalue',
    doc: 'Let clients of 2012 log in by cookies, from pages of this proxy and of NWS_BV_ORIGINS.'
  },
  dataDir: {
    schema: text(),
    group: 'bonevalue',
    doc: 'Folder of accounts.db. :memory: keeps nothing. Empty: .nws in the home folder.'
  },
  bvListen: {
    schema: text('listen'),
    group: 'bonevalue',
    doc: 'Address of a listener for other machines, which serves the rendezvous and NWS_WEB_ROOT only. Empty: none.'
  },
  bvHosts: {
    schema: list('host-entry'),
    group: 'bonevalue',
    doc: 'More names that a Host header may have at NWS_BV_LISTEN.'
  },
  bvInsecure: {
    schema: switchable(false),
    group: 'bonevalue',
    doc: 'Let other machines reach NWS_BV_LISTEN without TLS. Passwords can then be read on the network.'
  },
  tlsCert: {
    schema: text(),
    group: 'bonevalue',
    doc: 'File with the certificate chain (PEM) of NWS_BV_LISTEN. Empty: no TLS.'
  },
  tlsKey: { schema: text(), group: 'bonevalue', doc: 'File with the key (PEM) of NWS_TLS_CERT.' },
  webRoot: {
    schema: text(),
    group: 'bonevalue',
    doc: 'Folder with your own pages that NWS_BV_LISTEN serves. Names that begin with a dot are left out.'
  },
  iceServers: {
    schema: text('ice-servers'),
    group: 'bonevalue',
    doc: 'ICE servers that clients get after login. Empty: none.',
    secret: true
  },

  clusterUrl: {
    schema: list('nats-url'),
    group: 'cluster',
    doc: 'NATS servers that join this proxy to its cluster. Without a port: 4222. Empty: no cluster.'
  },
  clusterSecret: {
    schema: list(),
    group: 'cluster',
    doc: 'Secret of the cluster: base64 of 32 random bytes or more, or a file with it. Two while it is replaced: the first one seals, both are accepted.',
    secret: true
  },
  clusterCredentials: {
    schema: text(),
    group: 'cluster',
    doc: 'Credentials file (.creds) for the NATS servers. Empty: none.'
  },
  clusterToken: { schema: text(), group: 'cluster', doc: 'Token for the NATS servers. Empty: none.', secret: true },
  clusterUser: { schema: text(), group: 'cluster', doc: 'User for the NATS servers. Empty: none.' },
  clusterPassword: { schema: text(), group: 'cluster', doc: 'Password of NWS_CLUSTER_USER.', secret: true },
  clusterTlsCa: {
    schema: text(),
    group: 'cluster',
    doc: 'File with the certificates (PEM) that the NATS servers are checked against. Empty: those of the system.'
  },
  clusterTlsCert: {
    schema: text(),
    group: 'cluster',
    doc: 'File with the certificate (PEM) of this proxy, for NATS servers that ask for one. Empty: none.'
  },
  clusterTlsKey: { schema: text(), group: 'cluster', doc: 'File with the key (PEM) of NWS_CLUSTER_TLS_CERT.' },

  maxMessageBytes: {
    schema: count(MIB, 1, 64 * MIB),
    group: 'limits',
    doc: 'Bytes of one WebSocket message or HTTP body.'
  },
  maxQueuedBytes: {
    schema: count(4 * MIB, 64 * KIB),
    group: 'limits',
    doc: 'Bytes that may wait for one peer that reads slowly. The other peers never notice.'
  },
  maxTotalQueuedBytes: {
    schema: count(256 * MIB, 1 * MIB),
    group: 'limits',
    doc: 'Bytes that may wait for all peers together. Above that, the peer with the longest queue is closed.'
  },
  maxMessagesPerSecond: {
    schema: count(100_000),
    group: 'limits',
    doc: 'Messages per second from one socket, with a burst of one second.'
  },
  maxBytesPerSecond: {
    schema: count(256 * MIB),
    group: 'limits',
    doc: 'Bytes per second from one socket, with a burst of one second, or of one message if that is more.'
  },
  maxConnections: {
    schema: count(8192, 8),
    group: 'limits',
    doc: 'Open connections of each listener for clients. Fewer if the system allows the process few open files.'
  },
  maxSocketsPerOrigin: { schema: count(256), group: 'limits', doc: 'Open sockets of all pages of one origin.' },
  newChannelsPerOriginBurst: {
    schema: count(64),
    group: 'limits',
    doc: 'New channels that pages of one origin may open at once.'
  },
  newChannelsPerOriginPerSecond: {
    schema: count(2),
    group: 'limits',
    doc: 'New channels per second that pages of one origin may open after the burst.'
  },
  maxPeersPerChannel: { schema: count(5000), group: 'limits', doc: 'Peers of this proxy in one channel.' },
  maxDataDepth: {
    schema: count(128, 1, 128),
    group: 'limits',
    doc: 'Arrays and objects that may be open at once in the data of a message.'
  },

  handshakeTimeoutMs: {
    schema: duration(10_000),
    group: 'times',
    doc: 'Milliseconds from the connection until a request has arrived, with its body.'
  },
  authTimeoutMs: {
    schema: duration(5000),
    group: 'times',
    doc: 'Milliseconds until a socket from another machine proves the token, and until a socket of the rendezvous logs in.'
  },
  legacyPairTimeoutMs: {
    schema: duration(10_000),
    group: 'times',
    doc: 'Milliseconds that the control socket of an old client waits for its data socket.'
  },
  pingIntervalMs: {
    schema: duration(30_000),
    group: 'times',
    doc: 'Milliseconds between two pings to a peer. Less than NWS_PEER_TIMEOUT_MS.'
  },
  peerTimeoutMs: {
    schema: duration(60_000),
    group: 'times',
    doc: 'Milliseconds without a sign of life until a peer is closed.'
  },
  shutdownTimeoutMs: {
    schema: duration(5000),
    group: 'times',
    doc: 'Milliseconds from the signal until sockets that have not closed are cut.'
  }
} as const satisfies Record<string, Setting>

/** Name of a setting, as in code. */
export type SettingName = keyof typeof rows

/** The settings of a proxy, complete. */
export type Settings = { [Name in SettingName]: Static<(typeof rows)[Name]['schema']> }

/** Settings as a program gives them: a switch may also be a word, as in a variable. */
export type SettingsOptions = {
  [Name in SettingName]?: Settings[Name] | (Settings[Name] extends boolean ? 'on' | 'off' | 'true' | 'false' : never)
}

/** Every setting. */
export const settingRows: Readonly<Record<SettingName, Setting>> = rows

/** All names of settings, in the order of the rows. */
export const settingNames = Object.keys(rows) as SettingName[]

/** The environment variable of a setting: `NWS_MAX_MESSAGE_BYTES` for `maxMessageBytes`. */
export function variableOf(name: string): string {
  return `NWS_${name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`
}

/** The default of a setting, as a variable has it. Empty: not set. */
export function defaultOf(name: SettingName): string {
  const initial: unknown = (rows[name].schema as { default?: unknown }).default
  return typeof initial === 'boolean' ? (initial ? 'on' : 'off') : [initial].flat().join(',')
}
