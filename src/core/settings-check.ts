// Checks whether values are settings of this proxy, and describes in one line the first value that is not.
// Options in code and environment variables both pass through here.
import { Check } from 'typebox/schema'
import { isLoopbackAddress } from './host-policy.ts'
import { NwsError } from './errors.ts'
import { parsePeerAddress } from './peer-address.ts'
import { formatOf } from './setting-formats.ts'
import { settingNames, settingRows, type SettingName, type Settings } from './settings.ts'

/** A schema, as far as this file looks at it. */
interface Rule {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly format?: string
  readonly items?: Rule
  readonly default?: unknown
}

const SWITCH: Readonly<Record<string, boolean>> = { true: true, on: true, false: false, off: false }

/** Longest part of a wrong value that a message quotes. */
const MAX_QUOTED = 60

/** Follows the message for variables that Kubernetes sets for a service named nws. */
export const KUBERNETES =
  ' It looks like a service link of Kubernetes: set enableServiceLinks: false in the pod, or give the service another name than nws.'

/** The values that a schema allows, in words. */
export function allowedBy({ type, enum: choices, minimum, maximum, format, items }: Rule): string {
  if (choices !== undefined) return `one of ${choices.join(', ')}`
  if (type === 'boolean') return 'on or off, true or false'
  if (type === 'integer')
    return `a whole number ${maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum} on` : `from ${minimum} to ${maximum}`}`
  if (items !== undefined) return `a list separated by commas, each entry ${allowedBy(items)}`
  return formatOf(format)?.allowed ?? 'any text'
}

/** The error for a wrong value. It quotes the wrong entry of a list as it was given, and never a secret. */
function wrongValue(name: SettingName, label: string, value: unknown): NwsError {
  const { schema, secret } = settingRows[name]
  const { items = schema } = schema as Rule
  const wrong = Array.isArray(value) ? ((value as unknown[]).find(entry => !Check(items, entry)) ?? value) : value
  const text = typeof wrong === 'string' && wrong !== '' ? wrong : (JSON.stringify(value) ?? String(value))
  const guess = formatOf((items as Rule).format)?.guess?.(text)
  const hint = /^(tcp|udp|sctp):\/\//.test(text) ? KUBERNETES : guess === undefined ? '' : ` Did you mean ${guess}?`
  // A password may stand before the @ of a URL. A comma in it cuts the entry before the @.
  const quoted =
    secret || /:\/\/.*@/.test(String(value))
      ? 'its value (not shown)'
      : JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text)
  return new NwsError(
    'NWS_ERR_CONFIG_VALUE',
    `${label}: ${quoted} is not allowed. Allowed: ${allowedBy(schema)}.${hint}`
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

/** Whether only this machine reaches a host that the proxy listens on. */
export function isLoopbackHost(host: string): boolean {
  return host === '' || host.toLowerCase() === 'localhost' || isLoopbackAddress(host)
}

/**
 * Complete settings: checks the given values, and takes the defaults of the others. `undefined` and `null` count as not
 * given. A switch may be a boolean, or the word `on`, `off`, `true` or `false`.
 *
 * @param label names a setting in an error: as its variable, or as the option in code
 * @throws NwsError `NWS_ERR_CONFIG_UNKNOWN`, `NWS_ERR_CONFIG_VALUE`, `NWS_ERR_CONFIG_EXPOSED`, `NWS_ERR_CONFIG_INSECURE`,
 *   `NWS_ERR_CONFIG_CLUSTER_SECRET`, with one line of detail
 */
export function completeSettings(
  given: Readonly<Record<string, unknown>>,
  label: (name: string) => string = name => name
): Settings {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(settingRows, name)) continue
    const near = nearMiss(name, settingNames)
    throw new NwsError(
      'NWS_ERR_CONFIG_UNKNOWN',
      `${label(name)} is unknown${near === undefined ? '.' : `: did you mean ${label(near)}?`}`
    )
  }
  const complete: Record<string, unknown> = {}
  for (const name of settingNames) {
    const schema = settingRows[name].schema as Rule
    const raw = given[name] ?? schema.default
    const value = schema.type === 'boolean' && typeof raw === 'string' ? (SWITCH[raw] ?? raw) : raw
    if (!Check(schema, value)) throw wrongValue(name, label(name), value)
    complete[name] = Array.isArray(value) ? Object.freeze([...(value as unknown[])]) : value
  }
  const settings = complete as Settings
  checkTogether(settings, label)
  checkCluster(settings, label)
  return Object.freeze(settings)
}

/** Whether others on the network can read the listener of the rendezvous. */
function isInsecure({ bv, bvListen, tlsCert }: Settings): boolean {
  return bv && bvListen !== '' && tlsCert === '' && !isLoopbackHost(parsePeerAddress(bvListen, true)?.host ?? '')
}

/** Settings that need each other. */
const PAIRS = [
  ['tlsCert', 'tlsKey'],
  ['guestTlsCert', 'guestTlsKey'],
  ['clusterUser', 'clusterPassword'],
  ['clusterTlsCert', 'clusterTlsKey']
] as const

/** Checks the rules that take more than one setting. */
function checkTogether(settings: Settings, label: (name: string) => string): void {
  const { pingIntervalMs, peerTimeoutMs, host, apiToken, bvListen, bvInsecure } = settings
  if (pingIntervalMs >= peerTimeoutMs)
    throw new NwsError(
      'NWS_ERR_CONFIG_VALUE',
      `${label('pingIntervalMs')}: "${pingIntervalMs}" is not allowed. Allowed: less than ${label('peerTimeoutMs')} (${peerTimeoutMs}).`
    )
  if (!isLoopbackHost(host) && apiToken === '')
    throw new NwsError(
      'NWS_ERR_CONFIG_EXPOSED',
      `${label('host')} is ${JSON.stringify(host)}; without it the proxy listens on 127.0.0.1 and ::1.`
    )
  for (const [one, other] of PAIRS) {
    if ((settings[one] === '') !== (settings[other] === ''))
      throw new NwsError('NWS_ERR_CONFIG_VALUE', `${label(one)} and ${label(other)} need each other.`)
  }
  if (isInsecure(settings) && !bvInsecure)
    throw new NwsError('NWS_ERR_CONFIG_INSECURE', `${label('bvListen')} is ${JSON.stringify(bvListen)}.`)
}

/** Checks the settings of the cluster: a setting without an effect is a mistake. */
function checkCluster(settings: Settings, label: (name: string) => string): void {
  const { clusterUrl, clusterSecret, clusterCredentials, clusterToken, clusterUser, clusterTlsCa, clusterTlsCert } =
    settings
  const [idle] = settingNames.filter(
    name => settingRows[name].group === 'cluster' && (settings[name] as string | string[]).length > 0
  )
  if (clusterUrl.length === 0 && idle !== undefined)
    throw new NwsError('NWS_ERR_CONFIG_VALUE', `${label(idle)} is set, but ${label('clusterUrl')} is not.`)
  if (clusterUrl.length > 0 && clusterSecret.length === 0)
    throw new NwsError('NWS_ERR_CONFIG_CLUSTER_SECRET', `${label('clusterSecret')} is not set.`)
  // NATS takes one of them, and nothing says which.
  if ([clusterCredentials, clusterToken, clusterUser].filter(value => value !== '').length > 1)
    throw new NwsError(
      'NWS_ERR_CONFIG_VALUE',
      `Only one of ${label('clusterCredentials')}, ${label('clusterToken')} and ${label('clusterUser')} is allowed.`
    )
  // The NATS client checks certificates for names. For a server given by address it would check a wrong name.
  const wantsTls = clusterTlsCa !== '' || clusterTlsCert !== '' || clusterUrl.some(url => url.startsWith('tls:'))
  if (wantsTls && clusterUrl.some(url => /^[a-z]+:\/\/(?:\[|[0-9.]+(?::[0-9]+)?$)/.test(url)))
    throw new NwsError(
      'NWS_ERR_CONFIG_VALUE',
      `${label('clusterUrl')} has an address. With TLS it needs the name that is in the certificate of the server.`
    )
}

/** A program can guess a token with fewer characters in a night. */
const SHORT_TOKEN = 16

/** Warnings to log at the start: allowed settings with a risk. */
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
  if (settings.bv && settings.bvLegacyLogin)
    warnings.push(
      'NWS_BV_LEGACY_LOGIN: browsers of old clients keep passwords in cookies and send them with every request'
    )
  if (!settings.bv && settings.bvListen !== '') warnings.push('NWS_BV_LISTEN is not used while NWS_BV is off')
  if (settings.maxQueuedBytes < settings.maxMessageBytes) {
    warnings.push(
      'NWS_MAX_QUEUED_BYTES is less than NWS_MAX_MESSAGE_BYTES: one large message closes every peer that has not read it at once'
    )
  }
  return warnings
}
