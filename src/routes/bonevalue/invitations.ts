// `/bv/invite/`: the page of a one-time link, and its requests. The token is behind the `#` of the link and in bodies only,
// so that no log gets it. Links are made in api/users.ts, and by inviteUser of clients.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { isRefusal } from '../../core/bonevalue/store.ts'
import { NwsError } from '../../core/errors.ts'
import type {} from '@fastify/swagger'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/bonevalue/rendezvous/index.ts'
import { servePages } from '../public-files.ts'

/** Files beside the page, and their paths in public/. */
const FILES = {
  'invite.js': 'bonevalue/invite.js',
  'invite.css': 'bonevalue/invite.css',
  'icon.svg': 'console/icon.svg'
}
/** Largest body, in bytes. */
const BODY_LIMIT = 8192

const token = Type.String({ minLength: 1, maxLength: 100 })

const invitationRoutes: FastifyPluginAsyncTypebox = async app => {
  await servePages(app)
  const hidden = { config: { surface: 'public' }, schema: { hide: true } } as const
  app.get('/bv/invite', hidden, (_request, reply) => reply.redirect('invite/'))
  app.get('/bv/invite/', hidden, (_request, reply) => reply.sendFile('bonevalue/invite.html'))
  for (const [name, file] of Object.entries(FILES))
    app.get(`/bv/invite/${name}`, hidden, (_request, reply) => reply.sendFile(file))

  app.post(
    '/bv/invite/status',
    {
      config: { surface: 'account' },
      bodyLimit: BODY_LIMIT,
      schema: {
        hide: true,
        body: Type.Object({ token }),
        response: { 200: Type.Object({ name: Type.String(), reset: Type.Boolean() }) }
      }
    },
    async ({ body }) => {
      const invitation = await app.rendezvous.service.findInvitation(body.token)
      if (isRefusal(invitation)) throw new NwsError(invitation.refusal)
      return { name: invitation.suggestion, reset: invitation.resets !== undefined }
    }
  )

  app.post(
    '/bv/invite/accept',
    {
      config: { surface: 'account' },
      bodyLimit: BODY_LIMIT,
      schema: {
        hide: true,
        body: Type.Object({ token, name: Type.String(), password: Type.String() }),
        response: { 201: Type.Object({ name: Type.String() }) }
      }
    },
    async ({ body }, reply) => {
      const user = await app.rendezvous.service.acceptInvitation(body.token, body.name, body.password)
      if (isRefusal(user)) throw new NwsError(user.refusal)
      return await reply.code(201).send({ name: user.name })
    }
  )
}

export default invitationRoutes
