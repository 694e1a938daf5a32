// Why a page cannot connect, as far as Chromium lets it be known: each reason brought about and told by its code.
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { clientErrors } from '../../src/client/errors.ts'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, servePages, sharedBrowser } from '../support/browser.ts'
import { freePort } from '../support/ports.ts'

const library = readFileSync(new URL('../../public/lib/networkwebsockets.global.js', import.meta.url), 'utf8')
const PAGE = '<!doctype html><meta charset="utf-8"><title>test</title><script src="/library.js"></script>'
const files = { '/': PAGE, '/library.js': library }

/** Tries to connect and lists what happens until it is open or closed; error events by code and sentence. */
const ATTEMPT = `
  const events = []
  const socket = new NetworkWebSocket('room', { endpoint: arg })
  socket.onerror = ({ code, message }) => events.push(code + ': ' + message)
  await new Promise(resolve => {
    socket.onopen = () => { events.push('open'); socket.close(); resolve() }
    socket.onclose = ({ code }) => { events.push('close ' + code); resolve() }
  })
  return events`

const failure = (code: keyof typeof clientErrors, endpoint = 'the endpoint'): string[] => [
  `${code}: ${clientErrors[code].replace('the endpoint', endpoint)}`,
  'close 1006'
]

async function attempt(t: Test, origin: string, endpoint: string): Promise<unknown> {
  const { run } = await openPage(t, await sharedBrowser(), origin)
  return await run(ATTEMPT, endpoint)
}

/** An attempt of a page that came from another machine, as the browser sees it. */
async function attemptFromAfar(
  t: Test,
  origin: string,
  endpoint: string,
  permissions: string[] = []
): Promise<unknown> {
  const context = await (await sharedBrowser()).newContext({ permissions })
  t.teardown(() => context.close())
  await context.route(`${origin}/**`, async route => {
    const path = new URL(route.request().url()).pathname as keyof typeof files
    await route.fulfill({
      contentType: path === '/library.js' ? 'text/javascript' : 'text/html',
      body: files[path] ?? ''
    })
  })
  const page = await context.newPage()
  await page.goto(`${origin}/`)
  return await page.evaluate(`(async arg => {${ATTEMPT}})(${JSON.stringify(endpoint)})`)
}

t.test('nothing runs there', needsBrowser, async t => {
  const endpoint = `ws://localhost:${await freePort()}`
  t.strictSame(await attempt(t, await servePages(t, files), endpoint), failure('NWS_CLIENT_NOT_RUNNING', endpoint))
})

t.test('something else runs there', needsBrowser, async t => {
  const endpoint = (await servePages(t, {})).replace('http', 'ws')
  t.strictSame(await attempt(t, await servePages(t, files), endpoint), failure('NWS_CLIENT_NOT_A_PROXY', endpoint))
})

t.test('the proxy refuses the origin of the page', needsBrowser, async t => {
  const { ws } = await buildTestApp(t, { allowedOrigins: ['https://b.example'] })
  t.strictSame(await attempt(t, await servePages(t, files), ws), failure('NWS_CLIENT_REFUSED'))
})

t.test('the proxy is full, and says so itself', needsBrowser, async t => {
  const { ws } = await buildTestApp(t, { maxSocketsPerOrigin: 1 })
  const { run } = await openPage(t, await sharedBrowser(), await servePages(t, files))
  await run(
    "globalThis.first = new NetworkWebSocket('room', { endpoint: arg }); await new Promise(resolve => { first.onopen = resolve })",
    ws
  )
  const [error, close] = await run<string[]>(ATTEMPT, ws)
  t.match(error, /^NWS_ERR_TOO_MANY_SOCKETS: .*NWS_MAX_SOCKETS_PER_ORIGIN/)
  t.equal(close, 'close 1013')
})

t.test('the page forbids it to itself', needsBrowser, async t => {
  const { ws } = await buildTestApp(t)
  const origin = await servePages(t, files, { 'content-security-policy': "connect-src 'self'" })
  t.strictSame(await attempt(t, origin, ws), failure('NWS_CLIENT_CONTENT_POLICY'))
})

t.test('the page came over https and asks for ws', needsBrowser, async t => {
  t.strictSame(
    await attemptFromAfar(t, 'https://page.example', 'ws://proxy.example:9009'),
    failure('NWS_CLIENT_MIXED_CONTENT')
  )
})

t.test('the user has to permit it, and then it works', needsBrowser, async t => {
  const { ws } = await buildTestApp(t)
  // A browser without a window takes no answer for a no.
  t.strictSame(await attemptFromAfar(t, 'https://page.example', ws), failure('NWS_CLIENT_PERMISSION_DENIED'))
  t.strictSame(await attemptFromAfar(t, 'https://page.example', ws, ['local-network-access']), ['open'])
  const endpoint = `ws://localhost:${await freePort()}`
  t.strictSame(
    await attemptFromAfar(t, 'https://page.example', endpoint, ['local-network-access']),
    failure('NWS_CLIENT_NOT_RUNNING', endpoint)
  )
})

t.test('the page came over http from another machine', needsBrowser, async t => {
  const { ws } = await buildTestApp(t)
  t.strictSame(await attemptFromAfar(t, 'http://page.example', ws), failure('NWS_CLIENT_INSECURE_PAGE'))
})
