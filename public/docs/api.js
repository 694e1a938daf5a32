// Shows the descriptions of the API and of the sockets. All text is set as text.
import { ApiError, get, useToken } from '../console/api.js'
import { byId, make, setText } from '../console/dom.js'

/** @typedef {Record<string, any>} Json */

/** A schema in a few words: `string`, `integer ≥ 0`, `"network" | "local"`. @param {Json} schema */
function wordsOf(schema) {
  const { type, enum: values, const: constant, minimum, maximum } = schema
  if (constant !== undefined) return JSON.stringify(constant)
  if (values !== undefined) return values.map((/** @type {unknown} */ value) => JSON.stringify(value)).join(' | ')
  return [
    type ?? 'any',
    minimum === undefined ? '' : `≥ ${minimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `≤ ${maximum}`
  ]
    .filter(part => part !== '')
    .join(' ')
}

/** A table of names, types and meanings. @param {[name: string, schema: Json, description: string][]} rows */
function table(rows) {
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

/** A schema as an indented sketch: each member with its type and meaning. @param {Json} schema @param {string} indent @returns {string} */
function sketch(schema, indent = '') {
  if (schema['type'] === 'object' && schema['properties'] !== undefined) {
    const required = new Set(schema['required'] ?? [])
    const members = Object.entries(schema['properties']).map(
      ([name, member]) =>
        `${indent}  ${name}${required.has(name) ? '' : '?'}: ${sketch(member, `${indent}  `)}${member.description === undefined ? '' : `   // ${member.description}`}`
    )
    return `{\n${members.join('\n')}\n${indent}}`
  }
  if (schema['type'] === 'array') return `[ ${sketch(schema['items'] ?? {}, indent)} ]`
  return wordsOf(schema)
}

/** @param {string} method @param {string} path @param {Json} operation */
function operationOf(method, path, { summary = '', description, parameters = [], requestBody, responses = {} }) {
  const body = requestBody === undefined ? undefined : Object.values(requestBody.content)[0].schema
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
            parameters.map((/** @type {Json} */ { name, in: place, schema, description: words = '' }) => [
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

/** @param {Json} document */
function showHttp({ paths }) {
  byId('http').replaceChildren(
    ...Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => operationOf(method, path, operation))
    )
  )
}

/** @param {Json} document */
function showSocket({ info, operations, channels, servers }) {
  const [server] = Object.values(servers)
  const { messages, address } = channels.channel
  setText(
    byId('socket-words'),
    `${server.protocol}://${server.host}${server.pathname ?? ''}${address}. ${info.description}`
  )
  byId('socket').replaceChildren(
    ...Object.values(operations).flatMap(({ summary, messages: references }) => [
      make('h3', {}, summary),
      ...references.map((/** @type {{ $ref: string }} */ { $ref }) => {
        const {
          name,
          title,
          payload,
          description,
          examples = []
        } = messages[/** @type {string} */ ($ref.split('/').at(-1))]
        return make(
          'details',
          { className: 'card operation' },
          make('summary', {}, make('code', {}, name), make('span', { className: 'quiet' }, title)),
          ...(description === undefined ? [] : [make('p', {}, description)]),
          make('pre', { tabIndex: 0 }, sketch(payload)),
          ...examples.map((/** @type {{ payload: unknown }} */ { payload: example }) =>
            make('pre', { tabIndex: 0 }, JSON.stringify(example))
          )
        )
      })
    ])
  )
}

async function show() {
  const state = byId('state')
  try {
    const [http, sockets] = await Promise.all([get('openapi.json'), get('asyncapi.json')])
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
  const field = /** @type {HTMLInputElement} */ (byId('token'))
  useToken(field.value)
  field.value = ''
  void show()
})
void show()
