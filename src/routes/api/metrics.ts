// `GET /api/metrics`: numbers in the text format of Prometheus. Not the numbers themselves (plugins/metrics).
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/metrics/index.ts'

const metricsRoutes: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/api/metrics',
    {
      config: { surface: 'control' },
      schema: {
        summary: 'Numbers for Prometheus',
        description: 'Channels appear by their tags, the 50 busiest of them.',
        produces: ['text/plain'],
        response: { 200: Type.String() }
      }
    },
    async (_request, reply) => {
      const { type, text } = await app.metrics.read()
      return reply.type(type).send(text)
    }
  )
}

export default metricsRoutes
