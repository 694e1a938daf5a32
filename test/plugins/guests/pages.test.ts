// The pages of the listener for guests, and the requests that it answers.
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { request, UPGRADE } from '../../support/app.ts'
import { buildHost, joinAsGuest, openGuest, partsOf } from '../../support/guests.ts'
import { statusOf } from '../../support/http.ts'

const portOf = (url: string): number => Number(new URL(url).port)

t.test('[R22] guests get the pages of the invitation and the library, and nothing else', async t => {
  const { invite } = await buildHost(t)
  const { url } = await invite('party', { page: 'whiteboard' })
  const port = portOf(url)
  const Host = `127.0.0.1:${port}`
  const get = async (path: string) => (await request(port, 'GET', path, { Host })).status
  for (const path of [
    '/whiteboard/',
    '/whiteboard/whiteboard.js',
    '/shared/join-bar.js',
    '/console/theme.css',
    '/lib/networkwebsockets.js',
    '/lib/networkwebsockets-files.js',
    '/lib/networkwebsockets-yjs.js'
  ])
    t.equal(await get(path), 200, path)
  for (const path of [
    '/',
    '/console',
    '/console/console.js',
    '/api/health',
    '/api/peers',
    '/api/invitations',
    '/party',
    '/start/',
    '/chat/',
    '/game/',
    '/app/',
    '/examples/chat/',
    '/docs/api',
    '/.well-known/nws',
    '/whiteboard/../../package.json',
    '/whiteboard/%2e%2e/%2e%2e/%2e%2e/package.json',
    '/shared/%2e%2e/%2e%2e/console/console.js'
  ])
    t.equal(await get(path), 404, path)
  const page = await request(port, 'GET', '/whiteboard/', { Host })
  t.equal(page.headers['referrer-policy'], 'no-referrer')
  t.match(page.headers['content-security-policy'], /script-src 'self'/)
})

t.test('[R22] the start page leads to chat, whiteboard and game', async t => {
  const { invite } = await buildHost(t)
  const { url } = await invite('party')
  for (const path of ['/start/', '/start/guest.js', '/examples/shared/page.css', '/chat/', '/whiteboard/', '/game/'])
    t.equal(await statusOf(new URL(path, url), { headers: { connection: 'close' } }), 200, path)
})

t.test('[R22] other Host headers and pages of other sites are refused', async t => {
  const { invite } = await buildHost(t)
  const { url } = await invite('party')
  const port = portOf(url)
  const status = async (path: string, headers: Record<string, string>) =>
    (await request(port, 'GET', path, headers)).status
  t.equal(await status('/start/', { Host: `rebound.example:${port}` }), 403)
  t.equal(await status('/start/', { Host: `localhost:${port}` }), 403, 'no link has this name')
  t.equal(await status('/start/', { Host: '127.0.0.1:1' }), 403)
  const Host = `127.0.0.1:${port}`
  t.equal(await status('/guest?id=x', { Host, ...UPGRADE, Origin: 'http://evil.example' }), 403)
  t.equal(await status('/guest?id=x', { Host, ...UPGRADE, Origin: `http://127.0.0.1:${port + 1}` }), 403)
  t.equal(await status('/party', { Host, ...UPGRADE }), 404)
})

t.test('[R23] a folder is served without hidden names and without links that lead out', async t => {
  const folder = t.testdir({ app: { 'index.html': 'my page', '.env': 'secret', sub: { 'a.js': '1' } }, out: 'outside' })
  const app = join(folder, 'app')
  symlinkSync(join(folder, 'out'), join(app, 'link.txt'))
  symlinkSync(join(app, '.env'), join(app, 'shown.txt'))
  symlinkSync(join(app, 'sub', 'a.js'), join(app, 'inner.js'))
  mkdirSync(join(app, '.git'))
  writeFileSync(join(app, '.git', 'config'), 'secret')
  const { invite } = await buildHost(t, { guestApp: app })
  const { url } = await invite('party', { page: 'app' })
  const port = portOf(url)
  const get = async (path: string) => await request(port, 'GET', path, { Host: `127.0.0.1:${port}` })
  t.match(await get('/app/'), { status: 200, body: 'my page', headers: { 'content-type': /text\/html/ } })
  t.match(await get('/app/sub/a.js'), { status: 200, headers: { 'content-type': /javascript/ } })
  t.equal((await get('/app/inner.js')).status, 200)
  for (const path of [
    '/app/.env',
    '/app/.git/config',
    '/app/link.txt',
    '/app/shown.txt',
    '/app/%2e%2e/out',
    '/app/..%2fout',
    '/app/sub',
    '/app/sub/',
    '/app/none.html'
  ])
    t.equal((await get(path)).status, 404, path)
})

t.test('pages of a server on this machine are passed on', async t => {
  const server = createServer((incoming, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`at ${incoming.url}`)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dev/`
  const { invite } = await buildHost(t)
  const { url } = await invite('party', { page: 'app', app: base })
  const port = portOf(url)
  const get = async (path: string) => await request(port, 'GET', path, { Host: `127.0.0.1:${port}` })
  t.match(await get('/app/'), { status: 200, body: 'at /dev/' })
  t.match(await get('/app/src/a%20b.js'), { status: 200, body: 'at /dev/src/a%20b.js' })
  t.equal((await get('/app/.env')).status, 404)
  t.equal((await get('/app/x/%2e%2e/%2e%2e/other')).status, 404)
})

t.test('wrong secrets are told so, and slowed', async t => {
  const { invite } = await buildHost(t, { guestMaxConnectionsPerAddress: 64 })
  const { url, id } = await invite('party')
  const wrong = url.replace(/#.*/, `#${'A'.repeat(22)}`)
  const codes: unknown[] = []
  for (let i = 0; i < 12; i++) {
    const [error] = await once(openGuest(t, wrong, 'party'), 'error')
    codes.push((error as { code: string }).code)
  }
  t.equal(codes[0], 'NWS_ERR_GUEST_OVER', 'an id that no invitation has')
  t.equal(codes.at(-1), 'NWS_ERR_GUEST_TRIES')
  // The id of the invitation with another secret.
  const socket = new WebSocket(`${partsOf(url).endpoint.replace('http', 'ws')}/guest?id=${id}`)
  await once(socket, 'open')
  socket.send(Buffer.alloc(48))
  t.equal(String((await once(socket, 'close'))[1]), 'NWS_ERR_GUEST_TRIES', 'this address has to wait')
})

t.test('a first message without the secret, and records that fail, end the socket', async t => {
  const { invite } = await buildHost(t)
  const { url, id } = await invite('party')
  const address = `${partsOf(url).endpoint.replace('http', 'ws')}/guest?id=${id}`
  for (const [title, bytes, code] of [
    ['a tag that is wrong', Buffer.alloc(48), 'NWS_ERR_GUEST_SECRET'],
    ['too short', Buffer.alloc(5), 'NWS_ERR_GUEST_SECRET'],
    ['text', 'hello', 'NWS_ERR_GUEST_PROTOCOL']
  ] as const) {
    const socket = new WebSocket(address)
    await once(socket, 'open')
    socket.send(bytes)
    t.equal(String((await once(socket, 'close'))[1]), code, title)
  }
})

t.test('sockets of guests are limited, in all and for each address', async t => {
  const { invite } = await buildHost(t, { guestMaxConnectionsPerAddress: 2 })
  const { url } = await invite('party')
  await joinAsGuest(t, url, 'party')
  await joinAsGuest(t, url, 'party')
  const third = openGuest(t, url, 'party')
  t.match(await once(third, 'close'), [{ code: 1013, reason: 'NWS_ERR_GUEST_CONNECTIONS' }])
})

t.test('a guest that sends too fast is read more slowly, and nothing is lost', async t => {
  const { invite, ws } = await buildHost(t, { guestMessagesPerSecond: 50 })
  const { url } = await invite('party')
  const { joinChannel } = await import('../../support/channel.ts')
  const desk = await joinChannel(t, ws, 'party')
  const phone = await joinAsGuest(t, url, 'party')
  const began = performance.now()
  for (let i = 0; i < 90; i++) phone.send(String(i))
  for (let i = 0; i < 90; i++) t.equal((await desk.nextOf('broadcast')).data, String(i))
  t.ok(performance.now() - began > 500, 'a burst of 50, then 50 per second')
})
