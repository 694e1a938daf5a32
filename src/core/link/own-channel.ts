// One channel of this proxy as the mesh sees it: its local peers, the links on which it is confirmed, the remote peers,
// and whether it lingers. Not the channel that clients join (hub/channel.ts), of which there is none while it lingers.
import type { Cancel } from '../clock.ts'
import type { Link } from './link.ts'
import type { Roster } from './roster.ts'

/** State of a channel that takes part in matching. */
export interface OwnChannel {
  readonly name: string
  /** Ids of local peers. */
  readonly peers: Set<string>
  /** Links on which it is confirmed. */
  readonly links: Set<Link>
  readonly roster: Roster<Link>
  /** Set while it lingers: ends the wait. */
  linger: Cancel | undefined
}
