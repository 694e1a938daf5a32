// The time left for the shutdown. All plugins that wait for clients at the end share it, so that their waits do not add up.
import fp from 'fastify-plugin'
import type {} from './config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    shutdown: Shutdown
  }
}

/** The decoration `shutdown`. */
export interface Shutdown {
  /**
   * Milliseconds until a share of NWS_SHUTDOWN_TIMEOUT_MS is over, counted from the beginning of the shutdown; 0 after
   * that.
   */
  left(share: number): number
}

/** Decorates the app with `shutdown`. Register it before all plugins that wait at the end. */
export default fp(
  async app => {
    const { shutdownTimeoutMs } = app.config
    let began: number | undefined
    app.decorate('shutdown', {
      left: share => {
        const now = performance.now()
        return Math.max(0, (began ?? now) + shutdownTimeoutMs * share - now)
      }
    })
    app.addHook('preClose', async () => {
      began = performance.now()
    })
  },
  { name: 'nws-shutdown', fastify: '5.x', dependencies: ['nws-config'] }
)
