// The address of the proxy: from the option, or from the URL of the library's script.

export const LOCAL_ENDPOINT = 'ws://localhost:9009'

let scriptUrl = ''

/** Each entry file calls it, since only they know the URL. */
export function setScriptUrl(url: string | undefined): void {
  scriptUrl = url ?? ''
}

/**
 * The endpoint of a page that names none: if the library came from the page's origin under the path of a proxy, that
 * origin (with the prefix of the proxy). Otherwise the proxy of this machine.
 */
export function defaultEndpoint(
  script = scriptUrl,
  page = (globalThis as { location?: Location }).location?.origin
): string {
  const [, origin, prefix] = /^(https?:\/\/[^/]+)(\/[^?#]*)?\/lib\/[^/]*$/.exec(script) ?? []
  return origin !== undefined && origin === page ? origin + (prefix ?? '') : LOCAL_ENDPOINT
}

/**
 * The address before all paths, with ws or wss.
 *
 * @throws DOMException SyntaxError unless it is an absolute URL of ws, wss, http or https without credentials, query and
 *   fragment
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

export function httpAddress(url: string): string {
  return url.replace(/^ws/, 'http')
}

/** Whether a host name always means this machine. */
export function isLoopbackHost(name: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(name)
}
