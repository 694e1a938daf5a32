// Reasons for a connection that does not come about: the library finds them and reports them. Browsers' parts are in test/browser.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { WebSocket as PlainWebSocket } from 'ws'
import { clientErrors, NetworkWebSocket } from '../../src/client/node.ts'
import { diagnose, type Platform } from '../../src/client/diagnosis.ts'
import { defaultEndpoint, isLoopbackHost } from '../../src/client/endpoint.ts'
import { buildTestApp } from '../support/app.ts'
import { queueEvents } from '../support/events.ts'
import { startFakeProxy } from '../support/fake-proxy.ts'

/** A page, as far as the diagnosis looks at it. */
function page(
  address: string,
  answers: Partial<Record<'cors' | 'no-cors', string>>,
  permissions: Record<string, string> = {}
): Platform {
  const url = new URL(address)
  return {
    location: url,
    isSecureContext: url.protocol === 'https:' || isLoopbackHost(url.hostname),
    navigator: {
      permissions: {
        query: async ({ name }: { name: string }) => {
          const state = permissions[name]
          if (state === undefined) throw new TypeError('unknown permission')
          return { state }
        }
      }
    },
    fetch: async (_url, options) => {
      const body = answers[options?.mode as 'cors']
      if (body === undefined) throw new TypeError('Failed to fetch')
      return new Response(body)
    }
  }
}

const proxy = { cors: '{"nws":3}', 'no-cors': '' }
const silence = {}
const local = 'ws://localhost:9009'

const cases: [string, string, Platform, string][] = [
  ['a proxy that refuses', local, page('http://localhost:8080', proxy), 'NWS_CLIENT_REFUSED'],
  ['another server', local, page('http://localhost:8080', { cors: '<html>' }), 'NWS_CLIENT_NOT_A_PROXY'],
  [
    'another server that no page may read',
    local,
    page('http://localhost:8080', { 'no-cors': '' }),
    'NWS_CLIENT_NOT_A_PROXY'
  ],
  ['another server with JSON', local, page('http://localhost:8080', { cors: '[]' }), 'NWS_CLIENT_NOT_A_PROXY'],
  ['another server with null', local, page('http://localhost:8080', { cors: 'null' }), 'NWS_CLIENT_NOT_A_PROXY'],
  [
    'a proxy that says why',
    local,
    page('http://localhost:8080', { cors: '{"code":"NWS_ERR_HOST_NOT_ALLOWED","message":"Words."}' }),
    'NWS_ERR_HOST_NOT_ALLOWED'
  ],
  ['nobody', local, page('http://localhost:8080', silence), 'NWS_CLIENT_NOT_RUNNING'],
  [
    'nobody, though a permission would be needed elsewhere',
    local,
    page('http://127.0.0.1:8080', silence, { 'loopback-network': 'prompt' }),
    'NWS_CLIENT_NOT_RUNNING'
  ],
  [
    'nobody, and permission',
    local,
    page('https://a.example', silence, { 'loopback-network': 'granted' }),
    'NWS_CLIENT_NOT_RUNNING'
  ],
  [
    'permission not asked for',
    local,
    page('https://a.example', silence, { 'loopback-network': 'prompt' }),
    'NWS_CLIENT_PERMISSION_NEEDED'
  ],
  [
    'permission under its old name',
    local,
    page('https://a.example', silence, { 'local-network-access': 'prompt' }),
    'NWS_CLIENT_PERMISSION_NEEDED'
  ],
  [
    'permission for the network',
    'wss://192.168.1.5:9009',
    page('https://a.example', silence, { 'loopback-network': 'granted', 'local-network': 'prompt' }),
    'NWS_CLIENT_PERMISSION_NEEDED'
  ],
  [
    'permission denied',
    local,
    page('https://a.example', silence, { 'loopback-network': 'denied' }),
    'NWS_CLIENT_PERMISSION_DENIED'
  ],
  ['a browser without such permissions', local, page('https://a.example', silence), 'NWS_CLIENT_NOT_RUNNING'],
  ['a browser without such permissions, and a proxy', local, page('https://a.example', proxy), 'NWS_CLIENT_REFUSED'],
  [
    'a page over http',
    local,
    page('http://a.example', silence, { 'loopback-network': 'denied' }),
    'NWS_CLIENT_INSECURE_PAGE'
  ],
  [
    "the proxy's own page from another machine",
    'ws://192.168.1.5:9009',
    page('http://192.168.1.5:9009', silence, { 'local-network': 'prompt' }),
    'NWS_CLIENT_NOT_RUNNING'
  ],
  ['mixed content', 'ws://192.168.1.5:9009', page('https://a.example', proxy), 'NWS_CLIENT_MIXED_CONTENT'],
  ['no platform at all', local, {}, 'NWS_CLIENT_NOT_RUNNING']
]

t.test('the reason is told from what the platform lets be known', async t => {
  for (const [name, base, platform, code] of cases) {
    const { code: found, message } = await diagnose(base, platform)
    t.equal(found, code, name)
    t.equal(
      message.replace(base, 'the endpoint'),
      clientErrors[code as keyof typeof clientErrors] ?? 'Words.',
      'its sentence'
    )
    t.equal(
      message.includes(base),
      /NOT_RUNNING|NOT_A_PROXY/.test(code),
      'it names what was tried if nothing there is a proxy'
    )
  }
})

t.test('a name is this machine by its spelling', async t => {
  for (const name of ['localhost', 'a.localhost', '127.0.0.1', '127.1.2.3', '[::1]']) t.ok(isLoopbackHost(name), name)
  for (const name of ['localhost.example', 'mylocalhost', '128.0.0.1', '127.0.0.1.example', '[::2]', ''])
    t.notOk(isLoopbackHost(name), name)
})

t.test(
  "the default endpoint is where the script came from, if that is the page's own origin and looks like a proxy",
  async t => {
    for (const [script, origin, endpoint] of [
      ['http://localhost:9010/lib/networkwebsockets.js', 'http://localhost:9010', 'http://localhost:9010'],
      ['https://a.example/nws/lib/namedwebsockets.js?v=1', 'https://a.example', 'https://a.example/nws'],
      ['http://localhost:9010/lib/networkwebsockets.js', 'http://localhost:8080', local],
      ['http://localhost:8080/assets/app.js', 'http://localhost:8080', local],
      ['http://localhost:8080/lib/deep/app.js', 'http://localhost:8080', local],
      ['file:///lib/networkwebsockets.js', 'null', local],
      ['', undefined, local]
    ] as const)
      t.equal(defaultEndpoint(script, origin), endpoint, script)
  }
)

async function failure(endpoint: string, Class?: typeof PlainWebSocket) {
  const socket = new NetworkWebSocket('room', { endpoint, WebSocket: Class as never })
  const events = queueEvents(socket, 'open', 'error', 'close')
  const error = await events.next()
  return { error, close: await events.next() }
}

t.test('nothing listens', async t => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo
  await new Promise(resolve => squatter.close(resolve))
  const { error, close } = await failure(`ws://127.0.0.1:${port}`)
  t.match(error, { type: 'error', code: 'NWS_CLIENT_NOT_RUNNING', message: /Start Network Web Sockets/ })
  t.match(close, { type: 'close', code: 1006, wasClean: false })
})

t.test('something else listens', async t => {
  const { ws } = await startFakeProxy(t, { wellKnown: null, refuses: true })
  t.match((await failure(ws)).error, { code: 'NWS_CLIENT_NOT_A_PROXY' })
})

t.test('the proxy refuses the origin, the host, or another socket', async t => {
  const { ws, port } = await buildTestApp(t, {
    allowedOrigins: ['https://b.example'],
    maxPeersPerChannel: 1,
    newChannelsPerOriginBurst: 1
  })
  const FromPage = class extends PlainWebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols ?? [], { origin: 'https://a.example' })
    }
  } as typeof PlainWebSocket
  t.match((await failure(ws, FromPage)).error, { code: 'NWS_CLIENT_REFUSED', message: /NWS_ALLOWED_ORIGINS/ })
  const WithForeignHost = class extends PlainWebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols ?? [], { headers: { host: 'a.example' } })
    }
  } as typeof PlainWebSocket
  t.match((await failure(`ws://127.0.0.1:${port}`, WithForeignHost)).error, { code: 'NWS_CLIENT_REFUSED' })
  const first = new NetworkWebSocket('room', { endpoint: ws })
  t.teardown(() => first.close())
  await queueEvents(first, 'open').next()
  const { error, close } = await failure(ws)
  t.match(error, { code: 'NWS_ERR_CHANNEL_FULL', message: /NWS_MAX_PEERS_PER_CHANNEL/ })
  t.match(close, { code: 1013, reason: 'NWS_ERR_CHANNEL_FULL', wasClean: true })
})

t.test('a platform that throws for mixed content is no reason to throw', async t => {
  const Blocking = function (): never {
    throw new DOMException('mixed content', 'SecurityError')
  }
  const socket = new NetworkWebSocket('room', { reconnect: true, WebSocket: Blocking as never })
  const events = queueEvents(socket, 'error', 'close', 'reconnecting')
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_MIXED_CONTENT' })
  t.match(await events.next(), { type: 'close', code: 1006 }, 'and is not tried again')
})
