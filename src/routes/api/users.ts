// `/api/rendezvous` and `/api/users`: the online users of the rendezvous, and its accounts.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/bonevalue/rendezvous/index.ts'
import type {} from '../../plugins/bonevalue/rendezvous-listener.ts'
import { count, errorSchema, time } from './schemas.ts'

const userParams = Type.Object({ user: Type.String({ minLength: 1, maxLength: 255, description: 'Login name.' }) })
const config = { surface: 'control' } as const

const presenceSchema = Type.Object({
  state: Type.Enum(['on', 'off']),
  users: count('Users who are online.'),
  peers: count('Sockets of these users.'),
  messages: count('Messages about users who came or went, since the start.'),
  online: Type.Array(Type.Object({ name: Type.String({ description: 'Login name.' }), peers: count('Sockets.') }))
})

const userSchema = Type.Object({
  name: Type.String(),
  disabled: Type.Boolean(),
  createdAt: time('Time of the sign-up.'),
  sessions: count('Valid sessions.'),
  online: count('Open sockets.')
})

const sessionSchema = Type.Object({
  id: Type.String({ description: 'Id of the session. It is not the secret.' }),
  createdAt: time('Time of the login with the password.'),
  expiresAt: time('End of the session.'),
  origin: Type.Union([Type.String(), Type.Null()], {
    description: 'Origin of the page that logged in, or null for a program.'
  })
})

const userRoutes: FastifyPluginAsyncTypebox = async app => {
  const {
    rendezvous: { isOn, administration },
    rendezvousListener
  } = app

  app.get(
    '/api/rendezvous',
    {
      config,
      schema: {
        operationId: 'getRendezvous',
        summary: 'Show who is online at the rendezvous',
        response: { 200: presenceSchema }
      }
    },
    async () =>
      isOn
        ? { state: 'on' as const, ...administration.presence() }
        : { state: 'off' as const, users: 0, peers: 0, messages: 0, online: [] }
  )
  if (!isOn) return

  app.get(
    '/api/users',
    {
      config,
      schema: {
        operationId: 'listUsers',
        summary: 'List the accounts of the rendezvous',
        response: { 200: Type.Object({ users: Type.Array(userSchema) }) }
      }
    },
    async () => ({ users: await administration.users() })
  )

  app.post(
    '/api/users',
    {
      config,
      schema: {
        operationId: 'inviteUser',
        summary: 'Invite a user by a one-time link',
        body: Type.Object({ name: Type.Optional(Type.String({ description: 'Login name to suggest.' })) }),
        response: {
          201: Type.Object({ link: Type.String(), expiresAt: time('End of the invitation.') }),
          409: errorSchema
        }
      }
    },
    async ({ body, headers: { host } }, reply) => {
      const { token, expiresAt } = await administration.invite(body.name ?? '')
      const base = rendezvousListener.url ?? `http://${host}`
      return await reply
        .code(201)
        .send({ link: `${base}/bv/invite/#${token}`, expiresAt: new Date(expiresAt).toISOString() })
    }
  )

  app.patch(
    '/api/users/:user',
    {
      config,
      schema: {
        operationId: 'changeUser',
        summary: 'Disable a user, or enable the user again',
        params: userParams,
        body: Type.Object({ disabled: Type.Boolean() }),
        response: { 200: Type.Object({ disabled: Type.Boolean() }), 404: errorSchema }
      }
    },
    async ({ params: { user }, body: { disabled } }) => {
      await administration.setDisabled(user, disabled)
      return { disabled }
    }
  )

  app.get(
    '/api/users/:user/sessions',
    {
      config,
      schema: {
        operationId: 'listSessions',
        summary: 'List the sessions of a user',
        params: userParams,
        response: { 200: Type.Object({ sessions: Type.Array(sessionSchema) }), 404: errorSchema }
      }
    },
    async ({ params: { user } }) => ({
      sessions: (await administration.sessions(user)).map(({ createdAt, expiresAt, ...session }) => ({
        ...session,
        createdAt: new Date(createdAt).toISOString(),
        expiresAt: new Date(expiresAt).toISOString()
      }))
    })
  )

  app.delete(
    '/api/users/:user/sessions',
    {
      config,
      schema: {
        operationId: 'endSessions',
        summary: 'End one session of a user, or all',
        params: userParams,
        querystring: Type.Object({ id: Type.Optional(Type.String({ maxLength: 100 })) }),
        response: { 200: Type.Object({ ended: count('Sessions.') }), 404: errorSchema }
      }
    },
    async ({ params: { user }, query: { id } }) => ({ ended: await administration.revoke(user, id) })
  )
}

export default userRoutes
