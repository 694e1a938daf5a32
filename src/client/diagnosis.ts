// Finds out why a connection failed, as far as the platform tells. Asks the proxy's `/.well-known/nws`, the Permissions API
// and the page's address. Never throws.
import { httpAddress, isLoopbackHost } from './endpoint.ts'
import { problem, type Problem } from './errors.ts'
import { permissionFor, refusalOf, type PermissionPlatform } from './permission.ts'

/** The parts of the global object that it asks. */
export interface Platform extends PermissionPlatform {
  readonly fetch?: typeof fetch
  readonly location?: Pick<Location, 'protocol' | 'hostname' | 'origin'>
}

const PROBE_MS = 3000

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
export async function diagnose(base: string, platform: Platform = globalThis as Platform): Promise<Problem> {
  const { location } = platform
  const { hostname, protocol } = new URL(base)
  const loopback = isLoopbackHost(hostname)
  if (location?.protocol === 'https:' && protocol === 'ws:' && !loopback) return problem('NWS_CLIENT_MIXED_CONTENT')
  // A request would ask the user again.
  const refusal = refusalOf(await permissionFor(base, platform))
  if (refusal !== undefined) return refusal

  const probe = `${httpAddress(base)}/.well-known/nws`
  const response = await answers(platform, probe, 'cors')
  if (response !== undefined) {
    const { nws, code, message } = await readAnswer(response)
    if (nws !== undefined) return problem('NWS_CLIENT_REFUSED')
    return /^NWS_ERR_/.test(String(code))
      ? { code: String(code), message: String(message) }
      : problem('NWS_CLIENT_NOT_A_PROXY', base)
  }
  const isForeign = location !== undefined && !isLoopbackHost(location.hostname) && location.hostname !== hostname
  if (isForeign && loopback && platform.isSecureContext === false) return problem('NWS_CLIENT_INSECURE_PAGE')
  if (location !== undefined && (await answers(platform, probe, 'no-cors')) !== undefined)
    return problem('NWS_CLIENT_NOT_A_PROXY', base)
  return problem('NWS_CLIENT_NOT_RUNNING', base)
}
