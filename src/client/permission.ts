// The permission that browsers ask for before a page of another site reaches this machine or network ("Local Network
// Access"). It asks the Permissions API and never the network, because a request would open the browser's prompt.
import { isLoopbackHost } from './endpoint.ts'
import { problem, type Problem } from './errors.ts'

/** The parts of the global object that it asks. */
export interface PermissionPlatform {
  readonly location?: Pick<Location, 'hostname'>
  readonly isSecureContext?: boolean
  readonly navigator?: { readonly permissions?: { query(descriptor: never): Promise<PermissionState> } }
}

/** A PermissionStatus, as far as it is used. */
export interface PermissionState {
  readonly state: string
  onchange?: (() => void) | null
}

/** Names of the permission, the most exact first. */
const NAMES = ['loopback-network', 'local-network', 'local-network-access']

/** The permission for an address; undefined: the page needs none, or the browser does not know it. */
export async function permissionFor(
  base: string,
  { location, isSecureContext, navigator }: PermissionPlatform = globalThis as PermissionPlatform
): Promise<PermissionState | undefined> {
  const { hostname } = new URL(base)
  // Pages of this machine need no permission, and pages that came over http cannot get it.
  if (location === undefined || isLoopbackHost(location.hostname) || location.hostname === hostname) return undefined
  if (isSecureContext === false) return undefined
  for (const name of isLoopbackHost(hostname) ? NAMES : NAMES.slice(1)) {
    try {
      return await navigator?.permissions?.query({ name } as never)
    } catch {
      // This browser does not know the name.
    }
  }
  return undefined
}

/** Why the permission stops an attempt; undefined: it does not. */
export function refusalOf(permission: PermissionState | undefined): Problem | undefined {
  if (permission?.state === 'denied') return problem('NWS_CLIENT_PERMISSION_DENIED')
  return permission?.state === 'prompt' ? problem('NWS_CLIENT_PERMISSION_NEEDED') : undefined
}
