// Which end of a meeting is told of it second, and how much later. Pages of the second and third generation greet each
// other a fixed time after they were told; told in the same instant both offer a call, and neither comes about. Not what
// they are told.
import type { Peer } from '../../core/hub/peer.ts'

/** Milliseconds; more than a page that is just loading is late with its greeting, which ends the wait. */
export const SECOND_MS = 300

/**
 * Whether a peer is told of another one second: on one proxy who was there before, on two whose id is the lower one, as
 * both proxies know.
 *
 * @param ownId undefined: it is no peer yet
 * @param cameLater whether the peer that is told came after the other
 */
export function isToldSecond(ownId: string | undefined, other: Peer, cameLater: boolean): boolean {
  return other.location === 'remote' ? ownId !== undefined && ownId < other.id : !cameLater
}
