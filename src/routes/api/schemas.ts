// The shapes of the API's answers and parameters. Not validation of channel messages (core/envelope.ts).
import { Type } from 'typebox'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const time = (description: string) => Type.String({ format: 'date-time', description })

/** Query of routes that name a channel. */
export const scopeQuery = Type.Object({
  scope: Type.Optional(
    Type.Enum(['network', 'local'], {
      default: 'network',
      description: 'Which of two channels of one name: shared with the network, or of this machine only.'
    })
  )
})

/** Parameters of routes that name a channel. */
export const nameParams = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255, description: 'Channel name.' })
})

/** One peer. */
export const peerSchema = Type.Object({
  id: Type.String(),
  channel: Type.String({ description: 'Name of its channel; the tag where names are not shown.' }),
  location: Type.Enum(['local', 'remote']),
  proxy: Type.String({ description: 'Id of the proxy it is connected to.' }),
  dialect: Type.String({ description: 'How it speaks: envelope, raw, numbered, events, http, extension, link.' }),
  connectedAt: time('When it joined.')
})

/** One channel. */
export const channelSchema = Type.Object({
  name: Type.Optional(Type.String({ description: 'Absent where names are not shown.' })),
  tag: Type.String({ description: 'Keyed hash of the name, as it stands in logs.' }),
  scope: Type.Enum(['network', 'local']),
  peers: Type.Object({ local: count('Peers of this proxy.'), remote: count('Peers of other proxies.') }),
  openedAt: time('When its first peer came.'),
  messages: count('Messages since then.'),
  bytes: count('Bytes of their data.')
})

/** One channel with its peers. */
export const channelWithPeersSchema = Type.Object({
  ...channelSchema.properties,
  peers: Type.Object({ ...channelSchema.properties.peers.properties, list: Type.Array(peerSchema) })
})

const outstanding = (description: string) =>
  Type.Object(
    {
      waiting: count('Have it not yet.'),
      left: count('Went away before, of their own accord.'),
      cut: count('Were cut off before, by the proxy or by the network.')
    },
    { description }
  )

/** Who has not heard all yet. */
export const deliverySchema = Type.Object({
  peers: outstanding('Peers of this proxy.'),
  proxies: outstanding('Proxies that share the channel by links; the cluster counts as one.')
})

const traffic = (description: string) => Type.Object({ in: count('Received.'), out: count('Sent.') }, { description })

/** One link to another proxy. */
export const linkSchema = Type.Object({
  proxyId: Type.String({ description: 'Id of the remote proxy; empty until it has said hello.' }),
  address: Type.String({ description: 'Address and port of the other end.' }),
  role: Type.Enum(['initiator', 'responder'], { description: 'Whether this proxy dialled or was dialled.' }),
  state: Type.Enum(['opening', 'open']),
  since: time('When the connection was made.'),
  channels: Type.Array(Type.String(), {
    description: 'Names of the channels that both ends have proven to share; tags where names are not shown.'
  }),
  rttMs: Type.Optional(Type.Number({ description: 'Milliseconds of the last ping.' })),
  messages: traffic('Messages of peers.'),
  bytes: traffic('Bytes on the connection.')
})

/** One other proxy of the cluster. */
export const clusterProxySchema = Type.Object({
  proxyId: Type.String({ description: 'Id of the run of the remote proxy.' }),
  since: time('When it was met.'),
  channels: Type.Array(Type.String(), {
    description: 'Names of the channels that it shares with this proxy; tags where names are not shown.'
  }),
  messages: Type.Object({ in: count('Received.') }, { description: 'Messages of its peers.' }),
  bytes: Type.Object({ in: count('Received.') }, { description: 'Sealed bytes from it.' })
})

/** Body of every error. */
export const errorSchema = Type.Object({
  statusCode: Type.Integer(),
  code: Type.String(),
  error: Type.String(),
  message: Type.String()
})
