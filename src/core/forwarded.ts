// The client behind a reverse proxy, as X-Forwarded-For and X-Forwarded-Proto tell it. They count only from proxies that the
// settings trust: everybody else can write what they like.
import { formatAddress, parseAddress } from './dns-sd/address-policy.ts'

/** The headers of a request. */
export type ForwardedHeaders = Readonly<Record<string, string | string[] | undefined>>

/** A client, as far as it is known. */
export interface ForwardedClient {
  readonly address: string
  /** Whether the client speaks TLS with the proxy in front; undefined: no trusted proxy is in front. */
  readonly isSecure: boolean | undefined
}

/** An address in one form; undefined if it is none. */
function plain(text: string): string | undefined {
  const address = parseAddress(text.trim())
  return address && formatAddress(address)
}

const lastOf = (header: string | string[] | undefined): string[] => [header ?? []].flat().join(',').split(',')

/**
 * The client of a connection. Each proxy adds the address of its own client at the end, so the last address that is no trusted
 * proxy is that of the client. An address before it may be invented.
 *
 * @param address the other end of the connection
 * @param trusted addresses of proxies
 */
export function forwardedClient(
  headers: ForwardedHeaders,
  address: string,
  trusted: readonly string[]
): ForwardedClient {
  const proxies = new Set(trusted.map(plain))
  const isTrusted = (text: string): boolean => proxies.has(plain(text))
  if (trusted.length === 0 || plain(address) === undefined || !isTrusted(address))
    return { address, isSecure: undefined }
  let client = address
  for (const next of lastOf(headers['x-forwarded-for']).reverse()) {
    if (!isTrusted(client) || plain(next) === undefined) break
    client = plain(next)!
  }
  return { address: client, isSecure: lastOf(headers['x-forwarded-proto']).at(-1)?.trim() === 'https' }
}
