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

/** @param mesh asked for at each call, because mesh and carrier need each other */
export function createMeshCarrier(hub: Hub, mesh: () => Mesh): NetworkCarrier<Session> {
  return new NetworkCarrier<Session>({ name: 'mesh', hub, network: mesh, proxyOf: remoteIdOf })
}
