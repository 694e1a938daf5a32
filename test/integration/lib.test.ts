// /lib: the client library as pages of any site may load it, and that nothing else is open like this.
import t from 'tap'
import { buildTestApp, request, UPGRADE } from '../support/app.ts'

t.test('pages of any site may load the library', async t => {
  const { port } = await buildTestApp(t, {
    apiToken: 'a-long-enough-token',
    allowedOrigins: ['https://b.example'],
    bv: 'on',
    dataDir: ':memory:'
  })
  const fromPage = { Origin: 'https://a.example', 'Sec-Fetch-Site': 'cross-site' }
  for (const [path, type] of [
    ['/lib/networkwebsockets.js', 'text/javascript; charset=utf-8'],
    ['/lib/networkwebsockets-webrtc.js', 'text/javascript; charset=utf-8'],
    ['/lib/networkwebsockets-yjs.js', 'text/javascript; charset=utf-8'],
    ['/lib/networkwebsockets.global.js', 'text/javascript; charset=utf-8'],
    ['/lib/namedwebsockets.js', 'text/javascript; charset=utf-8'],
    ['/lib/bonevalue.js', 'text/javascript; charset=utf-8'],
    ['/scripts/BV.js', 'text/javascript; charset=utf-8']
  ] as const) {
    const { status, headers, body } = await request(port, 'GET', path, fromPage)
    t.equal(status, 200)
    t.match(headers, {
      'content-type': type,
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff'
    })
    t.ok(body.length > 1000)
    if (path === '/lib/bonevalue.js') t.ok(body.length < 40_000, 'as docs/BONEVALUE.md says')
    t.notOk(headers['access-control-allow-credentials'])
    t.equal((await request(port, 'HEAD', path, fromPage)).headers['access-control-allow-origin'], '*')
    t.equal((await request(port, 'GET', path, { 'If-None-Match': headers['etag'] })).status, 304)
  }
})

t.test('nothing else is reached through it, and nothing else is open', async t => {
  const { port } = await buildTestApp(t)
  for (const path of [
    '/lib/',
    '/lib/nothing.js',
    '/lib/..%2Fconsole%2Findex.html',
    '/lib/%2e%2e%2f%2e%2e%2fpackage.json',
    '/lib/..',
    '/lib/types',
    '/lib/.',
    '/lib/a%00.js',
    '/lib/types/index.d.ts',
    '/scripts/',
    '/scripts/bonevalue.js',
    '/scripts/..%2Fconsole%2Findex.html'
  ]) {
    const { status, headers } = await request(port, 'GET', path)
    t.ok(status === 403 || status === 404 || status === 400, `${path} ${status}`)
    t.equal(headers['access-control-allow-origin'], undefined, path)
  }
  for (const path of ['/', '/console', '/api/health', '/api/channels', '/room', '/nothing/here']) {
    t.equal((await request(port, 'GET', path)).headers['access-control-allow-origin'], undefined, path)
  }
  t.equal((await request(port, 'GET', '/lib/networkwebsockets.js', { Host: `evil.example:${port}` })).status, 403)
  t.equal((await request(port, 'POST', '/lib/networkwebsockets.js')).status, 405)
  t.equal((await request(port, 'GET', '/lib/networkwebsockets.js', UPGRADE)).status, 404)
})
