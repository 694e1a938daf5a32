// How the example pages are served: under the policy of all pages, whole folders of them, and not at all when that is
// switched off. Their work is in test/browser/examples-*.test.ts.
import t from 'tap'
import { buildTestApp, request } from '../support/app.ts'

t.test('[R11] pages, what they load, and nothing else', async t => {
  const { port } = await buildTestApp(t)
  for (const [path, type] of [
    ['/examples/', 'text/html'],
    ['/examples/chat/', 'text/html'],
    ['/examples/chat/chat.js', '/javascript'],
    ['/examples/chat/README.md', 'text/plain']
  ] as const) {
    const { status, headers } = await request(port, 'GET', path)
    t.equal(status, 200, path)
    t.match(headers['content-type'], type, path)
    t.match(
      headers['content-security-policy'],
      /default-src 'none'.*frame-ancestors 'none'.*require-trusted-types-for 'script'/,
      path
    )
    t.equal(headers['x-content-type-options'], 'nosniff', path)
  }
  t.match(await request(port, 'GET', '/examples/chat'), { status: 302, headers: { location: 'chat/' } })
  t.equal((await request(port, 'GET', '/examples')).status, 426, 'a channel may have that name')
  for (const path of [
    '/examples/nothing',
    '/examples/nothing/',
    '/examples/%2e%2e/%2e%2e/package.json',
    '/examples/chat/%2e%2e/%2e%2e/%2e%2e/package.json'
  ]) {
    t.not((await request(port, 'GET', path.replace(/nothing$/, 'nothing.js'))).status, 200, path)
  }
})

t.test('[R11] NWS_EXAMPLES=off removes them', async t => {
  const { port } = await buildTestApp(t, { examples: 'off' })
  for (const path of ['/examples/', '/examples/chat/', '/examples/chat/chat.js'])
    t.match(await request(port, 'GET', path), { status: 404, json: { code: 'NWS_ERR_NOT_FOUND' } }, path)
  t.equal((await request(port, 'GET', '/console')).status, 200)
})
