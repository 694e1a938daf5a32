// Says whether values are settings of this proxy, and in one line what is wrong with the first that is not. Not the
// schema (settings.ts), not the reader of variables (environment.ts): options in code and variables pass through here.
import { parseIceServers } from './bonevalue/ice-servers.ts'
import { isLoopbackAddress, parseAllowedHost } from './host-policy.ts'
import { isSerialisedOrigin } from './origin-policy.ts'
import { NwsError } from './errors.ts'
import { parsePeerAddress } from './peer-address.ts'
import { settingsSchema, type Settings } from './settings.ts'

/** One property of the schema, as far as this file looks at it. */
interface Rule {
  readonly type?: 'integer' | 'string' | 'boolean' | 'array'
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly default: unknown
  readonly description: string
}

/** Name of a setting, as in code. */
export type SettingName = keyof Settings

const rules = settingsSchema.properties as unknown as Record<SettingName, Rule>

/** All names of settings, in the order of the schema. */
export const settingNames = Object.keys(rules) as SettingName[]

/** Settings whose value no message, log or page may show. */
const SECRETS: ReadonlySet<string> = new Set<SettingName>([
  'apiToken',
  'iceServers',
  'clusterSecret',
  'clusterToken',
  'clusterPassword'
])

/** Longest part of a wrong value that a message quotes. */
const MAX_QUOTED = 60

/** The rule of a setting. */
export function ruleOf(name: SettingName): Rule {
  return rules[name]
}

/** The environment variable of a setting: `NWS_MAX_MESSAGE_BYTES` for `maxMessageBytes`. */
export function variableOf(name: string): string {
  return `NWS_${name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`
}

/** What is allowed for a setting, in words that follow "allowed is". */
export function allowedFor(name: SettingName): string {
  const { type, enum: choices, minimum, maximum } = rules[name]
  if (choices !== undefined) return `one of ${choices.join(', ')}`
  if (type === 'boolean') return 'true or false'
  if (type === 'integer') {
    return maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number from ${minimum} on`
      : `a whole number from ${minimum} to ${maximum}`
  }
  if (name === 'allowedHosts' || name === 'bvHosts')
    return 'name or name:port, separated by commas, without scheme, path or *'
  if (name === 'allowedOrigins' || name === 'bvOrigins')
    return 'origins such as https://example.org, separated by commas, or null'
  if (name === 'host' || name === 'meshHost') return 'an IP address or a host name'
  if (name === 'bvListen') return 'host:port, IPv6 addresses in brackets'
  if (name === 'iceServers')
    return 'a JSON list such as [{"urls":"stun:host:3478"}], with "secret", or "username" and "credential", where a server wants them'
  if (name === 'peers') return 'host:port, separated by commas, IPv6 addresses in brackets'
  if (name === 'clusterUrl')
    return 'nats://host:port or tls://host:port, separated by commas, without path; users and tokens have settings of their own'
  if (name === 'apiToken') return 'printable ASCII characters without spaces'
  return type === 'array' ? 'a list separated by commas, without empty entries' : 'text'
}

/** The error for a wrong value. One line; the value is quoted, shortened, and left out where it is a secret. */
export function wrongValue(name: SettingName, label: string, value: unknown, hint = ''): NwsError {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  // Where a URL has an @, a password may stand before it.
  const quoted =
    SECRETS.has(name) || (name === 'clusterUrl' && text.includes('@'))
      ? 'its value (not shown)'
      : JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text)
  return new NwsError(
    'NWS_ERR_CONFIG_VALUE',
    `${label}: ${quoted} is not allowed, allowed is ${allowedFor(name)}.${hint}`
  )
}

/** Number of single-character edits between two short texts. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[right.length]!
}

/** The known name nearest to an unknown one, if any is near enough to be a slip. */
export function nearMiss(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const short = plain(name).slice(0, 80)
  const [best] = known
    .map(candidate => ({ candidate, distance: editDistance(short, plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(2, Math.floor(short.length / 4)) ? best.candidate : undefined
}

/** Whether a host to listen on is this machine only. */
export function isLoopbackHost(host: string): boolean {
  return host === '' || host.toLowerCase() === 'localhost' || isLoopbackAddress(host)
}

function fits(name: SettingName, value: unknown): boolean {
  const { type, enum: choices, minimum = 0, maximum = 0 } = rules[name]
  if (choices !== undefined) return typeof value === 'string' && choices.includes(value)
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum
    case 'boolean':
      return typeof value === 'boolean'
    case 'array':
      return (
        Array.isArray(value) &&
        value.every(entry => typeof entry === 'string' && entry !== '' && entryFits(name, entry))
      )
    default:
      return typeof value === 'string' && textFits(name, value)
  }
}

function entryFits(name: SettingName, entry: string): boolean {
  if (name === 'allowedHosts' || name === 'bvHosts') return parseAllowedHost(entry) !== undefined
  if (name === 'allowedOrigins' || name === 'bvOrigins') return isSerialisedOrigin(entry)
  if (name === 'peers') return parsePeerAddress(entry) !== undefined
  if (name === 'clusterUrl') {
    const [url, port = '4222'] =
      /^(?:nats|tls):\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?$/.exec(entry) ?? []
    return url !== undefined && Number(port) >= 1 && Number(port) <= 65_535
  }
  return true
}

function textFits(name: SettingName, text: string): boolean {
  if (name === 'host' || name === 'meshHost') return /^[A-Za-z0-9.:_%-]*$/.test(text)
  if (name === 'bvListen') return text === '' || parsePeerAddress(text, true) !== undefined
  if (name === 'iceServers') return parseIceServers(text) !== undefined
  if (name === 'apiToken') return /^[\x21-\x7e]*$/.test(text)
  return true
}

/** A host that an entry of allowedOrigins probably meant: browsers send neither a slash nor the default port. */
function originHint(value: unknown): string {
  for (const entry of Array.isArray(value) ? (value as unknown[]) : []) {
    if (typeof entry !== 'string' || isSerialisedOrigin(entry) || !/^https?:\/\//i.test(entry) || !URL.canParse(entry))
      continue
    return ` Did you mean ${new URL(entry).origin}?`
  }
  return ''
}

/**
 * Complete settings: the given ones checked, the others with their defaults. `undefined` counts as not given.
 *
 * @param label how to name a setting in an error: as its variable, or as the option in code
 * @throws NwsError `NWS_ERR_CONFIG_UNKNOWN`, `NWS_ERR_CONFIG_VALUE`, `NWS_ERR_CONFIG_EXPOSED`, `NWS_ERR_CONFIG_INSECURE`, with one line of detail
 */
export function completeSettings(
  given: Readonly<Record<string, unknown>>,
  label: (name: string) => string = name => name
): Settings {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(rules, name)) continue
    const near = nearMiss(name, settingNames)
    throw new NwsError(
      'NWS_ERR_CONFIG_UNKNOWN',
      `${label(name)} is unknown${near === undefined ? '.' : `: did you mean ${label(near)}?`}`
    )
  }
  const complete: Record<string, unknown> = {}
  for (const name of settingNames) {
    const value = given[name] ?? rules[name].default
    if (!fits(name, value))
      throw wrongValue(
        name,
        label(name),
        value,
        name === 'allowedOrigins' || name === 'bvOrigins' ? originHint(value) : ''
      )
    complete[name] = Array.isArray(value) ? Object.freeze([...(value as unknown[])]) : value
  }
  const settings = complete as Settings
  checkTogether(settings, label)
  checkCluster(settings, label)
  return Object.freeze(settings)
}

/** Whether the rendezvous' own listener can be read on the network. */
function isInsecure({ bv, bvListen, tlsCert }: Settings): boolean {
  return (
    bv === 'on' && bvListen !== '' && tlsCert === '' && !isLoopbackHost(parsePeerAddress(bvListen, true)?.host ?? '')
  )
}

/** Rules that take more than one setting. */
function checkTogether(settings: Settings, label: (name: string) => string): void {
  if (settings.pingIntervalMs >= settings.peerTimeoutMs) {
    throw new NwsError(
      'NWS_ERR_CONFIG_VALUE',
      `${label('pingIntervalMs')}: "${settings.pingIntervalMs}" is not allowed, allowed is less than ${label('peerTimeoutMs')} (${settings.peerTimeoutMs}).`
    )
  }
  if (!isLoopbackHost(settings.host) && settings.apiToken === '') {
    throw new NwsError(
      'NWS_ERR_CONFIG_EXPOSED',
      `${label('host')} is ${JSON.stringify(settings.host)}; without it the proxy listens on 127.0.0.1 and ::1.`
    )
  }
  if ((settings.tlsCert === '') !== (settings.tlsKey === '')) {
    throw new NwsError('NWS_ERR_CONFIG_VALUE', `${label('tlsCert')} and ${label('tlsKey')} need each other.`)
  }
  if (isInsecure(settings) && !settings.bvInsecure) {
    throw new NwsError('NWS_ERR_CONFIG_INSECURE', `${label('bvListen')} is ${JSON.stringify(settings.bvListen)}.`)
  }
}

function isEmpty(value: unknown): boolean {
  return (typeof value === 'string' || Array.isArray(value)) && value.length === 0
}

/** The cluster is there with all that it takes, or not at all: a setting of it that has no effect is a mistake. */
function checkCluster(settings: Settings, label: (name: string) => string): void {
  const {
    clusterUrl,
    clusterSecret,
    clusterCredentials,
    clusterToken,
    clusterUser,
    clusterPassword,
    clusterTlsCa,
    clusterTlsCert,
    clusterTlsKey
  } = settings
  const given = settingNames.filter(
    name => name.startsWith('cluster') && name !== 'clusterUrl' && !isEmpty(settings[name])
  )
  if (clusterUrl.length === 0 && given[0] !== undefined)
    throw new NwsError('NWS_ERR_CONFIG_VALUE', `${label(given[0])} is set, but ${label('clusterUrl')} is not.`)
  if (clusterUrl.length > 0 && clusterSecret.length === 0)
    throw new NwsError('NWS_ERR_CONFIG_CLUSTER_SECRET', `${label('clusterSecret')} is not set.`)
  if ((clusterUser === '') !== (clusterPassword === ''))
    throw new NwsError('NWS_ERR_CONFIG_VALUE', `${label('clusterUser')} and ${label('clusterPassword')} go together.`)
  // NATS takes one of them; which, would be chance.
  if ([clusterCredentials, clusterToken, clusterUser].filter(value => value !== '').length > 1) {
    throw new NwsError(
      'NWS_ERR_CONFIG_VALUE',
      `Of ${label('clusterCredentials')}, ${label('clusterToken')} and ${label('clusterUser')} one is enough, and more are not allowed.`
    )
  }
  // The client checks certificates for names; of servers given by address it would check another name than theirs.
  const wantsTls = clusterTlsCa !== '' || clusterTlsCert !== '' || clusterUrl.some(url => url.startsWith('tls:'))
  if (wantsTls && clusterUrl.some(url => /^[a-z]+:\/\/(?:\[|[0-9.]+(?::[0-9]+)?$)/.test(url))) {
    throw new NwsError(
      'NWS_ERR_CONFIG_VALUE',
      `${label('clusterUrl')} has an address, but with TLS servers are given by the name that is in their certificate.`
    )
  }
  if ((clusterTlsCert === '') !== (clusterTlsKey === ''))
    throw new NwsError('NWS_ERR_CONFIG_VALUE', `${label('clusterTlsCert')} and ${label('clusterTlsKey')} go together.`)
}

/** Fewer characters than this can be guessed by a program that tries for a night. */
const SHORT_TOKEN = 16

/** What is allowed but should be known: sentences to be logged as warnings at the start. */
export function settingsWarnings(settings: Settings): string[] {
  const warnings: string[] = []
  if (!isLoopbackHost(settings.host)) {
    warnings.push(
      'NWS_HOST reaches beyond this machine: the token and all messages cross the network as plain HTTP and can be read there'
    )
    if (settings.apiToken.length < SHORT_TOKEN)
      warnings.push(`NWS_API_TOKEN has fewer than ${SHORT_TOKEN} characters and can be guessed from the network`)
  }
  if (isInsecure(settings))
    warnings.push('NWS_BV_INSECURE: passwords of the rendezvous cross the network as plain HTTP and can be read there')
  if (settings.bv === 'on' && settings.bvLegacyLogin)
    warnings.push(
      'NWS_BV_LEGACY_LOGIN: browsers of old clients keep passwords in cookies and send them with every request'
    )
  if (settings.bv === 'off' && settings.bvListen !== '') warnings.push('NWS_BV_LISTEN is not used while NWS_BV is off')
  if (settings.maxQueuedBytes < settings.maxMessageBytes) {
    warnings.push(
      'NWS_MAX_QUEUED_BYTES is less than NWS_MAX_MESSAGE_BYTES: one large message closes every peer that has not read it at once'
    )
  }
  return warnings
}
