// `/api/invitations`: invitations of guests, and the guests who came by them.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { InvitationView } from '../../plugins/guests/index.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/crypto/index.ts'
import { count, errorSchema, time } from './schemas.ts'

const config = { surface: 'control' } as const
const idParams = Type.Object({ id: Type.String({ maxLength: 64, description: 'Id of the invitation.' }) })

const madeSchema = Type.Object({
  id: Type.String(),
  url: Type.String({ description: 'Link for guests, with the secret after its #.' }),
  urls: Type.Array(Type.String(), { description: 'The same for each private address of this computer.' }),
  expiresAt: time('End of the invitation.')
})

const invitationSchema = Type.Object({
  ...madeSchema.properties,
  channel: Type.String({ description: 'Name of the channel, or the tag if NWS_API_SHOW_NAMES is off.' }),
  page: Type.String({ description: 'Page that guests see first.' }),
  guests: Type.Object({
    now: count('Guests who are in.'),
    max: count('Places.'),
    list: Type.Array(
      Type.Object({ id: Type.String({ description: 'Peer id.' }), connectedAt: time('Time of the join.') })
    )
  })
})

const invitationRoutes: FastifyPluginAsyncTypebox = async app => {
  const { guests } = app
  const shown = ({ id, url, urls, expiresAt }: InvitationView) => ({
    id,
    url,
    urls: [...urls],
    expiresAt: new Date(expiresAt).toISOString()
  })

  app.post(
    '/api/invitations',
    {
      config,
      schema: {
        operationId: 'createInvitation',
        summary: 'Invite guests without a proxy to a channel',
        description: 'While an invitation is open, the proxy listens for guests at NWS_GUEST_PORT.',
        body: Type.Object({
          channel: Type.String({ minLength: 1, maxLength: 255, description: 'Channel name.' }),
          expiresInSeconds: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 30 * 86_400, description: 'Default: 7200.' })
          ),
          guests: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Places. Default: 8.' })),
          page: Type.Optional(
            Type.String({
              maxLength: 100,
              description:
                'start (the default), chat, whiteboard, notes, game, pubsub, webrtc, or app for your own pages.'
            })
          ),
          app: Type.Optional(
            Type.String({
              maxLength: 500,
              description:
                'Address of a server on this computer with your own pages. Default: the folder NWS_GUEST_APP.'
            })
          )
        }),
        response: { 201: madeSchema, 400: errorSchema, 409: errorSchema }
      }
    },
    async ({ body }, reply) => await reply.code(201).send(shown(await guests.invite(body)))
  )

  app.get(
    '/api/invitations',
    {
      config,
      schema: {
        operationId: 'listInvitations',
        summary: 'List the open invitations',
        response: { 200: Type.Array(invitationSchema) }
      }
    },
    async () =>
      (await guests.list()).map(view => ({
        ...shown(view),
        channel: app.config.apiShowNames ? view.channel : app.crypto.channelTag(view.channel),
        page: view.page,
        guests: {
          now: view.guests.now,
          max: view.guests.max,
          list: view.guests.list.map(({ id, connectedAt }) => ({
            id,
            connectedAt: new Date(connectedAt).toISOString()
          }))
        }
      }))
  )

  app.delete(
    '/api/invitations/:id',
    {
      config,
      schema: {
        operationId: 'closeInvitation',
        summary: 'Close an invitation and end its guests',
        params: idParams,
        response: { 200: Type.Object({ closed: Type.Literal(true) }), 404: errorSchema }
      }
    },
    async ({ params: { id } }) => {
      await guests.close(id)
      return { closed: true as const }
    }
  )

  app.delete(
    '/api/invitations/:id/guests/:peer',
    {
      config,
      schema: {
        operationId: 'removeGuest',
        summary: 'Remove one guest',
        description: 'The place of the guest is not given again.',
        params: Type.Object({
          ...idParams.properties,
          peer: Type.String({ maxLength: 64, description: 'Peer id of the guest.' })
        }),
        response: { 200: Type.Object({ removed: Type.Literal(true) }), 404: errorSchema }
      }
    },
    async ({ params: { id, peer } }) => {
      guests.remove(id, peer)
      return { removed: true as const }
    }
  )
}

export default invitationRoutes
