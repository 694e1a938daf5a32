// Shows the descriptions of the API and of the sockets. All text is set as text.
import { ApiError, get, useToken } from './api.ts'
import { byId, make, setText } from './dom.ts'

/** The part of a JSON schema that the page shows. */
interface Schema {
  type?: string
  enum?: unknown[]
  const?: unknown
  minimum?: number
  maximum?: number
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
}

type Content = Record<string, { schema: Schema }>

interface Operation {
  summary?: string
  description?: string
  parameters?: { name: string; in: string; schema: Schema; description?: string }[]
  requestBody?: { content: Content }
  responses?: Record<string, { content?: Content }>
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>
}

interface AsyncApi {
  info: { description: string }
  servers: Record<string, { protocol: string; host: string; pathname?: string }>
  channels: { channel: { address: string; messages: Record<string, Message> } }
  operations: Record<string, { summary: string; messages: { $ref: string }[] }>
}

interface Message {
  name: string
  title: string
  payload: Schema
  description?: string
  examples?: { payload: unknown }[]
}

/** A schema in a few words: `string`, `integer ≥ 0`, `"network" | "local"`. */
function wordsOf(schema: Schema): string {
  const { type, enum: values, const: constant, minimum, maximum } = schema
  if (constant !== undefined) return JSON.stringify(constant)
  if (values !== undefined) return values.map(value => JSON.stringify(value)).join(' | ')
  return [
    type ?? 'any',
    minimum === undefined ? '' : `≥ ${minimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `≤ ${maximum}`
  ]
    .filter(part => part !== '')
    .join(' ')
}

/** A table of names, types and meanings. */
function table(rows: [name: string, schema: Schema, description: string][]) {
  return make(
    'table',
    {},
    make(
      'tbody',
      {},
      ...rows.map(([name, schema, description]) =>
        make(
          'tr',
          {},
          make('th', { scope: 'row' }, make('code', {}, name)),
          make('td', {}, wordsOf(schema)),
          make('td', {}, description)
        )
      )
    )
  )
}

/** A schema as an indented sketch: each member with its type and meaning. */
function sketch(schema: Schema, indent = ''): string {
  const { type, properties, required = [], items = {} } = schema
  if (type === 'object' && properties !== undefined) {
    const members = Object.entries(properties).map(
      ([name, member]) =>
        `${indent}  ${name}${required.includes(name) ? '' : '?'}: ${sketch(member, `${indent}  `)}${member.description === undefined ? '' : `   // ${member.description}`}`
    )
    return `{\n${members.join('\n')}\n${indent}}`
  }
  if (type === 'array') return `[ ${sketch(items, indent)} ]`
  return wordsOf(schema)
}

function operationOf(
  method: string,
  path: string,
  { summary = '', description, parameters = [], requestBody, responses = {} }: Operation
) {
  const body = requestBody === undefined ? undefined : Object.values(requestBody.content)[0]?.schema
  const answers = Object.entries(responses).flatMap(([status, response]) =>
    Object.entries(response.content ?? {}).flatMap(([type, { schema }]) => [
      make('h3', {}, `${status} ${type}`),
      make('pre', { tabIndex: 0 }, sketch(schema))
    ])
  )
  return make(
    'details',
    { className: 'card operation' },
    make(
      'summary',
      {},
      make('span', { className: 'method' }, method.toUpperCase()),
      make('code', {}, path),
      make('span', { className: 'quiet' }, summary)
    ),
    ...(description === undefined ? [] : [make('p', {}, description)]),
    ...(parameters.length === 0
      ? []
      : [
          make('h3', {}, 'Parameters'),
          table(
            parameters.map(({ name, in: place, schema, description: words = '' }) => [
              `${name} (${place})`,
              schema,
              words
            ])
          )
        ]),
    ...(body === undefined ? [] : [make('h3', {}, 'Body'), make('pre', { tabIndex: 0 }, sketch(body))]),
    ...answers
  )
}

function showHttp({ paths }: OpenApi): void {
  byId('http').replaceChildren(
    ...Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => operationOf(method, path, operation))
    )
  )
}

function showSocket({ info, operations, channels, servers }: AsyncApi): void {
  const [server] = Object.values(servers)
  const { messages, address } = channels.channel
  setText(
    byId('socket-words'),
    `${server?.protocol}://${server?.host}${server?.pathname ?? ''}${address}. ${info.description}`
  )
  byId('socket').replaceChildren(
    ...Object.values(operations).flatMap(({ summary, messages: references }) => [
      make('h3', {}, summary),
      ...references.map(({ $ref }) => {
        const { name, title, payload, description, examples = [] } = messages[$ref.split('/').at(-1) ?? '']!
        return make(
          'details',
          { className: 'card operation' },
          make('summary', {}, make('code', {}, name), make('span', { className: 'quiet' }, title)),
          ...(description === undefined ? [] : [make('p', {}, description)]),
          make('pre', { tabIndex: 0 }, sketch(payload)),
          ...examples.map(({ payload: example }) => make('pre', { tabIndex: 0 }, JSON.stringify(example)))
        )
      })
    ])
  )
}

async function show() {
  const state = byId('state')
  try {
    const [http, sockets] = await Promise.all([get<OpenApi>('openapi.json'), get<AsyncApi>('asyncapi.json')])
    showHttp(http)
    showSocket(sockets)
    byId('token-form').hidden = true
    state.hidden = true
  } catch (error) {
    byId('token-form').hidden = !(error instanceof ApiError && error.code === 'NWS_ERR_TOKEN_REQUIRED')
    setText(state, error instanceof Error ? error.message : String(error))
  }
}

byId('token-form').addEventListener('submit', event => {
  event.preventDefault()
  const field = byId('token') as HTMLInputElement
  useToken(field.value)
  field.value = ''
  void show()
})
void show()
