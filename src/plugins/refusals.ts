// The counts of refusals as a decorator. Each part that refuses counts here; the metrics show them.
import fp from 'fastify-plugin'
import { RefusalCounts } from '../core/refusal-counts.ts'

declare module 'fastify' {
  interface FastifyInstance {
    refusals: RefusalCounts
  }
}

export default fp(
  async app => {
    app.decorate('refusals', new RefusalCounts())
  },
  { name: 'nws-refusals', fastify: '5.x' }
)
