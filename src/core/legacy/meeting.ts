// When the two ends of a meeting hear of it. Pages of the second and third generation greet each other a fixed time after
// they hear of each other. If both hear in the same instant, both offer a call and no call comes about.
import type { Peer } from '../hub/peer.ts'

/** Longer than a page that is still loading needs for its greeting, milliseconds. The greeting ends the wait. */
const DELAY_MS = 300

/** The facts that mark a page of an earlier generation. */
export interface MeetingClient {
  /** Origin of the page; undefined for a program. */
  readonly origin: string | undefined
  /** Pages of earlier generations do not take binary frames. */
  readonly takesBinary: boolean
}

/**
 * Returns whether a peer hears second of another one. Both ends are on one proxy: the older member does. On two proxies:
 * the end with the lower id does, which both proxies know.
 *
 * @param ownId undefined: it is no peer yet
 * @param cameLater whether this peer came after the other
 */
export function hearsSecond(ownId: string | undefined, other: Peer, cameLater: boolean): boolean {
  return other.location === 'remote' ? ownId !== undefined && ownId < other.id : !cameLater
}

/** How long the `connect` of `other` waits for a client, milliseconds. */
export function connectDelayMs(
  { origin, takesBinary }: MeetingClient,
  ownId: string | undefined,
  other: Peer,
  cameLater: boolean
): number {
  return !takesBinary && origin !== undefined && hearsSecond(ownId, other, cameLater) ? DELAY_MS : 0
}
