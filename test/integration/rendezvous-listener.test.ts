// The listener of the rendezvous for other machines: its addresses, its refusals, its Host list, TLS.
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { buildTestApp, request, requestBytes, sendRaw, UPGRADE } from '../support/app.ts'
import { enrol, invite, logIn, openRendezvous, useInvitation, PASSWORD } from '../support/rendezvous.ts'

const options = { bv: 'on', dataDir: ':memory:', bvListen: '127.0.0.1:0' } as const

async function buildPair(t: Test, more: Parameters<typeof buildTestApp>[1] = {}) {
  const main = await buildTestApp(t, { ...options, ...more })
  return { ...main, mainPort: main.port, port: main.app.rendezvousListener.port! }
}

t.test('serves the rendezvous, its page, the client and the pages of the user', async t => {
  const webRoot = t.testdir({
    'index.html': '<title>mine</title>',
    app: { 'index.html': 'app', 'a.js': '1' },
    '.secret': 'no',
    lib: { 'bonevalue.js': 'not this one' }
  })
  const { app, port } = await buildPair(t, { webRoot })
  t.match(await request(port, 'GET', '/'), {
    status: 200,
    body: /mine/,
    headers: { 'content-type': /html/, 'x-content-type-options': 'nosniff' }
  })
  t.match(await request(port, 'GET', '/app/'), { status: 200, body: 'app' })
  t.match(await request(port, 'GET', '/app/a.js'), { status: 200, headers: { 'content-type': /javascript/ } })
  t.match(await request(port, 'GET', '/app'), { status: 301, headers: { location: '/app/' } })
  for (const path of ['/.secret', '/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json'])
    t.ok((await request(port, 'GET', path)).status >= 400, path)
  symlinkSync('/etc/passwd', join(webRoot, 'passwd'))
  symlinkSync('/etc', join(webRoot, 'etc'))
  symlinkSync('.secret', join(webRoot, 'open'))
  symlinkSync('app', join(webRoot, 'same'))
  for (const path of ['/passwd', '/etc/passwd', '/open', '/.//app', '/.//app/', '/app//a.js'])
    t.match(await request(port, 'GET', path), { status: 404 }, `${path} leads nowhere`)
  t.match(await request(port, 'GET', '/same/a.js'), { status: 200 }, 'a link within the folder is followed')
  t.match(await request(port, 'GET', '/bv/invite/'), {
    status: 200,
    headers: { 'content-security-policy': /frame-ancestors 'none'/ }
  })
  t.match(await request(port, 'GET', '/bv/invite/icon.svg'), { status: 200, headers: { 'content-type': /svg/ } })
  t.match(await request(port, 'GET', '/favicon.ico'), { status: 204 }, 'a page without an icon is no error')
  t.match(await request(port, 'GET', '/lib/bonevalue.js'), {
    status: 200,
    body: /^(?!not this one)/,
    headers: { 'access-control-allow-origin': '*' }
  })
  t.match(await request(port, 'GET', '/scripts/BV.js'), { status: 200, headers: { 'content-type': /javascript/ } })
  t.match(await request(port, 'GET', '/bv/socket'), { status: 426, json: { code: 'NWS_ERR_BV_UPGRADE_REQUIRED' } })
  const ann = await enrol(app, 'ann')
  const here = await logIn(t, `ws://localhost:${port}`, ann)
  const root = await openRendezvous(t, `ws://localhost:${port}`, '/')
  root.send('login', ann)
  t.match(await root.next(), { type: 'login', data: { user: 'ann' } })
  t.match(await here.next(), { type: 'peerConnect', data: { name: 'Us' } }, 'it is one rendezvous')
})

t.test('[R18] every route of the main listener is 404 there, and every upgrade', async t => {
  const { app, port, mainPort, ws } = await buildPair(t)
  const routes = new Set<string>()
  for (const [, line] of app.printRoutes({ commonPrefix: false, includeHooks: false }).matchAll(/(\/\S*) \(/g))
    routes.add(line!)
  t.ok(
    [...routes].some(route => route.includes('api')),
    'the routes are found'
  )
  const own = /^\/(bv\/|scripts\/BV\.js$|lib\/|$)/
  const paths = [
    ...'api/health api/ready api/channels api/channels/webchat api/channels/webchat/events api/peers api/links api/users api/users/ann/sessions api/rendezvous api/metrics metrics api/openapi.json api/asyncapi.json console console/ console/console.js examples/ examples/bonevalue/ docs/api .well-known/nws lib/networkwebsockets.js lib/BV.js webchat local/webchat broadcast/webchat network/webchat network/webchat/1234 control/network/webchat/1234 bv/nothing'
      .split(' ')
      .map(path => `/${path}`),
    ...[...routes].filter(route => !own.test(route) && !route.includes('*'))
  ]
  for (const path of paths) {
    for (const method of ['GET', 'POST', 'DELETE'])
      t.equal((await request(port, method, path)).status, 404, `${method} ${path}`)
    t.equal((await sendRaw(port, requestBytes(port, 'GET', path, UPGRADE))).status, 404, `upgrade of ${path}`)
  }
  t.equal((await request(port, 'GET', '/')).status, 404, 'no console, and no pages without NWS_WEB_ROOT')
  t.equal((await request(mainPort, 'GET', '/api/health')).status, 200)
  t.ok(ws)
})

t.test('[R18] has a Host list of its own', async t => {
  const { port } = await buildPair(t, { allowedHosts: ['main.example'], bvHosts: ['p2p.example', 'other.example:443'] })
  for (const [host, status] of [
    [`localhost:${port}`, 200],
    [`127.0.0.1:${port}`, 200],
    ['p2p.example', 200],
    [`p2p.example:${port}`, 200],
    ['other.example:443', 200],
    ['other.example', 403],
    ['main.example', 403],
    ['evil.example', 403],
    [`10.0.0.1:${port}`, 403]
  ] as const) {
    const answer = await request(port, 'GET', '/bv/invite/', { Host: host })
    t.equal(answer.status, status, host)
    if (status === 403) t.match(answer.json, { code: 'NWS_ERR_HOST_NOT_ALLOWED', message: /NWS_BV_HOSTS/ })
  }
  t.equal((await request(port, 'GET', '/api/health', { Host: 'evil.example' })).status, 403)
})

t.test('beyond this machine it takes the address that was connected to, and no other', async t => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find(each => each !== undefined && !each.internal && each.family === 'IPv4')?.address
  const { port } = await buildPair(t, { bvListen: '0.0.0.0:0', bvInsecure: true })
  if (address === undefined) t.comment('this machine has no address but loopback')
  else {
    const answer = (host: string) =>
      sendRaw(port, `GET /bv/invite/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, address)
    t.equal((await answer(`${address}:${port}`)).status, 200)
    t.equal((await answer(`192.0.2.1:${port}`)).status, 403)
    t.equal((await answer(`name.example:${port}`)).status, 403)
    t.equal(
      (
        await sendRaw(
          port,
          `GET /api/health HTTP/1.1\r\nHost: ${address}:${port}\r\nConnection: close\r\n\r\n`,
          address
        )
      ).status,
      404,
      'not 401'
    )
  }
  t.equal((await request(port, 'GET', '/bv/invite/')).status, 200)
})

t.test('beyond this machine it needs TLS or a word', async t => {
  const start = async (settings: object) => {
    const app = await buildApp({ ...options, port: 0, discovery: 'off', ...settings })
    t.teardown(() => app.close())
    await app.ready()
  }
  await t.rejects(start({ bvListen: '0.0.0.0:0' }), { code: 'NWS_ERR_CONFIG_INSECURE' })
  await t.rejects(start({ bvListen: '192.0.2.1:0' }), { code: 'NWS_ERR_CONFIG_INSECURE' })
  await t.rejects(start({ bvListen: 'nonsense' }), { code: 'NWS_ERR_CONFIG_VALUE' })
  await t.rejects(start({ tlsCert: '/nowhere' }), { code: 'NWS_ERR_CONFIG_VALUE' }, 'no key')
  await t.rejects(start({ tlsCert: '/nowhere', tlsKey: '/nowhere' }), {
    code: 'NWS_ERR_CONFIG_VALUE',
    message: /NWS_TLS_CERT/
  })
  for (const webRoot of ['/nowhere/at/all', join(t.testdir({ file: '' }), 'file')])
    await t.rejects(start({ webRoot }), { code: 'NWS_ERR_CONFIG_VALUE', message: /NWS_WEB_ROOT/ })
  const { port } = await buildPair(t)
  await t.rejects(start({ bvListen: `127.0.0.1:${port}` }), { code: 'NWS_ERR_LISTEN', message: /NWS_BV_LISTEN/ })
  await start({ bvListen: '0.0.0.0:0', bv: 'off' })
})

t.test('an invitation of the main listener is used at the other', async t => {
  const { port, url } = await buildPair(t)
  const token = await invite(url)
  t.match(
    await useInvitation(
      `http://127.0.0.1:${port}`,
      'accept',
      { token, name: 'ann', password: PASSWORD },
      { origin: `http://localhost:${port}` }
    ),
    { status: 403 },
    'another host is another site'
  )
  t.match(
    await useInvitation(
      `http://127.0.0.1:${port}`,
      'accept',
      { token, name: 'ann', password: PASSWORD },
      { origin: `http://127.0.0.1:${port}` }
    ),
    { status: 201 }
  )
})

t.test('closing says goodbye there too', async t => {
  const { app, port } = await buildPair(t)
  const client = await logIn(t, `ws://localhost:${port}`, await enrol(app, 'ann'))
  await app.close()
  t.strictSame(await client.closed(), { code: 1001, reason: 'NWS_ERR_SHUTTING_DOWN' })
})
