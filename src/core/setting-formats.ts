// The forms that texts of settings may have: a check, and the words for a message. TypeBox finds them by `format` in a
// schema.
import * as registry from 'typebox/format'
import { parseIceServers } from './bonevalue/ice-servers.ts'
import { isComputerName } from './computer-name.ts'
import { parseAddress } from './dns-sd/address-policy.ts'
import { parseAllowedHost } from './host-policy.ts'
import { isSerialisedOrigin } from './origin-policy.ts'
import { parsePeerAddress } from './peer-address.ts'

interface SettingFormat {
  /** Follows "Allowed:" in a message. */
  readonly allowed: string
  readonly fits: (text: string) => boolean
  /** A value that was probably meant. */
  readonly guess?: (text: string) => string | undefined
}

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)
const NATS_URL = /^(?:nats|tls):\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([1-9][0-9]{0,4}))?$/

/** Every format. An empty text means that a setting is not used, and fits all of them. */
export const settingFormats = {
  address: {
    allowed: 'an IP address or a host name',
    fits: text => (/^[\d.]+$/.test(text) ? IPV4 : /^[A-Za-z0-9.:_%-]+$/).test(text)
  },
  ip: { allowed: 'an IP address', fits: text => parseAddress(text) !== undefined },
  'host-entry': {
    allowed: 'name or name:port, without scheme, path or *',
    fits: text => parseAllowedHost(text) !== undefined
  },
  origin: {
    allowed: 'an origin such as https://example.org, or null',
    fits: isSerialisedOrigin,
    // Browsers send neither a slash nor the default port.
    guess: text => (/^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text).origin : undefined)
  },
  peer: {
    allowed: 'host:port, with an IPv6 address in brackets',
    fits: text => parsePeerAddress(text) !== undefined
  },
  listen: {
    allowed: 'host:port, with an IPv6 address in brackets',
    fits: text => parsePeerAddress(text, true) !== undefined
  },
  'nats-url': {
    allowed: 'nats://host:port or tls://host:port, without a path; users and tokens have their own settings',
    fits: text => {
      const [url, port = '4222'] = NATS_URL.exec(text) ?? []
      return url !== undefined && Number(port) <= 65_535
    }
  },
  'ice-servers': {
    allowed:
      'a JSON list such as [{"urls":"stun:host:3478"}], with "secret", or "username" and "credential", if a server needs them',
    fits: text => parseIceServers(text) !== undefined
  },
  'computer-name': {
    allowed: 'up to 64 bytes of text, without control and invisible characters, and without blanks at its ends',
    fits: isComputerName
  },
  token: { allowed: 'printable ASCII characters without spaces', fits: text => /^[\x21-\x7e]+$/.test(text) }
} as const satisfies Record<string, SettingFormat>

/** Name of a format. */
export type SettingFormatName = keyof typeof settingFormats

/** The format with this name, as far as the schema of a setting names one. */
export function formatOf(name: string | undefined): SettingFormat | undefined {
  return name === undefined ? undefined : settingFormats[name.replace(/^nws-/, '') as SettingFormatName]
}

for (const [name, { fits }] of Object.entries(settingFormats))
  registry.Set(`nws-${name}`, text => text === '' || fits(text))
