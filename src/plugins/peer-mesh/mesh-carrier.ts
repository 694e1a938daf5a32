// The carrier of the mesh: how sessions are named. Not the carrying (core/hub/network-carrier.ts).
import { base32 } from '../../core/bytes.ts'
import { NetworkCarrier } from '../../core/hub/network-carrier.ts'
import type { Hub } from '../../core/hub/hub.ts'
import type { Mesh } from '../../core/link/session/mesh.ts'
import type { Session } from '../../core/link/session/session.ts'

/** Id of a session's remote as users see it. */
export function remoteIdOf({ remoteId }: Session): string {
  return base32(remoteId)
}

/**
 * @param mesh asked for at each call, because mesh and carrier need each other
 * @param dials whether this proxy looks for others; if not, others may still have it as their static peer
 */
export function createMeshCarrier(hub: Hub, mesh: () => Mesh, dials: boolean): NetworkCarrier<Session> {
  const mayReachOthers = (): boolean => dials || mesh().links.size > 0
  return new NetworkCarrier<Session>({ name: 'mesh', hub, network: mesh, proxyOf: remoteIdOf, mayReachOthers })
}
