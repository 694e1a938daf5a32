// Proves which links of the mesh end in which proxies of the cluster. The id at the end of a link is a claim; a session
// of the cluster that knows the link's key proves it. core/hub/remote-claims.ts uses the proofs.
import { base32, compare, mapKey } from '../bytes.ts'
import type { Clock } from '../clock.ts'
import { outsideToken } from '../link/handshake.ts'
import type { Link } from '../link/link.ts'
import type { LinkPrimitives } from '../link/primitives.ts'
import type { RemoteSession } from './sessions.ts'

/** What is injected. */
export interface LinkProofDeps {
  readonly mesh: { readonly links: Iterable<Link> }
  readonly primitives: LinkPrimitives
  readonly clock: Clock
  /** Proxies of the cluster that are alive. */
  readonly sessions: () => Iterable<RemoteSession>
  readonly tell: (session: RemoteSession, bindings: readonly Uint8Array[]) => void
  /** The link ends in that proxy. */
  readonly proven: (link: Link, proxyId: string) => void
}

/** Milliseconds until it is said again, since the other end may not know this one yet. */
const AGAIN_MS = [0, 1000, 5000, 15_000]

/** The proofs of one proxy. */
export class LinkProofs {
  readonly #deps: LinkProofDeps
  /** The last bindings of each session. */
  readonly #heard = new WeakMap<RemoteSession, ReadonlySet<string>>()

  constructor(deps: LinkProofDeps) {
    this.#deps = deps
  }

  /** A link opened. */
  opened(link: Link): void {
    for (const session of this.#deps.sessions()) {
      if (!endsIn(link, session)) continue
      this.#check(session)
      this.#tell(session)
    }
  }

  /** A session is proven. */
  met(session: RemoteSession): void {
    this.#tell(session)
  }

  /** A session tells which links end in it. */
  heard(session: RemoteSession, bindings: readonly Uint8Array[]): void {
    this.#heard.set(session, new Set(bindings.map(mapKey)))
    this.#check(session)
  }

  #check(session: RemoteSession): void {
    const heard = this.#heard.get(session)
    if (heard === undefined) return
    for (const link of this.#linksTo(session)) {
      if (heard.has(mapKey(this.#token(link, link.role === 'I' ? 'R' : 'I'))))
        this.#deps.proven(link, base32(session.proxyBytes))
    }
  }

  #tell(session: RemoteSession): void {
    for (const ms of AGAIN_MS) {
      this.#deps.clock.after(ms, () => {
        const bindings = this.#linksTo(session).map(link => this.#token(link, link.role))
        if (bindings.length > 0 && !session.over) this.#deps.tell(session, bindings)
      })
    }
  }

  #linksTo(session: RemoteSession): Link[] {
    return [...this.#deps.mesh.links].filter(link => endsIn(link, session))
  }

  #token(link: Link, role: 'I' | 'R'): Uint8Array {
    const { sameKey, L } = link.session!
    return outsideToken(this.#deps.primitives, sameKey, L, role)
  }
}

/** Whether a link claims to end in a session. */
function endsIn(link: Link, session: RemoteSession): boolean {
  return link.session !== undefined && link.state === 'open' && compare(link.session.remoteId, session.proxyBytes) === 0
}
