// The guard over real sockets: what hostile, broken and foreign requests are answered, and that nothing is left of them.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { catalogue, type ErrorCode } from '../../src/core/errors.ts'
import {
  buildTestApp,
  openSocket,
  request,
  requestBytes,
  sendRaw,
  UPGRADE,
  type RawAnswer,
  type TestApp
} from '../support/app.ts'

/** Stands in every URL and header below; must not come back, nor stand in the log. */
const CANARY = 'canary-9f3b'
const EVIL = 'evil.example'

type Headers = Record<string, string | string[] | undefined>

/** The answer to a refusal has one form, and nothing of the request in it. */
function isRefusal(t: Test, answer: RawAnswer, code: ErrorCode, name: string): void {
  t.equal(answer.status, catalogue[code].status, `${name}: status`)
  t.match(answer.json, { statusCode: catalogue[code].status, code, error: String, message: String }, `${name}: body`)
  t.strictSame(Object.keys(answer.json ?? {}), ['statusCode', 'code', 'error', 'message'], `${name}: form`)
  t.notMatch(answer.text, /canary|evil|%E4/i, `${name}: nothing of the request`)
  t.notOk(
    Object.keys(answer.headers).some(header => header.startsWith('access-control')),
    `${name}: no CORS`
  )
}

t.test('requests are refused in one form, by every part of the server that can refuse', async t => {
  const { port, log } = await buildTestApp(t, { maxMessageBytes: 200 })
  const json = { 'Content-Type': 'application/json' }
  const table: [name: string, code: ErrorCode, method: string, target: string, headers?: Headers, body?: string][] = [
    ['foreign Host', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/', { Host: EVIL }],
    ['foreign Host, health', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/api/health', { Host: EVIL }],
    ['foreign Host, well-known', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/.well-known/nws', { Host: EVIL }],
    ['foreign Host, static file', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/console/console.js', { Host: EVIL }],
    ['foreign Host, nothing there', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', `/a/${CANARY}`, { Host: EVIL }],
    ['foreign Host, bad URL', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', `/${CANARY}%E4`, { Host: EVIL }],
    ['foreign Host, long parameter', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', `/${CANARY}${'a'.repeat(800)}`, { Host: EVIL }],
    ['foreign Host, unknown method there', 'NWS_ERR_HOST_NOT_ALLOWED', 'DELETE', '/api/channels', { Host: EVIL }],
    ['foreign Host, expectation', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/', { Host: EVIL, Expect: 'nonsense' }],
    [
      'foreign Host that equals the Origin',
      'NWS_ERR_HOST_NOT_ALLOWED',
      'GET',
      '/api/channels',
      { Host: EVIL, Origin: `http://${EVIL}` }
    ],
    ['wrong port', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/', { Host: 'localhost:1' }],
    ['no port', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/', { Host: 'localhost' }],
    ['empty Host', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/', { Host: '' }],
    ['forwarded Host', 'NWS_ERR_HOST_NOT_ALLOWED', 'GET', '/', { Host: EVIL, 'X-Forwarded-Host': `localhost:${port}` }],
    ['missing Host', 'NWS_ERR_REQUEST_MALFORMED', 'GET', '/', { Host: undefined }],
    ['two Hosts', 'NWS_ERR_REQUEST_MALFORMED', 'GET', '/', { Host: [`localhost:${port}`, EVIL] }],
    ['two Hosts, foreign first', 'NWS_ERR_REQUEST_MALFORMED', 'GET', '/', { Host: [EVIL, `localhost:${port}`] }],
    ['absolute-form target, foreign', 'NWS_ERR_REQUEST_MALFORMED', 'GET', `http://${EVIL}/${CANARY}`],
    ['absolute-form target, own', 'NWS_ERR_REQUEST_MALFORMED', 'GET', `http://localhost:${port}/api/health`],
    ['asterisk-form target', 'NWS_ERR_REQUEST_MALFORMED', 'OPTIONS', '*'],
    ['bad percent-encoding', 'NWS_ERR_REQUEST_MALFORMED', 'GET', `/${CANARY}%E4`],
    ['cut percent-encoding', 'NWS_ERR_REQUEST_MALFORMED', 'GET', `/${CANARY}%`],
    ['bad percent-encoding deeper', 'NWS_ERR_REQUEST_MALFORMED', 'GET', `/api/channels/${CANARY}%ff`],
    ['long parameter', 'NWS_ERR_REQUEST_URL_TOO_LONG', 'GET', `/${CANARY}${'a'.repeat(800)}`],
    ['long parameter deeper', 'NWS_ERR_REQUEST_URL_TOO_LONG', 'GET', `/api/channels/${CANARY}${'a'.repeat(800)}`],
    ['nothing there', 'NWS_ERR_NOT_FOUND', 'GET', `/a/${CANARY}`],
    ['no file there', 'NWS_ERR_NOT_FOUND', 'GET', `/console/${CANARY}.js`],
    ['a file outside', 'NWS_ERR_NOT_FOUND', 'GET', '/console/%2e%2e/%2e%2e/package.json'],
    ['a bad name', 'NWS_ERR_CHANNEL_NAME', 'GET', `/${CANARY}%20`],
    ['another method', 'NWS_ERR_METHOD_NOT_ALLOWED', 'DELETE', `/api/channels/${CANARY}`],
    ['another method on a channel', 'NWS_ERR_METHOD_NOT_ALLOWED', 'POST', `/${CANARY}`],
    [
      'a preflight',
      'NWS_ERR_METHOD_NOT_ALLOWED',
      'OPTIONS',
      `/api/channels/${CANARY}/messages`,
      { 'Access-Control-Request-Method': 'POST' }
    ],
    ['another site', 'NWS_ERR_CROSS_SITE', 'GET', '/api/channels', { Origin: `https://${EVIL}` }],
    ['another site, nothing there', 'NWS_ERR_CROSS_SITE', 'GET', `/a/${CANARY}`, { 'Sec-Fetch-Site': 'cross-site' }],
    [
      'another site, form',
      'NWS_ERR_CROSS_SITE',
      'POST',
      `/api/channels/${CANARY}/messages`,
      { Origin: `https://${EVIL}`, 'Content-Type': 'text/plain' },
      '{"data":1}'
    ],
    ['an Origin that is none', 'NWS_ERR_ORIGIN_NOT_ALLOWED', 'GET', `/${CANARY}`, { Origin: 'nonsense' }],
    [
      'two Origins',
      'NWS_ERR_ORIGIN_NOT_ALLOWED',
      'GET',
      `/${CANARY}`,
      { Origin: ['https://a.example', 'https://b.example'] }
    ],
    [
      'text',
      'NWS_ERR_REQUEST_MEDIA_TYPE',
      'POST',
      `/api/channels/${CANARY}/messages`,
      { 'Content-Type': 'text/plain' },
      '{"data":1}'
    ],
    [
      'a form',
      'NWS_ERR_REQUEST_MEDIA_TYPE',
      'POST',
      `/api/channels/${CANARY}/messages`,
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      'data=1'
    ],
    ['no type', 'NWS_ERR_REQUEST_MEDIA_TYPE', 'POST', `/api/channels/${CANARY}/messages`, {}, '{"data":1}'],
    [
      'a bad type',
      'NWS_ERR_REQUEST_MEDIA_TYPE',
      'POST',
      `/api/channels/${CANARY}/messages`,
      { 'Content-Type': ';;' },
      '{"data":1}'
    ],
    [
      'a large body',
      'NWS_ERR_REQUEST_TOO_LARGE',
      'POST',
      `/api/channels/${CANARY}/messages`,
      json,
      `{"data":"${CANARY}${'a'.repeat(300)}"}`
    ],
    ['a bad field', 'NWS_ERR_REQUEST_INVALID', 'GET', `/api/channels/${CANARY}?scope=${CANARY}`],
    ['plain request of a channel', 'NWS_ERR_UPGRADE_REQUIRED', 'GET', `/${CANARY}`]
  ]
  for (const [name, code, method, target, headers, body] of table) {
    isRefusal(t, await request(port, method, target, headers, body), code, name)
  }
  t.match(
    (await request(port, 'GET', `/api/channels/x?scope=${CANARY}`)).json,
    { message: /Field: querystring\/scope\.$/ },
    'a bad field is named'
  )
  t.equal((await request(port, 'DELETE', '/api/channels')).headers['allow'], 'GET, HEAD')
  t.equal((await request(port, 'GET', `/${CANARY}`)).headers['upgrade'], 'websocket')
  t.equal((await request(port, 'GET', '/api/health')).status, 200, 'and it is still there')
  t.notMatch(log(), /canary|evil|%E4/i, 'nothing of it in the log, at any level')
})

t.test('what is no HTTP is answered in the same form and the connection closed', async t => {
  const { port, log } = await buildTestApp(t)
  for (const [name, code, bytes] of [
    ['noise', 'NWS_ERR_REQUEST_MALFORMED', `${CANARY}\r\n\r\n`],
    ['TLS', 'NWS_ERR_REQUEST_MALFORMED', Buffer.from('16030100c8010000c40303', 'hex')],
    ['HTTP/2', 'NWS_ERR_REQUEST_MALFORMED', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown method', 'NWS_ERR_REQUEST_MALFORMED', `BREW /${CANARY} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`],
    [
      'a blank in the target',
      'NWS_ERR_REQUEST_MALFORMED',
      `GET /${CANARY} x HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`
    ],
    ['a NUL in a header', 'NWS_ERR_REQUEST_MALFORMED', `GET / HTTP/1.1\r\nHost: local\0host:${port}\r\n\r\n`],
    [
      'a folded header',
      'NWS_ERR_REQUEST_MALFORMED',
      `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nX: a\r\n b\nbad\r\n\r\n`
    ],
    [
      'two lengths',
      'NWS_ERR_REQUEST_MALFORMED',
      `POST / HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`
    ],
    [
      'length and chunks',
      'NWS_ERR_REQUEST_MALFORMED',
      `POST / HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
    ],
    [
      'large headers',
      'NWS_ERR_REQUEST_HEADERS_TOO_LARGE',
      `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nX: ${CANARY}${'a'.repeat(20_000)}\r\n\r\n`
    ],
    [
      'many headers',
      'NWS_ERR_REQUEST_HEADERS_TOO_LARGE',
      `GET / HTTP/1.1\r\nHost: localhost:${port}\r\n${'X-Header: a\r\n'.repeat(5000)}\r\n`
    ],
    [
      'a large URL',
      'NWS_ERR_REQUEST_HEADERS_TOO_LARGE',
      `GET /${CANARY}${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`
    ],
    [
      'megabytes of headers',
      'NWS_ERR_REQUEST_HEADERS_TOO_LARGE',
      `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nX: ${'a'.repeat(2_000_000)}\r\n\r\n`
    ]
  ] as [string, ErrorCode, string | Buffer][]) {
    isRefusal(t, await sendRaw(port, bytes), code, name)
  }
  t.equal(
    (await sendRaw(port, `CONNECT ${EVIL}:443 HTTP/1.1\r\nHost: ${EVIL}:443\r\n\r\n`)).text,
    '',
    'nobody is connected through'
  )
  t.equal((await request(port, 'GET', '/api/health')).status, 200, 'and it is still there')
  t.notMatch(log(), /canary|evil/i, 'nothing of it in the log')
})

t.test('[R7] every request of a connection passes the guard', async t => {
  const { port } = await buildTestApp(t)
  const first = requestBytes(port, 'GET', '/.well-known/nws', { Connection: 'keep-alive' })
  const second = requestBytes(port, 'GET', '/.well-known/nws', { Host: EVIL })
  const { text } = await sendRaw(port, first + second)
  t.match(text, /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 403 /)
})

t.test('both addresses answer alike', async t => {
  const { port } = await buildTestApp(t)
  for (const host of ['127.0.0.1', '::1']) {
    t.equal((await sendRaw(port, requestBytes(port, 'GET', '/.well-known/nws'), host)).status, 200, host)
    isRefusal(
      t,
      await sendRaw(port, requestBytes(port, 'GET', '/', { Host: EVIL }), host),
      'NWS_ERR_HOST_NOT_ALLOWED',
      host
    )
    isRefusal(t, await sendRaw(port, requestBytes(port, 'GET', '/%E4'), host), 'NWS_ERR_REQUEST_MALFORMED', host)
    isRefusal(t, await sendRaw(port, requestBytes(port, 'GET', '/a/b', UPGRADE), host), 'NWS_ERR_UPGRADE_REFUSED', host)
    isRefusal(t, await sendRaw(port, 'noise\r\n\r\n', host), 'NWS_ERR_REQUEST_MALFORMED', host)
    isRefusal(
      t,
      await sendRaw(port, `GET / HTTP/1.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, host),
      'NWS_ERR_REQUEST_HEADERS_TOO_LARGE',
      host
    )
    t.equal(
      (await request(port, 'GET', '/api/health', { Expect: 'nonsense' })).status,
      200,
      `${host}, an expectation that nobody knows`
    )
  }
})

t.test('[R15] what takes too long to arrive is ended', async t => {
  const { port } = await buildTestApp(t, { handshakeTimeoutMs: 200 })
  for (const [name, bytes] of [
    ['nothing at all', ''],
    ['half a request line', 'GET /'],
    ['half a handshake', requestBytes(port, 'GET', '/room', UPGRADE).slice(0, -4)],
    [
      'half a body',
      requestBytes(
        port,
        'POST',
        '/api/channels/room/messages',
        { 'Content-Type': 'application/json', 'Content-Length': '100' },
        '{"da'
      )
    ]
  ] as const) {
    isRefusal(t, await sendRaw(port, bytes), 'NWS_ERR_REQUEST_TIMEOUT', name)
  }
})

t.test('a client that goes away in the middle leaves nothing behind', async t => {
  const { app, port } = await buildTestApp(t)
  const open = watchSockets(app)
  for (const bytes of [
    '',
    'GET /',
    requestBytes(port, 'GET', '/room', UPGRADE).slice(0, -4),
    requestBytes(port, 'GET', '/a/b', UPGRADE),
    'noise\r\n\r\n'
  ]) {
    for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = await openSocket(t, port)
      socket.write(bytes)
      socket[leave]()
    }
  }
  await open.none()
  t.equal((await request(port, 'GET', '/api/health')).status, 200)
})

/** Connections of a server from now on; `none` resolves when all of them are closed, also those that are yet to be accepted. */
function watchSockets(app: TestApp['app']) {
  const sockets = new Set<Socket>()
  let seen = 0
  app.server.on('connection', socket => {
    seen++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return {
    get seen() {
      return seen
    },
    none: async () => {
      while (sockets.size > 0)
        await Promise.all(Array.from(sockets, socket => new Promise(resolve => socket.once('close', resolve))))
    }
  }
}

const token = 'a-token-of-some-length'
const refusedUpgrades: [name: string, code: ErrorCode, target: string, headers: Headers][] = [
  ['foreign Host', 'NWS_ERR_HOST_NOT_ALLOWED', `/${CANARY}`, { Host: EVIL }],
  ['missing Host', 'NWS_ERR_REQUEST_MALFORMED', `/${CANARY}`, { Host: undefined }],
  ['absolute-form target', 'NWS_ERR_REQUEST_MALFORMED', `http://${EVIL}/${CANARY}`, {}],
  ['Origin that is not listed', 'NWS_ERR_ORIGIN_NOT_ALLOWED', `/${CANARY}`, { Origin: `https://${EVIL}` }],
  ['no such route', 'NWS_ERR_UPGRADE_REFUSED', `/a/${CANARY}`, { Origin: `https://${EVIL}` }],
  ['the page', 'NWS_ERR_UPGRADE_REFUSED', '/', {}],
  ['the API', 'NWS_ERR_UPGRADE_REFUSED', '/api/channels', {}],
  ['health', 'NWS_ERR_UPGRADE_REFUSED', '/api/health', {}],
  ['a channel in the API', 'NWS_ERR_UPGRADE_REFUSED', `/api/channels/${CANARY}/events`, {}],
  ['bad URL', 'NWS_ERR_REQUEST_MALFORMED', `/${CANARY}%E4`, {}],
  ['bad URL, foreign Host', 'NWS_ERR_HOST_NOT_ALLOWED', `/${CANARY}%E4`, { Host: EVIL }],
  ['long parameter', 'NWS_ERR_REQUEST_URL_TOO_LONG', `/${CANARY}${'a'.repeat(800)}`, {}],
  ['a bad name', 'NWS_ERR_CHANNEL_NAME', `/${CANARY}%20`, {}],
  ['an old version', 'NWS_ERR_REQUEST_MALFORMED', `/${CANARY}`, { 'Sec-WebSocket-Version': '8' }],
  ['no key', 'NWS_ERR_REQUEST_MALFORMED', `/${CANARY}`, { 'Sec-WebSocket-Key': undefined }],
  ['a bad key', 'NWS_ERR_REQUEST_MALFORMED', `/${CANARY}`, { 'Sec-WebSocket-Key': 'x' }],
  ['subprotocols that are no list', 'NWS_ERR_REQUEST_MALFORMED', `/${CANARY}`, { 'Sec-WebSocket-Protocol': 'a, b,' }],
  ['a subprotocol that is no token', 'NWS_ERR_REQUEST_MALFORMED', `/${CANARY}`, { 'Sec-WebSocket-Protocol': 'a b' }],
  ['a subprotocol twice', 'NWS_ERR_REQUEST_MALFORMED', `/${CANARY}`, { 'Sec-WebSocket-Protocol': 'a, b, a' }],
  ['large headers', 'NWS_ERR_REQUEST_HEADERS_TOO_LARGE', `/${CANARY}`, { X: 'a'.repeat(20_000) }]
]

t.test('a refused upgrade is an ordinary answer, before any 101, and the connection ends', async t => {
  const { port, log } = await buildTestApp(t, { apiToken: token, allowedOrigins: ['https://a.example'] })
  for (const [name, code, target, headers] of refusedUpgrades) {
    const answer = await sendRaw(port, requestBytes(port, 'GET', target, { ...UPGRADE, ...headers }))
    isRefusal(t, answer, code, name)
    t.equal(answer.headers['connection']?.toLowerCase(), 'close', name)
  }
  for (const method of ['POST', 'DELETE', 'OPTIONS']) {
    isRefusal(
      t,
      await sendRaw(port, requestBytes(port, method, `/${CANARY}`, UPGRADE)),
      'NWS_ERR_UPGRADE_REFUSED',
      method
    )
  }
  const { status, headers } = await sendRaw(port, requestBytes(port, 'HEAD', `/a/${CANARY}`, UPGRADE))
  t.match({ status, headers }, { status: 404, headers: { connection: 'close' } }, 'HEAD')
  t.notMatch(log(), /canary|evil|a-token/i, 'nothing of it in the log')
})

/** One refused upgrade by a client that reads the answer and never closes its own side. */
async function refuseOne(port: number, bytes: string): Promise<{ status: string; socket: Socket }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  let text = ''
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
  })
  socket.write(bytes)
  await once(socket, 'end')
  return { status: text.slice(9, 12), socket }
}

t.test('[R7] 1000 refused upgrades of each kind leave no socket', { timeout: 110_000 }, async t => {
  const { app, port } = await buildTestApp(t, { apiToken: token, allowedOrigins: ['https://a.example'] })
  const open = watchSockets(app)
  for (const [name, code, target, headers] of refusedUpgrades) {
    const bytes = requestBytes(port, 'GET', target, { ...UPGRADE, ...headers })
    const before = open.seen
    const answers: { status: string; socket: Socket }[] = []
    for (let batch = 0; batch < 20; batch++)
      answers.push(...(await Promise.all(Array.from({ length: 50 }, () => refuseOne(port, bytes)))))
    await open.none()
    t.equal(open.seen - before, 1000, `${name}: all were there`)
    t.ok(
      answers.every(({ status }) => status === String(catalogue[code].status)),
      `${name}: all were refused`
    )
    for (const { socket } of answers) socket.destroy()
  }
  t.equal((await request(port, 'GET', '/api/health')).status, 200)
  const closed = app.close()
  await closed
  t.notOk(app.server.listening)
})

t.test('an offer to speak HTTP/2 is no WebSocket, and no reason to fail where Node can tell', async t => {
  const { port } = await buildTestApp(t)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const canTell = major > 24 || (major === 24 && minor >= 9)
  const answer = await request(port, 'GET', '/api/health', {
    Connection: 'Upgrade, HTTP2-Settings, close',
    Upgrade: 'h2c',
    'HTTP2-Settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA'
  })
  t.match(
    answer,
    canTell ? { status: 200, json: { status: 'ok' } } : { status: 404, json: { code: 'NWS_ERR_UPGRADE_REFUSED' } }
  )
})

t.test('[R5] health says more to those who may know', async t => {
  const { port } = await buildTestApp(t, { apiToken: token })
  const brief = await request(port, 'GET', '/api/health')
  t.equal(brief.status, 200)
  t.strictSame(Object.keys(brief.json ?? {}), ['status', 'version'])
  const full = await request(port, 'GET', '/api/health', { Authorization: `Bearer ${token}` })
  t.match(full.json, {
    status: 'ok',
    version: /^\d+\.\d+\.\d+/,
    uptimeSeconds: Number,
    proxyId: /^[a-z2-7]{26}$/,
    channels: 0,
    peers: 0,
    discovery: { state: 'off' },
    mesh: { port: Number, links: 0 }
  })
  t.equal((await request(port, 'GET', '/api/channels')).status, 401)
  t.equal((await request(port, 'GET', '/api/channels')).headers['www-authenticate'], 'Bearer')
  t.equal((await request(port, 'GET', '/api/channels', { Authorization: `Bearer ${token}` })).status, 200)
  t.equal((await request(port, 'GET', `/api/channels?token=${token}`)).status, 401)
})

t.test('the well-known address is the one answer that other sites may read', async t => {
  const { port } = await buildTestApp(t)
  const other = { Origin: 'https://a.example', 'Sec-Fetch-Site': 'cross-site' }
  const answer = await request(port, 'GET', '/.well-known/nws', other)
  t.equal(answer.status, 200)
  t.equal(answer.body, '{"nws":3}')
  t.equal(answer.headers['access-control-allow-origin'], '*')
  const head = await request(port, 'HEAD', '/.well-known/nws', other)
  t.match(head, { status: 200, body: '', headers: { 'access-control-allow-origin': '*' } })
  for (const path of [
    '/',
    '/console',
    '/console/console.js',
    '/api/health',
    '/api/channels',
    '/api/openapi.json',
    '/room',
    '/a/b'
  ]) {
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await request(port, method, path, other)
      t.notOk(
        Object.keys(headers).some(name => name.startsWith('access-control')),
        `${method} ${path}`
      )
    }
  }
})
