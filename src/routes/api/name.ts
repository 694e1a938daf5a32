// `PUT /api/name`: gives this computer a name for people on computers that share a channel with it.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { MAX_COMPUTER_NAME_BYTES } from '../../core/computer-name.ts'
import type {} from '../../plugins/computer-name.ts'
import { errorSchema } from './schemas.ts'

const nameRoutes: FastifyPluginAsyncTypebox = async app => {
  const nameSchema = Type.Object({
    name: Type.String({
      maxLength: MAX_COMPUTER_NAME_BYTES,
      description: 'The name, or an empty text for none. At most 64 bytes of UTF-8.'
    })
  })
  app.put(
    '/api/name',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'setName',
        summary: 'Give this computer a name, or remove it',
        description:
          'Other proxies get the name inside a link, while they share a channel with this one. It is kept in NWS_DATA_DIR.',
        body: nameSchema,
        response: { 200: nameSchema, 400: errorSchema, 409: errorSchema, 500: errorSchema }
      }
    },
    async ({ body: { name } }) => {
      await app.computerName.set(name)
      return { name }
    }
  )
}

export default nameRoutes
