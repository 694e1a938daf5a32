// The carrier of the mesh: how links are named. Not the carrying (core/hub/network-carrier.ts).
import { NetworkCarrier } from '../../core/hub/network-carrier.ts'
import type { Hub } from '../../core/hub/hub.ts'
import { base32 } from '../../core/bytes.ts'
import type { Link } from '../../core/link/link.ts'
import type { Mesh } from '../../core/link/mesh.ts'

/** Id of a link's remote as users see it; empty before HELLO. */
export function remoteIdOf(link: Link): string {
  return link.session === undefined ? '' : base32(link.session.remoteId)
}

/** @param mesh asked for at each call, because mesh and carrier need each other */
export function createMeshCarrier(hub: Hub, mesh: () => Mesh): NetworkCarrier<Link> {
  return new NetworkCarrier<Link>({ name: 'mesh', hub, network: mesh, proxyOf: remoteIdOf })
}
