// Finds out why a connection failed, as far as the platform tells. Asks the proxy's `/.well-known/nws`, the Permissions API
// and the page's address. Never throws.
import { httpAddress, isLoopbackHost } from './endpoint.ts'
import { problem, type Problem } from './errors.ts'

/** The parts of the global object that it asks. */
export interface Platform {
  readonly fetch?: typeof fetch
  readonly location?: Pick<Location, 'protocol' | 'hostname' | 'origin'>
  readonly isSecureContext?: boolean
  readonly navigator?: { readonly permissions?: { query(descriptor: never): Promise<{ readonly state: string }> } }
}

const PROBE_MS = 3000

/** Names of the permission, the most exact first. */
const PERMISSIONS = ['loopback-network', 'local-network', 'local-network-access']

async function permissionState(platform: Platform, loopback: boolean): Promise<string | undefined> {
  for (const name of loopback ? PERMISSIONS : PERMISSIONS.slice(1)) {
    try {
      return (await platform.navigator?.permissions?.query({ name } as never))?.state
    } catch {
      // This browser does not know the name.
    }
  }
  return undefined
}

async function answers(platform: Platform, url: string, mode: RequestMode): Promise<Response | undefined> {
  try {
    return await platform.fetch?.(url, {
      mode,
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(PROBE_MS)
    })
  } catch {
    return undefined
  }
}

async function readAnswer(response: Response): Promise<{ nws?: unknown; code?: unknown; message?: unknown }> {
  try {
    return Object(await response.json()) as object
  } catch {
    return {}
  }
}

/**
 * Finds out why a connection to a proxy failed.
 *
 * @param base its address as endpointBase gives it
 */
export async function diagnose(base: string, platform: Platform = globalThis): Promise<Problem> {
  const { location } = platform
  const { hostname, protocol } = new URL(base)
  const loopback = isLoopbackHost(hostname)
  if (location?.protocol === 'https:' && protocol === 'ws:' && !loopback) return problem('NWS_CLIENT_MIXED_CONTENT')

  // Pages of this machine need no permission.
  const restricted = location !== undefined && !isLoopbackHost(location.hostname) && location.hostname !== hostname
  const state = restricted ? await permissionState(platform, loopback) : undefined
  if (state === 'denied' && platform.isSecureContext !== false) return problem('NWS_CLIENT_PERMISSION_DENIED')

  const probe = `${httpAddress(base)}/.well-known/nws`
  const response = await answers(platform, probe, 'cors')
  if (response !== undefined) {
    const { nws, code, message } = await readAnswer(response)
    if (nws !== undefined) return problem('NWS_CLIENT_REFUSED')
    return /^NWS_ERR_/.test(String(code))
      ? { code: String(code), message: String(message) }
      : problem('NWS_CLIENT_NOT_A_PROXY', base)
  }
  if (restricted && loopback && platform.isSecureContext === false) return problem('NWS_CLIENT_INSECURE_PAGE')
  if (state === 'prompt') return problem('NWS_CLIENT_PERMISSION_NEEDED')
  if (location !== undefined && (await answers(platform, probe, 'no-cors')) !== undefined)
    return problem('NWS_CLIENT_NOT_A_PROXY', base)
  return problem('NWS_CLIENT_NOT_RUNNING', base)
}
