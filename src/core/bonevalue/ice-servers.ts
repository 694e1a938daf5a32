// ICE servers: their form in the settings, and their form for clients.

/** A server for `RTCPeerConnection`. */
export interface IceServer {
  readonly urls: readonly string[]
  readonly username?: string
  readonly credential?: string
}

/** A server of NWS_ICE_SERVERS. With a `secret` each client gets its own name and password, made from the secret. */
export interface ConfiguredIceServer extends IceServer {
  /** Shared with the TURN server (coturn: static-auth-secret). Clients never get it. */
  readonly secret?: string
}

/** How long these credentials are valid, milliseconds. */
export const CREDENTIAL_LIFETIME_MS = 12 * 3_600_000
/** After this time clients get new ones, milliseconds. */
export const CREDENTIAL_RENEWAL_MS = CREDENTIAL_LIFETIME_MS / 2

const URL_FORM = /^(stuns?|turns?):[^\s@/?#]+(\?transport=(udp|tcp))?$/ // RFC 7064, RFC 7065
const MEMBERS = ['urls', 'username', 'credential', 'secret']

function readServer(value: unknown): ConfiguredIceServer | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { urls: given, username, credential, secret } = value as Record<string, unknown>
  const urls = typeof given === 'string' ? [given] : given
  if (!Array.isArray(urls) || urls.length === 0 || !urls.every(url => typeof url === 'string' && URL_FORM.test(url)))
    return undefined
  const texts = [username, credential, secret]
  if (texts.some(text => text !== undefined && (typeof text !== 'string' || text === ''))) return undefined
  if ((username === undefined) !== (credential === undefined) || (secret !== undefined && username !== undefined))
    return undefined
  if (!Object.keys(value).every(name => MEMBERS.includes(name))) return undefined
  return {
    urls: urls as string[],
    ...(username === undefined ? {} : { username: username as string, credential: credential as string }),
    ...(secret === undefined ? {} : { secret: secret as string })
  }
}

/** Reads NWS_ICE_SERVERS: a JSON list; an empty text is an empty list. undefined: it is neither. */
export function parseIceServers(text: string): ConfiguredIceServer[] | undefined {
  if (text === '') return []
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(list)) return undefined
  const servers = list.map(readServer)
  return servers.includes(undefined) ? undefined : (servers as ConfiguredIceServer[])
}

/**
 * The servers for one client. Credentials follow the REST scheme of coturn (draft-uberti-behave-turn-rest-00): the name is the
 * time of expiry in seconds and an id, the password is the base64 HMAC-SHA1 of that name.
 *
 * @param id names the client in the log of the TURN server; without blanks and colons
 * @param now milliseconds since 1970
 * @param hmacSha1 of a text under a key, in base64
 */
export function iceServersFor(
  servers: readonly ConfiguredIceServer[],
  id: string,
  now: number,
  hmacSha1: (key: string, text: string) => string
): IceServer[] {
  return servers.map(({ secret, ...server }) => {
    if (secret === undefined) return server
    const username = `${Math.floor((now + CREDENTIAL_LIFETIME_MS) / 1000)}:${id}`
    return { ...server, username, credential: hmacSha1(secret, username) }
  })
}
