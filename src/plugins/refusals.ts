// The refusals of this proxy as a decorator, for whoever refuses and whoever shows them. No rule and no answer is here.
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
