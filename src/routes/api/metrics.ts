// `GET /api/metrics`: the metrics of plugins/metrics in the text format of Prometheus.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/metrics/index.ts'

const metricsRoutes: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/api/metrics',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'getMetrics',
        summary: 'Read the metrics, for Prometheus',
        description: 'The 50 busiest channels appear by their tags.',
        response: {
          200: { description: 'The metrics.', content: { 'text/plain': { schema: Type.String() } } }
        }
      }
    },
    async (_request, reply) => {
      const { type, text } = await app.metrics.read()
      return reply.type(type).send(text)
    }
  )
}

export default metricsRoutes
