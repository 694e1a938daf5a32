// Pages that the proxy makes: the manual, and the page at the address of a channel.
import t from 'tap'
import { buildTestApp, request } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

t.test('[R9, R11] a browser at the address of a channel gets a page that leads to the console', async t => {
  const { port, log } = await buildTestApp(t)
  const { status, headers, body } = await request(port, 'GET', '/canary-name+1', {
    ...BROWSER,
    'sec-fetch-mode': 'navigate'
  })
  t.equal(status, 200)
  t.match(headers['content-type'], /^text\/html/)
  t.match(headers['content-security-policy'], /^default-src 'none'.*frame-ancestors 'none'/)
  t.match([headers['x-content-type-options'], headers['referrer-policy']], ['nosniff', 'no-referrer'])
  t.equal(headers['cross-origin-opener-policy'], 'same-origin')
  t.equal(headers['cache-control'], 'no-store')
  t.match(body, '<a href="console#join=canary-name+1">')
  t.equal(
    (await request(port, 'GET', '/canary-name+1', BROWSER)).status,
    200,
    'from a browser that says nothing of its request'
  )
  t.match(
    (await request(port, 'GET', '/broadcast/canary-name', BROWSER)).body,
    '<a href="../console#join=canary-name">'
  )
  t.notMatch(log(), /canary/)
})

t.test('programs and scripts at the address of a channel get the error as before', async t => {
  const { port } = await buildTestApp(t)
  for (const headers of [
    {},
    { accept: '*/*' },
    { accept: 'application/json' },
    { ...BROWSER, 'sec-fetch-mode': 'cors' },
    { ...BROWSER, 'sec-fetch-mode': 'no-cors' }
  ]) {
    const { status, headers: answered, body } = await request(port, 'GET', '/room', headers)
    t.equal(status, 426)
    t.match(JSON.parse(body), { code: 'NWS_ERR_UPGRADE_REQUIRED' })
    t.equal(answered['link'], '</docs/ERRORS.md#nws_err_upgrade_required>; rel="help"')
  }
  for (const path of ['/a%3Cb%3E', '/..%2f', '/local/room'])
    t.match(JSON.parse((await request(port, 'GET', path, BROWSER)).body), { code: /^NWS_ERR_/ }, 'no page')
})

t.test('[R11] the manual is at /docs, and a channel of that name can be joined', async t => {
  const { port, ws } = await buildTestApp(t)
  const moved = await request(port, 'GET', '/docs')
  t.equal(moved.status, 302)
  const index = await request(port, 'GET', new URL(moved.headers['location']!, 'http://localhost/docs').pathname)
  t.equal(index.status, 200)
  t.match(index.headers['content-security-policy'], /^default-src 'none'/)
  t.match(index.body, '<a href="protocol/link.md">')
  t.match((await request(port, 'GET', '/docs/ERRORS.md')).body, '<tr id="nws_err_channel_full">')
  t.match((await request(port, 'GET', '/docs/protocol/link.md')).body, '<h1 id="link-protocol">')
  t.match((await request(port, 'GET', '/docs/manual.css')).headers['content-type'], /^text\/css/)
  t.match((await request(port, 'GET', '/docs/console.png')).headers['content-type'], 'image/png')
  t.match((await request(port, 'GET', '/docs/api')).body, /OpenAPI/)
  for (const path of ['/docs/none.md', '/docs/..%2fpackage.json', '/docs/project/package.json', '/docs/protocol'])
    t.equal((await request(port, 'GET', path)).status, 404, path)
  const member = await joinChannel(t, ws, 'docs')
  t.match(member.id, /^[\w-]{22}$/)
})
