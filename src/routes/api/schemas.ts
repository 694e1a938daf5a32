// The schemas of the API: parameters and answers.
import { Type } from 'typebox'

export const count = (description: string) => Type.Integer({ minimum: 0, description })
export const time = (description: string) => Type.String({ format: 'date-time', description })

/** Query of routes that name a channel. */
export const scopeQuery = Type.Object({
  scope: Type.Optional(
    Type.Enum(['network', 'local'], {
      default: 'network',
      description: 'Channel of this name that is shared with the network, or that is of this machine only.'
    })
  )
})

/** Longest time a request may wait. */
const MAX_WAIT_MS = 60_000

/** Query parameter for the time that a request may wait. */
export const waitQuery = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_WAIT_MS, description }))

/** Parameters of routes that name a channel. */
export const nameParams = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255, description: 'Channel name.' })
})

/** The computer of a proxy, as people tell it from others. */
export const computerSchema = Type.Object({
  proxyWords: Type.String({ description: 'Two friendly words made from the id of the proxy.' }),
  proxyName: Type.Optional(
    Type.String({ description: 'Name of the computer, if it has one and shares a channel by a link.' })
  )
})

/** One peer. */
export const peerSchema = Type.Object({
  id: Type.String(),
  words: Type.String({ description: 'Two friendly words made from its id.' }),
  channel: Type.String({ description: 'Name of its channel, or the tag if NWS_API_SHOW_NAMES is off.' }),
  location: Type.Enum(['local', 'remote']),
  proxy: Type.String({ description: 'Id of the proxy of this peer.' }),
  ...computerSchema.properties,
  dialect: Type.String({ description: 'Its protocol: envelope, raw, numbered, events, http, extension or link.' }),
  origin: Type.Optional(Type.String({ description: 'Origin of its page. Absent for programs and remote peers.' })),
  via: Type.Optional(Type.Literal('guest', { description: 'It came by an invitation. Absent for others.' })),
  invitation: Type.Optional(Type.String({ description: 'Id of the invitation of a guest.' })),
  connectedAt: time('Time of its join.'),
  messages: count('Messages that it sent.'),
  bytes: count('Bytes of data in these messages.')
})

/** A fault for developers. */
export const faultSchema = Type.Object({
  delayMs: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10_000, description: 'Milliseconds that everything for a client waits.' })
  ),
  readBytesPerSecond: Type.Optional(
    Type.Integer({ minimum: 100, maximum: 10_000_000, description: 'Bytes that each client gets per second.' })
  ),
  cutEveryMs: Type.Optional(
    Type.Integer({ minimum: 500, maximum: 60_000, description: 'Milliseconds between two cuts of all connections.' })
  )
})

/** One channel. */
export const channelSchema = Type.Object({
  name: Type.Optional(Type.String({ description: 'Absent if NWS_API_SHOW_NAMES is off.' })),
  tag: Type.String({ description: 'Keyed hash of the name, as in logs.' }),
  scope: Type.Enum(['network', 'local']),
  peers: Type.Object({ local: count('Peers of this proxy.'), remote: count('Peers of other proxies.') }),
  openedAt: time('Time of its first join.'),
  messages: count('Messages since it was opened.'),
  bytes: count('Bytes of data in these messages.'),
  fault: Type.Optional(
    Type.Object(faultSchema.properties, { description: 'The fault for developers that is on. Absent: none.' })
  )
})

/** One channel with its peers. */
export const channelWithPeersSchema = Type.Object({
  ...channelSchema.properties,
  peers: Type.Object({ ...channelSchema.properties.peers.properties, list: Type.Array(peerSchema) })
})

const outstanding = (description: string) =>
  Type.Object(
    {
      waiting: count('Still waiting.'),
      left: count('Left before they got all messages.'),
      cut: count('Were cut off before they got all messages, by the proxy or by the network.')
    },
    { description }
  )

/** Peers and proxies that have not got all messages. */
export const deliverySchema = Type.Object({
  peers: outstanding('Peers of this proxy.'),
  proxies: outstanding('Proxies that share the channel by links. The cluster counts as one.')
})

const traffic = (description: string) => Type.Object({ in: count('Received.'), out: count('Sent.') }, { description })

/** One link to another proxy. */
export const linkSchema = Type.Object({
  proxyId: Type.String({ description: 'Id of the remote proxy.' }),
  ...computerSchema.properties,
  address: Type.String({ description: 'Address and port of the other end of its connection, or of the last one.' }),
  role: Type.Enum(['initiator', 'responder'], {
    description: 'initiator: this proxy dialled. responder: the other proxy dialled.'
  }),
  state: Type.Enum(['open', 'resuming'], {
    description: 'resuming: the connection is lost and another one is being made. Nothing is lost yet.'
  }),
  since: time('Time of the first connection.'),
  resumptions: count('How often another connection went on.'),
  channels: Type.Array(Type.String(), {
    description: 'Names of the channels that both ends have proven to share, or tags if NWS_API_SHOW_NAMES is off.'
  }),
  rttMs: Type.Optional(Type.Number({ description: 'Round-trip time of the last ping, in milliseconds.' })),
  messages: traffic('Messages of peers.'),
  bytes: traffic('Bytes on its connections.')
})

/** One other proxy of the cluster. */
export const clusterProxySchema = Type.Object({
  proxyId: Type.String({ description: 'Id of the remote proxy.' }),
  ...computerSchema.properties,
  since: time('Time of the first contact.'),
  channels: Type.Array(Type.String(), {
    description: 'Names of the channels that it shares with this proxy, or tags if NWS_API_SHOW_NAMES is off.'
  }),
  messages: Type.Object({ in: count('Received.') }, { description: 'Messages of its peers.' }),
  bytes: Type.Object({ in: count('Received.') }, { description: 'Sealed bytes from this proxy.' })
})

/** Body of every error. */
export const errorSchema = Type.Object({
  statusCode: Type.Integer(),
  code: Type.String(),
  error: Type.String(),
  message: Type.String()
})
