// Whether supervisors and balancers should send new clients to this proxy. An overloaded proxy still accepts clients.
import fp from 'fastify-plugin'
import type {} from './bonevalue/accounts/index.ts'
import type {} from './event-loop.ts'
import type {} from './peer-mesh/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readiness: Readiness
  }
}

/** The decorator `readiness`. */
export interface Readiness {
  /** The proxy listens, the event loop keeps up, and the accounts of the rendezvous could be opened. */
  readonly ready: boolean
}

/** A proxy with a larger mean delay of the event loop is overloaded. Milliseconds. */
const MAX_EVENT_LOOP_DELAY_MS = 500

export default fp(
  async app => {
    app.decorate('readiness', {
      get ready() {
        return app.peerMesh.port !== 0 && app.eventLoop.recentMs <= MAX_EVENT_LOOP_DELAY_MS && !app.accounts.failed
      }
    })
  },
  { name: 'nws-readiness', fastify: '5.x', dependencies: ['nws-accounts', 'nws-event-loop', 'nws-peer-mesh'] }
)
