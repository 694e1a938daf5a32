// `/api/rendezvous` and `/api/users`: the online users of the rendezvous, and its accounts.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/bonevalue/accounts/index.ts'
import type {} from '../../plugins/config.ts'
import type { Handout } from '../../plugins/bonevalue/rendezvous/index.ts'
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

const linkSchema = Type.Object({ link: Type.String(), expiresAt: time('End of the link.') })

const fileSchema = Type.Object({ file: Type.String({ description: 'Path on the machine of the proxy.' }) })

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
  const linkOf = ({ token, expiresAt }: Handout, host: string | undefined) => ({
    link: `${rendezvousListener.url ?? `http://${host}`}/bv/invite/#${token}`,
    expiresAt: new Date(expiresAt).toISOString()
  })

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
        response: { 201: linkSchema, 409: errorSchema }
      }
    },
    async ({ body, headers: { host } }, reply) =>
      await reply.code(201).send(linkOf(await administration.invite(body.name ?? ''), host))
  )

  app.post(
    '/api/users/:user/reset',
    {
      config,
      schema: {
        operationId: 'resetPassword',
        summary: 'Let a user set a new password by a one-time link',
        description: 'The link is in a file that only the user of the proxy may read. The reader deletes it.',
        params: userParams,
        response: { 201: fileSchema, 404: errorSchema }
      }
    },
    async ({ params: { user }, headers: { host } }, reply) => {
      const link = linkOf(await administration.reset(user), host)
      return await reply.code(201).send({ file: await app.accounts.handOver(JSON.stringify(link)) })
    }
  )

  app.delete(
    '/api/users/:user',
    {
      config,
      schema: {
        operationId: 'deleteUser',
        summary: 'Delete a user with everything that belongs to them',
        params: userParams,
        response: { 200: Type.Object({ deleted: Type.Literal(true) }), 404: errorSchema }
      }
    },
    async ({ params: { user } }) => {
      await administration.remove(user)
      return { deleted: true as const }
    }
  )

  app.post(
    '/api/users/demo',
    {
      config,
      schema: {
        operationId: 'addDemoUsers',
        summary: 'Make two users who trust each other, for trying',
        response: {
          201: Type.Object({ names: Type.Array(Type.String()), password: Type.String() }),
          409: errorSchema
        }
      }
    },
    async (_request, reply) => {
      const { names, password } = await administration.addDemo()
      return await reply.code(201).send({ names: [...names], password })
    }
  )

  app.post(
    '/api/accounts/backup',
    {
      config,
      schema: {
        operationId: 'backUpAccounts',
        summary: 'Copy the accounts to a file',
        description: 'An SQLite file that only the user of the proxy may read. The reader deletes it.',
        response: { 201: fileSchema }
      }
    },
    async (_request, reply) =>
      await reply.code(201).send({ file: await app.accounts.handOver(await administration.backup()) })
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
