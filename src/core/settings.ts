// The settings of a proxy, a row each: its possible values, its place in the documents, and its purpose. Names
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
  guests: 'Guests',
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
  readonly secret: boolean
}

const rowIn =
  (group: Setting['group']) =>
  <Schema extends TSchema>(schema: Schema, doc: string, secret = false) => ({ schema, group, doc, secret })
const local = rowIn('local')
const mesh = rowIn('mesh')
const bonevalue = rowIn('bonevalue')
const cluster = rowIn('cluster')
const guests = rowIn('guests')
const limits = rowIn('limits')
const times = rowIn('times')

const rows = {
  host: local(
    text('address'),
    'Address to listen on instead of 127.0.0.1 and ::1. An address that other machines reach needs NWS_API_TOKEN.'
  ),
  port: local(count(9009, 0, 65_535), 'TCP port of the local side. 0 takes a free port.'),
  logLevel: local(
    Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
    'Lowest level that is logged.'
  ),
  apiToken: local(text('token'), 'Token that the API demands as Authorization: Bearer. Empty: no token.', true),
  apiShowNames: local(switchable(true), 'The API shows channel names. If this is off, it shows their tags.'),
  allowedHosts: local(
    list('host-entry'),
    'More names that a Host header may have. A name without a port is good for every port.'
  ),
  allowedOrigins: local(
    list('origin'),
    'Origins whose pages may join channels, as browsers send them; null stands for sandboxed pages and files. Empty: all.'
  ),
  extensions: local(list(), 'Paths of Fastify plugins to load after the built-in plugins.'),
  examples: local(switchable(true), 'Serve the example pages under /examples/.'),
  legacyMarkers: local(
    switchable(false),
    'Tell raw sockets who comes and goes, by the frames ____connect and ____disconnect.'
  ),

  name: mesh(
    text('computer-name'),
    'Name of this computer, for people on computers that share a channel with it. Empty: the name that the console gave, or none.'
  ),
  discovery: mesh(switchable(true), 'Advertise this proxy by mDNS, and look for others.'),
  peers: mesh(
    list('peer'),
    'Proxies to link to, as host:port of their NWS_MESH_PORT, if multicast does not reach them.'
  ),
  meshHost: mesh(text('address'), 'Address that other proxies link to. Empty: all addresses of this machine.'),
  meshPort: mesh(
    count(0, 0, 65_535),
    'TCP port that other proxies link to. 0 takes a free port, which discovery tells the others.'
  ),

  bv: bonevalue(switchable(false), 'Run the rendezvous of BoneValue: users, presence, and signalling for WebRTC.'),
  bvOrigins: bonevalue(list('origin'), 'Origins whose pages may open a socket to the rendezvous. Empty: all.'),
  bvLegacyLogin: bonevalue(
    switchable(false),
    'Let clients of 2012 log in by cookies, from pages of this proxy and of NWS_BV_ORIGINS.'
  ),
  dataDir: bonevalue(
    text(),
    'Folder of accounts.db, and of the name that the console gave this computer. :memory: keeps nothing. Empty: .nws in the home folder.'
  ),
  bvListen: bonevalue(
    text('listen'),
    'Address of a listener for other machines, which serves the rendezvous and NWS_WEB_ROOT only. Empty: none.'
  ),
  bvHosts: bonevalue(list('host-entry'), 'More names that a Host header may have at NWS_BV_LISTEN.'),
  trustedProxies: bonevalue(
    list('ip'),
    'Addresses of reverse proxies with TLS in front of NWS_BV_LISTEN. Their headers about clients count for limits and links.'
  ),
  bvInsecure: bonevalue(
    switchable(false),
    'Let other machines reach NWS_BV_LISTEN without TLS. Passwords can then be read on the network.'
  ),
  tlsCert: bonevalue(text(), 'File with the certificate chain (PEM) of NWS_BV_LISTEN. Empty: no TLS.'),
  tlsKey: bonevalue(text(), 'File with the key (PEM) of NWS_TLS_CERT.'),
  webRoot: bonevalue(
    text(),
    'Folder with your own pages that NWS_BV_LISTEN serves. Names that begin with a dot are left out.'
  ),
  iceServers: bonevalue(text('ice-servers'), 'ICE servers that clients get after login. Empty: none.', true),

  clusterUrl: cluster(
    list('nats-url'),
    'NATS servers that join this proxy to its cluster. Without a port: 4222. Empty: no cluster.'
  ),
  clusterSecret: cluster(
    list(),
    'Secret of the cluster: base64 of 32 random bytes or more, or a file with it. Two while it is replaced: the first one seals, both are accepted.',
    true
  ),
  clusterCredentials: cluster(text(), 'Credentials file (.creds) for the NATS servers. Empty: none.'),
  clusterToken: cluster(text(), 'Token for the NATS servers. Empty: none.', true),
  clusterUser: cluster(text(), 'User for the NATS servers. Empty: none.'),
  clusterPassword: cluster(text(), 'Password of NWS_CLUSTER_USER.', true),
  clusterTlsCa: cluster(
    text(),
    'File with the certificates (PEM) that the NATS servers are checked against. Empty: those of the system.'
  ),
  clusterTlsCert: cluster(
    text(),
    'File with the certificate (PEM) of this proxy, for NATS servers that ask for one. Empty: none.'
  ),
  clusterTlsKey: cluster(text(), 'File with the key (PEM) of NWS_CLUSTER_TLS_CERT.'),

  guestPort: guests(
    count(9010, 0, 65_535),
    'TCP port for guests, while an invitation is open. If it is taken, the next free one. 0 takes any free port.'
  ),
  guestHost: guests(text('address'), 'Address that guests reach, instead of the private addresses of this machine.'),
  guestApp: guests(
    text(),
    'Folder with your own pages for guests. Names that begin with a dot and links that lead out of it are left out.'
  ),
  guestTlsCert: guests(text(), 'File with the certificate chain (PEM) for guests. Empty: no TLS.'),
  guestTlsKey: guests(text(), 'File with the key (PEM) of NWS_GUEST_TLS_CERT.'),
  guestMaxConnections: guests(count(64), 'Open sockets of all guests.'),
  guestMaxConnectionsPerAddress: guests(count(8), 'Open sockets of guests from one address.'),
  guestMessagesPerSecond: guests(
    count(200),
    'Messages per second from one guest, with a burst of one second. The proxy reads no faster.'
  ),
  guestResumeMs: guests(
    duration(120_000),
    'Milliseconds that the membership of a guest waits for a screen that went dark.'
  ),
  guestBytesPerSecond: guests(
    count(8 * MIB),
    'Bytes per second from one guest, with a burst of one second. The proxy reads no faster.'
  ),

  maxMessageBytes: limits(count(MIB, 1, 64 * MIB), 'Bytes of one WebSocket message or HTTP body.'),
  maxQueuedBytes: limits(
    count(4 * MIB, 64 * KIB),
    'Bytes that may wait for one peer that reads slowly. The other peers never notice.'
  ),
  maxTotalQueuedBytes: limits(
    count(256 * MIB, 1 * MIB),
    'Bytes that may wait for all peers together. Above that, the peer with the longest queue is closed.'
  ),
  maxMessagesPerSecond: limits(count(100_000), 'Messages per second from one socket, with a burst of one second.'),
  maxBytesPerSecond: limits(
    count(256 * MIB),
    'Bytes per second from one socket, with a burst of one second, or of one message if that is more.'
  ),
  maxConnections: limits(
    count(8192, 8),
    'Open connections of each listener for clients. Fewer if the system allows the process few open files.'
  ),
  maxSocketsPerOrigin: limits(count(256), 'Open sockets of all pages of one origin.'),
  newChannelsPerOriginBurst: limits(count(64), 'New channels that pages of one origin may open at once.'),
  newChannelsPerOriginPerSecond: limits(
    count(2),
    'New channels per second that pages of one origin may open after the burst.'
  ),
  maxPeersPerChannel: limits(count(5000), 'Peers of this proxy in one channel.'),
  maxDataDepth: limits(count(128, 1, 128), 'Arrays and objects that may be open at once in the data of a message.'),

  handshakeTimeoutMs: times(
    duration(10_000),
    'Milliseconds from the connection until a request has arrived, with its body.'
  ),
  authTimeoutMs: times(
    duration(5000),
    'Milliseconds until a socket from another machine proves the token, and until a socket of the rendezvous logs in.'
  ),
  legacyPairTimeoutMs: times(
    duration(10_000),
    'Milliseconds that the control socket of an old client waits for its data socket.'
  ),
  pingIntervalMs: times(duration(30_000), 'Milliseconds between two pings to a peer. Less than NWS_PEER_TIMEOUT_MS.'),
  peerTimeoutMs: times(duration(60_000), 'Milliseconds without a sign of life until a peer is closed.'),
  resumeMs: times(
    duration(15_000),
    'Milliseconds that a membership waits at most for a client that lost its socket and asked for it.'
  ),
  shutdownTimeoutMs: times(duration(5000), 'Milliseconds from the signal until sockets that have not closed are cut.')
} satisfies Record<string, Setting>

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
