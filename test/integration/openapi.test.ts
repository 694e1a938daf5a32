// The OpenAPI document: valid by the recommended rules of Redocly, complete, and enough for a generated client.
import { createConfig, lintDocument, BaseResolver, Source } from '@redocly/openapi-core'
import openapiTypeScript, { astToString } from 'openapi-typescript'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { buildTestApp } from '../support/app.ts'
import { rendezvousOptions } from '../support/bonevalue.ts'
import { joinChannel } from '../support/channel.ts'

interface Operation {
  readonly operationId?: string
  readonly security?: object[]
  readonly requestBody?: { readonly required?: boolean }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Record<string, { readonly schema: object }> }>
  >
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

async function fetchDocument(t: Test, options = {}): Promise<{ document: OpenApi; url: string }> {
  const { url } = await buildTestApp(t, { ...rendezvousOptions, ...options })
  const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as OpenApi
  return { document, url }
}

const operationsOf = (document: OpenApi): [string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation])
  )

t.test('the recommended rules of Redocly find nothing', async t => {
  const { document } = await fetchDocument(t)
  const { styleguide } = await createConfig({ extends: ['recommended'] })
  const lint = async (parsed: object): Promise<string[]> =>
    (
      await lintDocument({
        document: { source: new Source('openapi.json', JSON.stringify(parsed)), parsed },
        externalRefResolver: new BaseResolver(),
        config: styleguide
      })
    ).map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)
  t.strictSame(await lint(document), [])
  t.match(await lint({ ...document, servers: [] }), [/no-empty-servers/], 'and they would find something')
})

t.test('every operation has a name, its security, a success and its errors', async t => {
  const { document } = await fetchDocument(t)
  const operations = operationsOf(document)
  t.ok(operations.length >= 20)
  t.equal(new Set(operations.map(([, { operationId }]) => operationId)).size, operations.length)
  for (const [name, { responses, security, requestBody }] of operations) {
    const statuses = Object.keys(responses)
    t.ok(
      statuses.some(status => status.startsWith('2')),
      name
    )
    for (const status of ['403', '500', '503']) t.ok(statuses.includes(status), `${name} ${status}`)
    t.equal(statuses.includes('401'), security?.length !== 0, `${name}: 401 if the token may be needed`)
    if (requestBody !== undefined) {
      t.equal(requestBody.required, true, name)
      for (const status of ['400', '413', '415']) t.ok(statuses.includes(status), `${name} ${status}`)
    }
    for (const [status, { description, content = {} }] of Object.entries(responses)) {
      t.not(description, 'Default Response', `${name} ${status}`)
      if (Number(status) >= 400) t.strictSame(Object.keys(content), ['application/json'], `${name} ${status}`)
    }
  }
})

t.test('what the proxy answers is described, and fits', async t => {
  const { document, url } = await fetchDocument(t, { maxMessageBytes: 1000 })
  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  const peer = await joinChannel(t, url, 'room')
  const json = { 'content-type': 'application/json' }
  const post = (body: unknown, headers: object = json) => ({
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })
  const messages = '/api/channels/{name}/messages'
  for (const [path, request, status, address = path] of [
    ['/api/health', {}, 200],
    ['/api/ready', {}, 200],
    ['/api/channels', {}, 200],
    ['/api/channels', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['/api/channels/{name}', {}, 200, '/api/channels/room'],
    ['/api/channels/{name}', {}, 404, '/api/channels/other'],
    ['/api/channels/{name}', {}, 400, '/api/channels/room?scope=x'],
    ['/api/channels/{name}/delivery', {}, 200, '/api/channels/room/delivery?waitMs=0'],
    ['/api/channels/{name}/events', {}, 406, '/api/channels/room/events'],
    ['/api/peers', {}, 200],
    ['/api/links', {}, 200],
    ['/api/users', {}, 200],
    ['/api/users', post({}), 201],
    ['/api/rendezvous', {}, 200],
    [messages, post({ data: 1 }), 200, '/api/channels/room/messages'],
    [messages, post({ data: 1, target: peer.id }), 200, '/api/channels/room/messages'],
    [messages, post({ data: 1, target: 'x' }), 404, '/api/channels/room/messages'],
    [messages, post({}), 400, '/api/channels/room/messages'],
    [messages, post('nonsense'), 400, '/api/channels/room/messages'],
    [messages, post('x'.repeat(2000)), 413, '/api/channels/room/messages'],
    [messages, post('x', {}), 415, '/api/channels/room/messages'],
    [messages, { method: 'POST' }, 415, '/api/channels/room/messages']
  ] as [string, RequestInit, number, string?][]) {
    const answer = await fetch(url + address, request)
    t.equal(answer.status, status, `${request.method ?? 'GET'} ${address}`)
    const described = document.paths[path]![(request.method ?? 'GET').toLowerCase()]!.responses[String(status)]
    const schema = described?.content?.['application/json']?.schema
    t.ok(schema !== undefined && ajv.compile(schema)(await answer.json()), `${address} ${status} fits`)
  }
})

t.test('a client that openapi-typescript generates compiles and sends', async t => {
  const { document, url } = await fetchDocument(t)
  const types = astToString(await openapiTypeScript(document as never))
  const program = `
    import type { operations } from './schema.ts'
    type Body = operations['sendMessage']['requestBody']['content']['application/json']
    type Answer = operations['sendMessage']['responses'][200]['content']['application/json']
    type Stream = operations['listenToChannel']['responses'][200]['content']['text/event-stream']
    type Refusal = operations['sendMessage']['responses'][401]['content']['application/json']
    export const body: Body = { data: { any: ['value'] } }
    export const direct: Body = { data: 1, target: 'peer' }
    // @ts-expect-error data is required
    export const wrong: Body = { target: 'peer' }
    export const delivered = (answer: Answer): number => answer.delivered.local
    export const text = (stream: Stream, { code }: Refusal): string => stream + code
  `
  const files = new Map([
    ['/schema.ts', types],
    ['/use.ts', program]
  ])
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    types: []
  }
  const host = ts.createCompilerHost(options)
  const original = { ...host }
  Object.assign(host, {
    getSourceFile: (name: string, ...rest: [ts.ScriptTarget]) =>
      files.has(name) ? ts.createSourceFile(name, files.get(name)!, ...rest) : original.getSourceFile(name, ...rest),
    fileExists: (name: string) => files.has(name) || original.fileExists(name),
    readFile: (name: string) => files.get(name) ?? original.readFile(name)
  })
  const problems = ts.getPreEmitDiagnostics(ts.createProgram(['/use.ts'], options, host))
  t.strictSame(
    problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
    []
  )
  const peer = await joinChannel(t, url, 'room')
  const { body } = (await import(
    `data:text/javascript,${encodeURIComponent(ts.transpile(program, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }))}`
  )) as { body: object }
  await fetch(`${url}/api/channels/room/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  t.match(await peer.nextOf('broadcast'), { data: { any: ['value'] } })
})
