// The JSON API, publish and server-sent events over real HTTP.
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { friendlyWords } from '../../src/core/friendly-words.ts'
import { buildTestApp, request } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { statusOf } from '../support/http.ts'

async function get(address: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${address}${path}`, { headers })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>
  }
}

async function post(
  address: string,
  path: string,
  body: string,
  headers: Record<string, string> = { 'content-type': 'application/json' }
) {
  const response = await fetch(`${address}${path}`, { method: 'POST', body, headers })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

t.test('lists channels and peers', async t => {
  const { url: address, app } = await buildTestApp(t)
  t.strictSame((await get(address, '/api/channels')).body, { channels: [] })
  const a = await joinChannel(t, address, 'room')
  const b = await joinChannel(t, address, 'room')
  a.send({ action: 'broadcast', data: 'four' })
  await b.nextOf('broadcast')
  const { channels } = (await get(address, '/api/channels')).body as { channels: Record<string, unknown>[] }
  t.match(channels, [
    {
      name: 'room',
      tag: /^[0-9a-f]{8}$/,
      scope: 'network',
      peers: { local: 2, remote: 0 },
      openedAt: /^\d{4}-.*Z$/,
      messages: 1,
      bytes: 6
    }
  ])
  const { peers } = (await get(address, '/api/peers')).body as { peers: Record<string, unknown>[] }
  t.strictSame(
    peers.map(({ id }) => id),
    [a.id, b.id]
  )
  t.match(peers[0], {
    channel: 'room',
    location: 'local',
    proxy: app.crypto.proxyId.text,
    words: friendlyWords(a.id),
    proxyWords: friendlyWords(app.crypto.proxyId.text),
    dialect: 'envelope',
    connectedAt: /Z$/,
    messages: 1,
    bytes: 6
  })
  const one = await get(address, '/api/channels/room')
  t.match(one.body, { name: 'room', peers: { local: 2, remote: 0, list: [{ id: a.id }, { id: b.id }] } })
  t.match(await get(address, '/api/channels/room?scope=local'), {
    status: 404,
    body: { statusCode: 404, code: 'NWS_ERR_CHANNEL_NOT_FOUND' }
  })
  t.match(await get(address, '/api/channels/none'), { status: 404, body: { code: 'NWS_ERR_CHANNEL_NOT_FOUND' } })
  t.match(await get(address, '/api/channels/room?scope=moon'), {
    status: 400,
    body: { code: 'NWS_ERR_REQUEST_INVALID' }
  })
  t.strictSame((await get(address, '/api/links')).body, { links: [] })
})

t.test('no answer may be taken for something else than it says it is', async t => {
  const { url: address } = await buildTestApp(t)
  for (const path of [
    '/api/health',
    '/api/channels',
    '/api/metrics',
    '/api/openapi.json',
    '/.well-known/nws',
    '/docs/api',
    '/nothing/here'
  ]) {
    const response = await fetch(`${address}${path}`)
    await response.arrayBuffer()
    t.equal(response.headers.get('x-content-type-options'), 'nosniff', path)
  }
})

t.test('[R17] a computer keeps the name that the API gives it, and refuses misleading ones', async t => {
  const dataDir = join(t.testdir(), 'new')
  const put = async (url: string, body: unknown, headers = { 'content-type': 'application/json' }) => {
    const response = await fetch(`${url}/api/name`, { method: 'PUT', headers, body: JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const first = await buildTestApp(t, { dataDir })
  t.notMatch((await get(first.url, '/api/health')).body, { proxyName: String })
  const wrong = { status: 400, body: { code: 'NWS_ERR_NAME' } }
  for (const name of ['a\nb', 'a\u202eb', ' a', 'ö'.repeat(40)]) t.match(await put(first.url, { name }), wrong, name)
  t.match(await put(first.url, { name: 'x'.repeat(65) }), { status: 400 })
  t.match(await put(first.url, {}), { status: 400 })
  t.match(await put(first.url, { name: 'a' }, { 'content-type': 'text/plain' }), { status: 415 })
  t.match(await put(first.url, { name: 'Ada’s desk' }), { status: 200, body: { name: 'Ada’s desk' } })
  t.equal(statSync(join(dataDir, 'name')).mode & 0o777, 0o600)
  t.strictSame(readdirSync(dataDir), ['name'])

  const second = await buildTestApp(t, { dataDir })
  t.match((await get(second.url, '/api/health')).body, {
    proxyName: 'Ada’s desk',
    proxyWords: friendlyWords(second.app.crypto.proxyId.text)
  })
  t.match(await put(second.url, { name: '' }), { status: 200 })
  t.strictSame(readdirSync(dataDir), [])

  const named = await buildTestApp(t, { dataDir, name: 'Set' })
  t.match(await put(named.url, { name: 'Other' }), { status: 409, body: { code: 'NWS_ERR_NAME_SETTING' } })
  t.match((await get(named.url, '/api/health')).body, { proxyName: 'Set' })
  const inMemory = await buildTestApp(t, { dataDir: ':memory:' })
  t.match(await put(inMemory.url, { name: 'Brief' }), { status: 200 })
  const broken = await buildTestApp(t, { dataDir: join(t.testdir({ file: '' }), 'file') })
  t.match(await put(broken.url, { name: 'Lost' }), { status: 500, body: { code: 'NWS_ERR_NAME_NOT_KEPT' } })
})

t.test('[R9] lists tags where names are not to be shown', async t => {
  const { url: address } = await buildTestApp(t, { apiShowNames: false })
  await joinChannel(t, address, 'canary-name')
  for (const path of ['/api/channels', '/api/peers', '/api/channels/canary-name']) {
    const { status, body } = await get(address, path)
    t.equal(status, 200)
    t.notMatch(JSON.stringify(body), /canary/, path)
  }
})

t.test('describes itself', async t => {
  const { url: address } = await buildTestApp(t)
  const { body } = await get(address, '/api/openapi.json')
  t.match(body, {
    openapi: /^3\./,
    paths: {
      '/api/channels': Object,
      '/api/channels/{name}': Object,
      '/api/channels/{name}/messages': Object,
      '/api/channels/{name}/events': Object,
      '/api/channels/{name}/delivery': Object,
      '/api/peers': Object,
      '/api/links': Object,
      '/api/health': Object
    }
  })
  t.notOk(
    Object.keys(body['paths'] as object).some(path => !path.startsWith('/api/')),
    'only the API'
  )
})

t.test('a publish request is a peer for its duration', async t => {
  const { url: address } = await buildTestApp(t)
  const a = await joinChannel(t, address, 'room')
  const { status, body } = await post(address, '/api/channels/room/messages', '{"data": 1.0 }')
  t.equal(status, 200)
  t.strictSame(body['delivered'], { local: 1, remote: 0 })
  t.strictSame(await a.next(), { action: 'connect', source: a.id, target: body['peer'] })
  t.equal((await a.nextRaw()).text, `{"action":"broadcast","source":"${body['peer'] as string}","data":1.0}`)
  t.strictSame(await a.next(), { action: 'disconnect', source: a.id, target: body['peer'] })
  const direct = await post(address, '/api/channels/room/messages', JSON.stringify({ data: 'you', target: a.id }))
  t.strictSame(direct.body['delivered'], { local: 1, remote: 0 })
  t.match(await a.nextOf('message'), { target: a.id, data: 'you' })
  t.match(await post(address, '/api/channels/empty/messages?waitMs=0', '{"data":1}'), {
    status: 200,
    body: { delivered: { local: 0, remote: 0 } }
  })
})

t.test('a publish request can wait for somebody to be there', async t => {
  const { url: address, app } = await buildTestApp(t)
  const opened = new Promise<void>(resolve => app.channelRegistry.addHook('channelOpened', () => resolve()))
  const publishing = post(address, '/api/channels/room/messages?waitMs=30000', '{"data":"late"}')
  await opened
  const a = await joinChannel(t, address, 'room')
  t.match((await publishing).body, { delivered: { local: 1, remote: 0 } })
  t.match(await a.nextOf('broadcast'), { data: 'late' })
})

t.test('a publish request that is given up while it waits leaves, and sends nothing', async t => {
  const { url: address, app } = await buildTestApp(t)
  const opened = new Promise<void>(resolve => app.channelRegistry.addHook('channelOpened', () => resolve()))
  const left = new Promise<void>(resolve => app.channelRegistry.addHook('leave', () => resolve()))
  const giveUp = new AbortController()
  const publishing = fetch(new URL('/api/channels/room/messages?waitMs=60000', address), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":"late"}',
    signal: giveUp.signal
  })
  await opened
  giveUp.abort()
  await t.rejects(publishing)
  await left
  const a = await joinChannel(t, address, 'room')
  t.match(await post(address, '/api/channels/room/messages', '{"data":"next"}'), { status: 200 })
  t.match(await a.nextOf('broadcast'), { data: 'next' })
})

t.test('publish requests that wait for somebody do not take each other for him', async t => {
  const { url: address, app } = await buildTestApp(t)
  let joined = 0
  const bothThere = new Promise<void>(resolve =>
    app.channelRegistry.addHook('join', () => {
      if (++joined === 2) resolve()
    })
  )
  const publishing = ['one', 'two'].map(data =>
    post(address, '/api/channels/room/messages?waitMs=30000', JSON.stringify({ data }))
  )
  await bothThere
  const a = await joinChannel(t, address, 'room')
  for (const { body } of await Promise.all(publishing)) t.match(body, { delivered: { local: 1, remote: 0 } })
  t.strictSame(
    new Set([(await a.nextOf('broadcast'))['data'], (await a.nextOf('broadcast'))['data']]),
    new Set(['one', 'two'])
  )
})

t.test('[R12] bad publish requests', async t => {
  const { url: address } = await buildTestApp(t, { maxMessageBytes: 1000 })
  await joinChannel(t, address, 'room')
  const path = '/api/channels/room/messages'
  for (const [body, status, code] of [
    ['', 400, 'NWS_ERR_REQUEST_NOT_JSON'],
    ['[]', 400, 'NWS_ERR_REQUEST_NOT_JSON'],
    ['{"data":', 400, 'NWS_ERR_REQUEST_NOT_JSON'],
    ['{}', 400, 'NWS_ERR_MESSAGE_DATA'],
    ['{"data":1,"target":5}', 400, 'NWS_ERR_MESSAGE_TARGET'],
    ['{"data":1,"target":"nobody"}', 404, 'NWS_ERR_PEER_NOT_FOUND'],
    [`{"data":${'['.repeat(129)}${']'.repeat(129)}}`, 400, 'NWS_ERR_MESSAGE_TOO_DEEP'],
    [`{"data":"${'x'.repeat(1000)}"}`, 413, 'NWS_ERR_REQUEST_TOO_LARGE']
  ] as const)
    t.match(
      await post(address, `${path}?waitMs=0`, body),
      { status, body: { statusCode: status, code, error: String, message: String } },
      body.slice(0, 30)
    )
  t.match(await post(address, path, '{"data":1}', { 'content-type': 'text/plain' }), {
    status: 415,
    body: { code: 'NWS_ERR_REQUEST_MEDIA_TYPE' }
  })
  t.match(await post(address, path, 'data=1', { 'content-type': 'application/x-www-form-urlencoded' }), {
    status: 415,
    body: { code: 'NWS_ERR_REQUEST_MEDIA_TYPE' }
  })
  t.match(await post(address, '/api/channels/a%20b/messages', '{"data":1}'), {
    status: 404,
    body: { code: 'NWS_ERR_CHANNEL_NAME' }
  })
  t.match(await post(address, `${path}?waitMs=-1`, '{"data":1}'), {
    status: 400,
    body: { code: 'NWS_ERR_REQUEST_INVALID' }
  })
})

/** Opens an event stream and takes its events one by one. */
async function openEvents(
  t: Test,
  address: string,
  path: string,
  headers: Record<string, string> = { accept: 'text/event-stream' }
) {
  const request = httpRequest(`${address}${path}`, { headers })
  request.end()
  t.teardown(() => request.destroy())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]()
  let text = ''
  const next = async (): Promise<Record<string, unknown> | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const event = text.slice(0, end)
        text = text.slice(end + 2)
        const data = event
          .split('\n')
          .filter(line => line.startsWith('data: '))
          .map(line => line.slice(6))
          .join('\n')
        if (data !== '') return JSON.parse(data) as Record<string, unknown>
        continue
      }
      const { value, done } = (await chunks.next()) as { value: string; done?: boolean }
      if (done === true) return undefined
      text += value
    }
  }
  return { response, request, next }
}

t.test('a channel as server-sent events', async t => {
  const { url: address, app } = await buildTestApp(t)
  const a = await joinChannel(t, address, 'room')
  const { response, request, next } = await openEvents(t, address, '/api/channels/room/events')
  t.match(response.headers, { 'content-type': /^text\/event-stream/, 'cache-control': 'no-store' })
  const status = await next()
  const id = status?.['source'] as string
  t.strictSame(status, { action: 'status', source: id, target: id })
  t.strictSame(await next(), { action: 'connect', source: id, target: a.id })
  t.strictSame(await a.next(), { action: 'connect', source: a.id, target: id })
  a.send('{"action":"broadcast","data":[1,\r\n2]}')
  t.strictSame(
    await next(),
    { action: 'broadcast', source: a.id, data: [1, 2] },
    'line breaks in the text do not break the stream'
  )
  a.send({ action: 'message', target: id, data: 'you' })
  t.strictSame(await next(), { action: 'message', source: a.id, target: id, data: 'you' })
  a.send(Buffer.from([3, 0, 65]))
  t.strictSame(await next(), { action: 'broadcast', source: a.id, data: { $binary: 'QQ==' } })
  t.match(
    app.channelRegistry.peers().find(peer => peer.id === id),
    { dialect: 'events' }
  )
  request.destroy()
  t.strictSame(await a.next(), { action: 'disconnect', source: a.id, target: id })
})

t.test('[R12] an event stream must be asked for', async t => {
  const { url: address, app } = await buildTestApp(t)
  for (const accept of [
    '*/*',
    'application/json',
    'text/event-streams',
    'text/event-stream;q=0',
    'text/html, Text/Event-Stream; q=0.00'
  ]) {
    t.match(await get(address, '/api/channels/room/events', { accept }), {
      status: 406,
      body: { code: 'NWS_ERR_REQUEST_NOT_ACCEPTABLE' }
    })
  }
  for (const accept of ['text/event-stream;q=0.5', 'text/html;q=0, text/event-stream']) {
    t.match(await get(address, '/api/channels/a%20b/events', { accept }), { status: 404 }, `${accept} is taken`)
  }
  t.match(await get(address, '/api/channels/a%20b/events', { accept: 'text/event-stream' }), {
    status: 404,
    body: { code: 'NWS_ERR_CHANNEL_NAME' }
  })
  const head = await fetch(`${address}/api/channels/room/events`, {
    method: 'HEAD',
    headers: { accept: 'text/event-stream' }
  })
  t.not(head.status, 200, 'HEAD joins nothing')
  t.equal(app.channelRegistry.channels().length, 0)
})

t.test('a stalled event stream is cut off', async t => {
  const { url: address } = await buildTestApp(t, { maxQueuedBytes: 1 << 20 })
  const a = await joinChannel(t, address, 'room')
  const { response } = await openEvents(t, address, '/api/channels/room/events')
  response.pause()
  await a.nextOf('connect')
  const data = 'x'.repeat(60_000)
  for (let sent = 0; ; sent++) {
    a.send({ action: 'broadcast', data })
    if ((await a.arrived()).some(({ action }) => action === 'disconnect')) break
    t.ok(sent < 1000)
  }
  const closed = new Promise<void>(resolve => response.once('close', resolve))
  response.resume()
  await closed
  t.notOk(response.complete, 'the response ends before its end')
})

t.test('a silent event stream gets comments, but not before its join is decided', async t => {
  const { url: address, app } = await buildTestApp(t, { pingIntervalMs: 50 })
  let decide: () => void = () => {}
  const asked = new Promise<void>(resolve =>
    app.channelRegistry.addHook('join', ({ channel }) => {
      if (channel !== 'slow') return undefined
      resolve()
      return new Promise<void>(done => {
        decide = done
      })
    })
  )
  const slow = openEvents(t, address, '/api/channels/slow/events')
  await asked
  const silent = await fetch(`${address}/api/channels/room/events`, { headers: { accept: 'text/event-stream' } })
  const reader = silent.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.endsWith(':\n\n:\n\n')) text += (await reader.read()).value ?? t.fail('the stream ended')
  await reader.cancel()
  decide()
  const { response, next } = await slow
  t.match(response.headers['content-type'], /^text\/event-stream/)
  t.match(await next(), { action: 'status' })
})

t.test('the console page loads and says it runs', async t => {
  const { url: address } = await buildTestApp(t)
  for (const path of ['/', '/console']) {
    const response = await fetch(address + path)
    t.equal(response.status, 200)
    t.match(
      response.headers.get('content-security-policy'),
      /default-src 'none'.*frame-ancestors 'none'.*require-trusted-types-for 'script'/
    )
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
    t.match(await response.text(), /running/)
  }
  for (const file of ['console.js', 'console.css', 'theme.css', 'icon.svg'])
    t.equal(await statusOf(`${address}/console/${file}`), 200, file)
  t.equal(await statusOf(`${address}/console/../../package.json`), 426, 'a path that leaves the folder is another path')
  t.equal((await statusOf(`${address}/console/%2e%2e/%2e%2e/package.json`)) === 200, false)
})

t.test('the console is one page, one script and one style sheet, together at most 250 kB', async t => {
  const { url: address } = await buildTestApp(t)
  const page = await (await fetch(`${address}/console`)).text()
  const files = [...page.matchAll(/<(?:link|script|img)\b[^>]* (?:src|href)="([^"]+)"/g)].map(([, path]) => path!)
  t.strictSame([...new Set(files)], ['console/icon.svg', 'console/console.css', 'console/console.js'])
  let bytes = Buffer.byteLength(page)
  for (const file of new Set(files)) {
    bytes += (await (await fetch(`${address}/${file}`)).arrayBuffer()).byteLength
  }
  t.ok(bytes <= 250_000, `${bytes} bytes`)
})

t.test('a channel without upgrade says how to connect', async t => {
  const { url: address, port } = await buildTestApp(t)
  const response = await fetch(`${address}/secret-room`)
  t.equal(response.status, 426)
  t.equal(response.headers.get('upgrade'), 'websocket')
  const body = await response.text()
  t.match(JSON.parse(body), { statusCode: 426, code: 'NWS_ERR_UPGRADE_REQUIRED', message: /WebSocket/ })
  t.notMatch(body, /secret/)
  const method = await fetch(`${address}/secret-room`, { method: 'POST', body: 'x' })
  t.equal(method.status, 405)
  t.equal(method.headers.get('allow'), 'GET, HEAD')
  for (const path of ['/a%20b', '/a/', '/a/b', `/${'a'.repeat(256)}`])
    t.equal(await statusOf(address + path), 404, path)
  for (const target of ['/%2e%2e', '/..', '/%2E', '/a%00b', '//room'])
    t.equal((await request(port, 'GET', target)).status, 404, target)
})
