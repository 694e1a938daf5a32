// `GET /api/asyncapi.json`: the sockets of channels as AsyncAPI 3, made from the rules of the code.
import type { FastifyInstance } from 'fastify'
import { OP_BROADCAST, OP_MESSAGE } from '../../core/binary-envelope.ts'
import { CHANNEL_NAME_PATTERN } from '../../core/channel-name.ts'
import { catalogue, type ErrorCode, type ErrorDefinition } from '../../core/errors.ts'
import type { Settings } from '../../core/settings.ts'
import type {} from '@fastify/swagger'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/config.ts'

const PEER_ID = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' } as const
/** Ids in examples. */
const ONE = 'Yu5sKx2mQb9dT4wEoR7vNg'
const OTHER = 'Jk3nQm0ZtB6cV1xYw8rLpA'
const ANY = { description: 'Any JSON value. Its text arrives unchanged.' } as const

function message(
  title: string,
  action: string,
  members: Readonly<Record<string, object>>,
  example: object,
  optional: readonly string[] = []
) {
  return {
    name: action,
    title,
    contentType: 'application/json',
    payload: {
      type: 'object',
      properties: { action: { const: action }, ...members },
      required: ['action', ...Object.keys(members).filter(name => !optional.includes(name))]
    },
    examples: [{ payload: { action, ...example } }]
  }
}

const binary = (title: string, id: string, description: string) => ({
  name: 'binary',
  title,
  contentType: 'application/octet-stream',
  description: `op (1 byte) | length of the id (1 byte) | id of the ${id} | payload. op ${OP_BROADCAST}: broadcast, ${OP_MESSAGE}: direct message. ${description}`,
  payload: { type: 'string', contentEncoding: 'binary' }
})

/** Messages of clients. */
const fromClient = {
  sendBroadcast: message('To all other peers', 'broadcast', { data: ANY }, { data: 'Hello, everybody' }, ['data']),
  sendMessage: message(
    'To one peer',
    'message',
    { target: PEER_ID, data: ANY },
    { target: OTHER, data: 'Hello, you' },
    ['data']
  ),
  askStatus: message('Ask for the own id', 'status', {}, {}),
  authenticate: message(
    'Prove the token, from another machine',
    'auth',
    { token: { type: 'string' } },
    { token: 'the value of NWS_API_TOKEN' }
  ),
  sendBinary: binary('Bytes to all other peers or to one', 'target', 'The target of a broadcast is empty.')
}

/** Errors that answer a message and leave the socket open. */
export const MESSAGE_ERRORS: readonly ErrorCode[] = [
  'NWS_ERR_MESSAGE_NOT_JSON',
  'NWS_ERR_MESSAGE_ACTION',
  'NWS_ERR_MESSAGE_TARGET',
  'NWS_ERR_MESSAGE_TOO_DEEP',
  'NWS_ERR_MESSAGE_RESUME',
  'NWS_ERR_MESSAGE_BINARY',
  'NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE',
  'NWS_ERR_PEER_NOT_FOUND',
  'NWS_ERR_PEER_TAKES_NO_MESSAGES',
  'NWS_ERR_RATE_LIMITED',
  'NWS_ERR_INTERNAL'
]

const number = (description: string) => ({ type: 'integer', minimum: 1, description })

/** Messages to clients. */
const toClient = {
  connect: message(
    'A peer is in the channel, or joins it',
    'connect',
    { source: PEER_ID, target: PEER_ID },
    { source: ONE, target: OTHER }
  ),
  disconnect: message(
    'A peer leaves the channel',
    'disconnect',
    { source: PEER_ID, target: PEER_ID },
    { source: ONE, target: OTHER }
  ),
  broadcast: message(
    'A broadcast of another peer',
    'broadcast',
    { source: PEER_ID, data: ANY },
    { source: OTHER, data: 'Hello, everybody' }
  ),
  message: message(
    'A direct message',
    'message',
    { source: PEER_ID, target: PEER_ID, data: ANY },
    { source: OTHER, target: ONE, data: 'Hello, you' }
  ),
  status: message('The own id', 'status', { source: PEER_ID, target: PEER_ID }, { source: ONE, target: ONE }),
  error: message(
    'Messages were refused and the socket stays open, or the proxy ends the socket',
    'error',
    {
      code: {
        type: 'string',
        description:
          'A code of this proxy, or of an extension. Before the end it is the reason of the close frame too.',
        examples: [...MESSAGE_ERRORS]
      },
      message: { type: 'string' },
      first: number('Number of the first refused message. The messages of a client are counted from 1.'),
      last: number('Number of the last refused message.'),
      missed: { type: 'integer', minimum: 0, description: 'Remote peers that missed the broadcast.' }
    },
    { code: 'NWS_ERR_PEER_NOT_FOUND', message: catalogue.NWS_ERR_PEER_NOT_FOUND.message, first: 7, last: 7 },
    ['first', 'last', 'missed']
  ),
  binary: binary('Bytes of another peer', 'source', 'Only clients that take binary get it.')
}

function closeCodes(): string {
  const rows = Object.entries<ErrorDefinition>(catalogue).flatMap(([code, { close }]) =>
    close === undefined || code.startsWith('NWS_ERR_BV_') ? [] : [`${close} ${code}`]
  )
  return `The reason of a close frame is a code: ${rows.join(', ')}. After 4000 to 4499 a client may reconnect by itself, after 4500 to 4999 it must not.`
}

/** The document. @param host name and port of the request @param prefix path before all routes */
export function describeSockets({ maxMessageBytes }: Settings, version: string, host: string, prefix: string) {
  const references = (names: readonly string[]) => names.map(name => ({ $ref: `#/channels/channel/messages/${name}` }))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Network Web Sockets: sockets of channels',
      version,
      description: `A client joins a channel by opening its name. The proxy removes the channel after the last peer has left. A message has at most ${maxMessageBytes} bytes. Pages of 2012 to 2019 have other addresses (docs/protocol/older-clients.md), and the rendezvous has its own (docs/protocol/bonevalue.md). ${closeCodes()}`,
      license: { name: 'MIT' }
    },
    defaultContentType: 'application/json',
    servers: {
      local: {
        host,
        protocol: 'ws',
        ...(prefix === '' ? {} : { pathname: prefix }),
        description: 'Reachable from this machine only, unless NWS_HOST is set.',
        security: [{ $ref: '#/components/securitySchemes/token' }]
      }
    },
    channels: {
      channel: {
        address: '/{name}',
        title: 'A channel',
        servers: [{ $ref: '#/servers/local' }],
        parameters: {
          name: {
            description: `The name, which is the only key: 1 to 255 characters, ${CHANNEL_NAME_PATTERN}.`,
            examples: ['webchat']
          }
        },
        bindings: {
          ws: {
            method: 'GET',
            query: {
              type: 'object',
              properties: {
                binary: {
                  type: 'string',
                  enum: ['1'],
                  description: '1: binary messages come as binary frames from the start, and not as text.'
                }
              }
            }
          }
        },
        messages: { ...fromClient, ...toClient }
      }
    },
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'Clients on other machines prove NWS_API_TOKEN: programs in the header, pages by the message auth, which is their first one.'
        }
      }
    },
    operations: {
      fromClients: {
        action: 'receive',
        summary: 'What clients send',
        channel: { $ref: '#/channels/channel' },
        messages: references(Object.keys(fromClient))
      },
      toClients: {
        action: 'send',
        summary: 'What clients hear',
        channel: { $ref: '#/channels/channel' },
        messages: references(Object.keys(toClient))
      }
    }
  }
}

export default async function asyncApiRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/api/asyncapi.json',
    { config: { surface: 'control' }, schema: { hide: true } },
    async ({ headers: { host = '' } }) => describeSockets(app.config, app.proxyVersion, host, app.prefix)
  )
}
