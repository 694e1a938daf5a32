// `GET /api/ready`: tells supervisors and balancers whether to send new clients here.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/readiness.ts'
import { errorSchema } from './schemas.ts'

const readyRoutes: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/api/ready',
    {
      config: { surface: 'probe' },
      schema: {
        operationId: 'getReadiness',
        summary: 'Tell whether new clients should come here',
        response: { 200: Type.Object({ status: Type.Literal('ready') }), 503: errorSchema }
      }
    },
    async () => {
      if (!app.readiness.ready) throw new NwsError('NWS_ERR_NOT_READY')
      return { status: 'ready' as const }
    }
  )
}

export default readyRoutes
