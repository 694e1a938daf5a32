// The descriptions of the API: they fit the standards, and the real messages of the proxy and its clients fit them.
import { readFileSync } from 'node:fs'
import specifications from '@asyncapi/specs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t from 'tap'
import { MESSAGE_ERRORS } from '../../src/routes/api/asyncapi.ts'
import { buildTestApp, request } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'

interface Message {
  readonly name: string
  readonly contentType: string
  readonly payload: object
  readonly examples?: readonly { readonly payload: unknown }[]
}

interface Sockets {
  readonly info: { readonly description: string }
  readonly servers: { readonly local: { readonly host: string; readonly pathname?: string } }
  readonly channels: { readonly channel: { readonly messages: Record<string, Message> } }
}

const getJson = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T

t.test('the description of the sockets is AsyncAPI 3', async t => {
  const { url, port } = await buildTestApp(t)
  const document = await getJson<Sockets>(`${url}/api/asyncapi.json`)
  const ajv = new Ajv({ strict: false, allErrors: false })
  addFormats.default(ajv)
  const validate = ajv.compile(
    (specifications as unknown as { schemasWithoutId: Record<string, object> }).schemasWithoutId['3.0.0']!
  )
  t.equal(validate(document), true, JSON.stringify(validate.errors))
  t.notOk(validate({ ...document, channels: { channel: { addres: 1 } } }), 'the validator finds mistakes')
  t.equal(document.servers.local.host, `localhost:${port}`)
  t.match(document.info.description, '4008 NWS_ERR_PEER_TOO_SLOW')
  t.notMatch(document.info.description, 'NWS_ERR_BV_', 'no code of other sockets')
})

t.test('what the proxy says on a socket fits its description', async t => {
  const { url } = await buildTestApp(t)
  const {
    channels: {
      channel: { messages }
    }
  } = await getJson<Sockets>(`${url}/api/asyncapi.json`)
  const ajv = new Ajv({ strict: false })
  const check = (name: string) => ajv.compile(messages[name]!.payload)
  const alice = await joinChannel(t, url, 'room')
  const bob = await joinChannel(t, url, 'room')
  const sent: Record<string, object> = {
    sendBroadcast: { action: 'broadcast', data: [1] },
    sendMessage: { action: 'message', target: bob.id, data: null },
    askStatus: { action: 'status' }
  }
  for (const [name, message] of Object.entries(sent)) {
    t.ok(check(name)(message), name)
    alice.send(message)
  }
  alice.send({ action: 'message', target: 'nobody', data: 1 })
  alice.send(Buffer.from([3, 0, 1]))
  const heard: Record<string, object> = {
    connect: await alice.nextOf('connect'),
    status: await alice.nextOf('status'),
    error: await alice.nextOf('error'),
    broadcast: await bob.nextOf('broadcast'),
    message: await bob.nextOf('message')
  }
  bob.socket.close()
  heard['disconnect'] = await alice.nextOf('disconnect')
  for (const [name, message] of Object.entries(heard)) t.ok(check(name)(message), `${name} ${JSON.stringify(message)}`)
  t.notOk(check('broadcast')({ action: 'broadcast', data: 1 }), 'a message without its source does not')
  const text = Object.entries(messages)
    .filter(([, { contentType }]) => contentType === 'application/json')
    .map(([name]) => name)
  t.strictSame(
    new Set(text),
    new Set([...Object.keys(sent), ...Object.keys(heard), 'authenticate']),
    'there are no others'
  )
})

t.test('errors that answer a message are those of the protocol page', async t => {
  const page = readFileSync(new URL('../../docs/protocol/client.md', import.meta.url), 'utf8')
  const table = page.slice(page.indexOf('## 6. Errors'), page.indexOf('## 7. '))
  const codes = Array.from(table.matchAll(/^\| `(NWS_ERR_\w+)` /gm), ([, code]) => code!)
  t.strictSame(new Set(codes), new Set(MESSAGE_ERRORS))
})

t.test('examples fit their schemas', async t => {
  const { url } = await buildTestApp(t)
  const {
    channels: {
      channel: { messages }
    }
  } = await getJson<Sockets>(`${url}/api/asyncapi.json`)
  const ajv = new Ajv({ strict: false })
  for (const [name, { payload, examples = [] }] of Object.entries(messages)) {
    for (const example of examples)
      t.ok(ajv.compile(payload)(example.payload), `${name} ${JSON.stringify(example.payload)}`)
  }
})

t.test('the descriptions are for those who may use the API, the page that shows them for all', async t => {
  const { port } = await buildTestApp(t, { apiToken: 'canary-token' })
  t.match(await request(port, 'GET', '/api/asyncapi.json'), { status: 401 })
  t.match(await request(port, 'GET', '/docs/api'), {
    status: 200,
    headers: { 'content-security-policy': /script-src 'self'/ }
  })
  t.match(await request(port, 'GET', '/docs/other.js', { Authorization: 'Bearer canary-token' }), { status: 404 })
})
