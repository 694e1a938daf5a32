// Whether this proxy should be given new clients now. Not whether it lives (`/api/health`), and nobody is refused for it:
// what asks is a supervisor or a balancer.
import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import type {} from './peer-mesh/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readiness: Readiness
  }
}

/** What the plugin decorates an app with as `readiness`. */
export interface Readiness {
  /** Listening, and the event loop keeps up. */
  readonly ready: boolean
}

/** Mean delay of the event loop over a second beyond which a proxy counts as overloaded, milliseconds. */
const MAX_EVENT_LOOP_DELAY_MS = 500

export default fp(
  async app => {
    if (!app.hasDecorator('isUnderPressure')) {
      await app.register(underPressure, {
        maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
        pressureHandler: () => {} // Its own answer would be 503 to everybody, channels too.
      })
    }
    app.decorate('readiness', {
      get ready() {
        return app.peerMesh.port !== 0 && !app.isUnderPressure()
      }
    })
  },
  { name: 'nws-readiness', fastify: '5.x', dependencies: ['nws-peer-mesh'] }
)
