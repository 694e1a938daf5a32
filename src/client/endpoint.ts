// The endpoint of a channel: the option, or the origin of the library's script. No connection is made here.

/** The address of a proxy with default settings. */
export const LOCAL_ENDPOINT = 'ws://localhost:9009'

/** URL of the script that the library was loaded from, if it is known. */
let scriptUrl = ''

/** Told by each entry file, which alone can know it. */
export function setScriptUrl(url: string | undefined): void {
  scriptUrl = url ?? ''
}

/**
 * The endpoint of a page that names none: the page's own origin (and the path that the proxy is mounted at) where the
 * library came from there by the address that a proxy serves it under, otherwise the proxy of this machine.
 */
export function defaultEndpoint(
  script = scriptUrl,
  page = (globalThis as { location?: Location }).location?.origin
): string {
  const [, origin, prefix] = /^(https?:\/\/[^/]+)(\/[^?#]*)?\/lib\/[^/]*$/.exec(script) ?? []
  return origin !== undefined && origin === page ? origin + (prefix ?? '') : LOCAL_ENDPOINT
}

/**
 * The address that paths are appended to, with ws or wss.
 *
 * @throws DOMException SyntaxError if it is no absolute URL of ws, wss, http or https, or has credentials, a query or a fragment
 */
export function endpointBase(endpoint: string | URL): string {
  const match = URL.canParse(endpoint) ? /^(?:http|ws)(s?):(\/\/[^?#@]*?)\/*$/.exec(new URL(endpoint).href) : null
  if (match === null) {
    throw new DOMException(
      'The option "endpoint" must be an address such as ws://localhost:9009, without credentials, query or fragment.',
      'SyntaxError'
    )
  }
  return `ws${match[1]}:${match[2]}`
}

/** The http or https address of a ws or wss one. */
export function httpAddress(url: string): string {
  return url.replace(/^ws/, 'http')
}

/** Whether a host name is this machine by its spelling. */
export function isLoopbackHost(name: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(name)
}
