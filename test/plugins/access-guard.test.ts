// The guard's rules, as tables of requests and their results.
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { completeSettings } from '../../src/core/settings-check.ts'
import type { Settings } from '../../src/core/settings.ts'
import { createAccessGuard, type Surface } from '../../src/plugins/access-guard.ts'

const TOKEN = 'a-token-of-some-length'

interface Facts {
  host?: string | string[]
  url?: string
  remoteAddress?: string
  localPort?: number
  encrypted?: boolean
  headers?: Record<string, string>
}

/** A request as node:http would hand it over. */
function requestOf({
  host = 'localhost:9009',
  url = '/',
  remoteAddress = '127.0.0.1',
  localPort = 9009,
  encrypted,
  headers = {}
}: Facts): IncomingMessage {
  const hosts = [host].flat()
  return {
    url,
    rawHeaders: [...hosts.flatMap(value => ['hOsT', value]), ...Object.entries(headers).flat()],
    headers: { ...(hosts[0] === undefined ? {} : { host: hosts[0] }), ...headers },
    socket: { remoteAddress, localPort, encrypted }
  } as unknown as IncomingMessage
}

const guardFor = (settings: Partial<Settings> = {}) => createAccessGuard(completeSettings(settings))

const HOST = 'NWS_ERR_HOST_NOT_ALLOWED'
const CROSS = 'NWS_ERR_CROSS_SITE'
const ORIGIN = 'NWS_ERR_ORIGIN_NOT_ALLOWED'
const NO_TOKEN = 'NWS_ERR_TOKEN_REQUIRED'
const MALFORMED = 'NWS_ERR_REQUEST_MALFORMED'
const ALL = ['public', 'data', 'control', 'events'] as const

t.test('[R2] the Host comes before everything else, on every surface', async t => {
  const guard = guardFor({ apiToken: TOKEN, allowedOrigins: ['https://a.example'] })
  for (const surface of ALL) {
    const bad = { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } }
    t.equal(guard.check(requestOf({ ...bad, host: 'evil.example' }), surface), HOST, 'foreign')
    t.equal(
      guard.check(requestOf({ ...bad, host: 'evil.example', url: 'http://evil.example/' }), surface),
      HOST,
      'foreign, absolute'
    )
    t.equal(guard.check(requestOf({ ...bad, host: [] }), surface), MALFORMED, 'none')
    t.equal(guard.check(requestOf({ ...bad, host: ['localhost:9009', 'evil.example'] }), surface), MALFORMED, 'two')
    t.equal(
      guard.check(requestOf({ ...bad, host: ['localhost:9009', 'localhost:9009'] }), surface),
      MALFORMED,
      'the same twice'
    )
    t.equal(guard.check(requestOf({ ...bad, host: '' }), surface), HOST, 'empty')
  }
})

t.test('[R2] forwarded headers change nothing', async t => {
  const guard = guardFor()
  const forwarded = {
    'x-forwarded-host': 'localhost:9009',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    forwarded: 'host="localhost:9009";for=127.0.0.1',
    'x-real-ip': '127.0.0.1'
  }
  t.equal(guard.check(requestOf({ host: 'evil.example', headers: forwarded }), 'public'), HOST)
  t.equal(guard.check(requestOf({ remoteAddress: '10.0.0.2', headers: forwarded }), 'control'), NO_TOKEN)
})

t.test('the request target is a path', async t => {
  const guard = guardFor()
  for (const url of [
    'http://localhost:9009/',
    'http://evil.example/',
    'https://localhost:9009/',
    'localhost:9009',
    '*',
    '',
    '\\'
  ]) {
    t.equal(guard.check(requestOf({ url }), 'public'), MALFORMED, url)
  }
  t.equal(guard.check(requestOf({ url: '//evil.example/' }), 'public'), undefined, 'two slashes are a path')
})

t.test('[R4] control is for own pages and programs that are no browser', async t => {
  const guard = guardFor()
  for (const [name, headers, expected] of [
    ['a program', {}, undefined],
    ['an address typed in', { 'sec-fetch-site': 'none' }, undefined],
    ['own page', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:9009' }, undefined],
    ['own page of an old browser', { origin: 'http://localhost:9009' }, undefined],
    ['a page on another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }, CROSS],
    ['another port, without Origin', { 'sec-fetch-site': 'same-site' }, CROSS],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, CROSS],
    ['another site, without Origin', { 'sec-fetch-site': 'cross-site' }, CROSS],
    ['another site, old browser', { origin: 'https://evil.example' }, CROSS],
    ['own page under another own name', { origin: 'http://127.0.0.1:9009' }, CROSS],
    ['own name by TLS', { origin: 'https://localhost:9009' }, CROSS],
    ['a sandboxed page', { origin: 'null' }, CROSS],
    ['an empty Origin', { origin: '' }, CROSS],
    ['two values', { 'sec-fetch-site': 'same-origin, cross-site' }, CROSS],
    ['upper case', { 'sec-fetch-site': 'Same-Origin' }, CROSS],
    ['two origins', { origin: 'http://localhost:9009, https://evil.example' }, CROSS]
  ] as [string, Record<string, string>, string | undefined][]) {
    t.equal(guard.check(requestOf({ headers }), 'control'), expected, name)
    t.equal(guard.check(requestOf({ headers }), 'events'), expected, `${name}, events`)
  }
})

t.test('own origin follows the Host that was accepted', async t => {
  const guard = guardFor({ allowedHosts: ['proxy.lan'] })
  for (const [facts, origin, expected] of [
    [{ host: 'LOCALHOST:9009' }, 'http://localhost:9009', undefined],
    [{ host: '[::1]:9009' }, 'http://[::1]:9009', undefined],
    [{ host: 'localhost', localPort: 80 }, 'http://localhost', undefined],
    [{ host: 'localhost:9009', encrypted: true }, 'https://localhost:9009', undefined],
    [{ host: 'localhost:9009', encrypted: true }, 'http://localhost:9009', CROSS],
    [{ host: 'proxy.lan' }, 'https://proxy.lan', undefined],
    [{ host: 'proxy.lan' }, 'http://proxy.lan', undefined],
    [{ host: 'proxy.lan:81' }, 'http://proxy.lan', CROSS]
  ] as [Facts, string, string | undefined][])
    t.equal(
      guard.check(requestOf({ ...facts, headers: { origin } }), 'control'),
      expected,
      `${String(facts.host)} ${origin}`
    )
})

t.test('[R5, R19] with a token, control needs it', async t => {
  const guard = guardFor({ apiToken: TOKEN })
  for (const [authorization, expected] of [
    [undefined, NO_TOKEN],
    ['', NO_TOKEN],
    [TOKEN, NO_TOKEN],
    [`Basic ${TOKEN}`, NO_TOKEN],
    ['Bearer', NO_TOKEN],
    ['Bearer ', NO_TOKEN],
    [`Bearer ${TOKEN}x`, NO_TOKEN],
    [`Bearer ${TOKEN.slice(1)}`, NO_TOKEN],
    [`Bearer ${TOKEN.toUpperCase()}`, NO_TOKEN],
    [`Bearer ${TOKEN} ${TOKEN}`, NO_TOKEN],
    [`Bearer ${TOKEN}`, undefined],
    [`bearer  ${TOKEN}`, undefined]
  ] as const) {
    for (const surface of ['control', 'events'] as const) {
      t.equal(
        guard.check(requestOf({ headers: authorization === undefined ? {} : { authorization } }), surface),
        expected,
        `${surface} ${String(authorization)}`
      )
    }
  }
  const stolen = requestOf({ headers: { authorization: `Bearer ${TOKEN}`, origin: 'https://evil.example' } })
  t.equal(guard.check(stolen, 'control'), CROSS, 'the token does not open it to other sites')
  t.equal(guard.check(requestOf({}), 'public'), undefined)
  t.equal(guard.check(requestOf({}), 'data'), undefined, 'channels need no token on this machine')
})

t.test('[R6] a token is never taken from the URL', async t => {
  const guard = guardFor({ apiToken: TOKEN })
  for (const url of [`/?token=${TOKEN}`, `/?access_token=${TOKEN}`, `/?authorization=Bearer%20${TOKEN}`])
    t.equal(guard.check(requestOf({ url }), 'control'), NO_TOKEN)
})

t.test('channels are for every page unless origins are listed', async t => {
  const open = guardFor()
  const listed = guardFor({ allowedOrigins: ['https://a.example'] })
  for (const [headers, whenOpen, whenListed] of [
    [{}, undefined, undefined],
    [{ origin: 'https://a.example', 'sec-fetch-site': 'cross-site' }, undefined, undefined],
    [{ origin: 'https://b.example' }, undefined, ORIGIN],
    [{ origin: 'http://localhost:3000' }, undefined, ORIGIN],
    [{ origin: 'null' }, undefined, ORIGIN],
    [{ origin: 'http://localhost:9009' }, undefined, undefined],
    [{ origin: 'nonsense' }, ORIGIN, ORIGIN]
  ] as [Record<string, string>, string | undefined, string | undefined][]) {
    t.equal(open.check(requestOf({ headers }), 'data'), whenOpen, `open ${headers['origin']}`)
    t.equal(listed.check(requestOf({ headers }), 'data'), whenListed, `listed ${headers['origin']}`)
  }
})

t.test('other machines prove the token, and where there is none they reach nothing but what is public', async t => {
  const remote = { remoteAddress: '192.168.1.7', host: 'proxy.lan:9009' }
  const bearer = (token: string) => ({ ...remote, headers: { authorization: `Bearer ${token}` } })
  const withToken = guardFor({ apiToken: TOKEN, allowedHosts: ['proxy.lan'] })
  const without = guardFor({ allowedHosts: ['proxy.lan'] })
  const ask = (guard: typeof withToken, facts: Facts) =>
    guard.mustAuthenticate({ raw: requestOf(facts) } as FastifyRequest)

  t.equal(withToken.check(requestOf(remote), 'data'), undefined, 'may open a socket and prove it there')
  t.equal(ask(withToken, remote), true)
  t.equal(withToken.check(requestOf(bearer(TOKEN)), 'data'), undefined)
  t.equal(ask(withToken, bearer(TOKEN)), false)
  t.equal(withToken.check(requestOf(bearer('wrong')), 'data'), NO_TOKEN, 'a wrong token is refused at once')
  t.equal(withToken.check(requestOf(bearer(TOKEN)), 'control'), undefined)
  t.equal(without.check(requestOf(remote), 'control'), NO_TOKEN)
  t.equal(without.check(requestOf(remote), 'public'), undefined)
  t.equal(ask(without, remote), true)
  t.equal(without.checkToken('', '127.0.0.1'), NO_TOKEN, 'no token is not an empty token')
  for (const remoteAddress of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
    t.equal(ask(withToken, { remoteAddress }), false, remoteAddress)
  for (const remoteAddress of ['::ffff:10.0.0.1', 'fe80::1', ''])
    t.equal(ask(withToken, { remoteAddress }), true, remoteAddress)
})

t.test('[R1] wrong tokens of another machine have to wait, and a right one tells nothing meanwhile', async t => {
  const told: string[] = []
  const guard = createAccessGuard(completeSettings({ apiToken: TOKEN }), {}, address => told.push(address))
  const tries = (address: string, token: string, count: number) =>
    Array.from({ length: count }, () => guard.checkToken(token, address))
  t.strictSame(new Set(tries('192.168.1.7', 'wrong', 10)), new Set([NO_TOKEN]))
  t.strictSame(new Set(tries('192.168.1.7', 'wrong', 100)), new Set(['NWS_ERR_TOKEN_TRIES']))
  t.equal(guard.checkToken(TOKEN, '::ffff:192.168.1.7'), 'NWS_ERR_TOKEN_TRIES', 'the same address')
  t.strictSame(told, ['192.168.1.7'], 'one word for the log')
  t.equal(guard.checkToken(TOKEN, '192.168.1.8'), undefined, 'others do not wait')
  t.strictSame(new Set(tries('127.0.0.1', 'wrong', 100)), new Set([NO_TOKEN]), 'nor does this machine')
  t.strictSame(new Set(tries('192.168.1.9', TOKEN, 100)), new Set([undefined]), 'right tokens cost nothing')
})

t.test('[R18] the rendezvous and invitations are for this machine, but at the listener of their own', async t => {
  const remote = { remoteAddress: '192.168.1.7', host: 'proxy.lan:9009' }
  const settings = completeSettings({ apiToken: TOKEN, allowedHosts: ['proxy.lan'] })
  for (const surface of ['rendezvous', 'account'] as const) {
    const request = requestOf({ ...remote, headers: { authorization: `Bearer ${TOKEN}` } })
    t.equal(createAccessGuard(settings).check(request, surface), 'NWS_ERR_BV_OTHER_MACHINE', surface)
    t.equal(createAccessGuard(settings, { ownAddress: true }).check(request, surface), undefined, surface)
  }
})

t.test('who is trusted sees more of the health', async t => {
  const trusted = (guard: ReturnType<typeof guardFor>, headers: Record<string, string>) =>
    guard.isTrusted({ raw: requestOf({ headers }) } as FastifyRequest)
  t.equal(trusted(guardFor(), {}), true)
  t.equal(trusted(guardFor(), { origin: 'https://a.example' }), false)
  t.equal(trusted(guardFor({ apiToken: TOKEN }), {}), false)
  t.equal(trusted(guardFor({ apiToken: TOKEN }), { authorization: `Bearer ${TOKEN}` }), true)
})

t.test('a guard that closes refuses everything, foreign Hosts as before', async t => {
  const guard = guardFor()
  guard.close()
  for (const surface of ALL satisfies readonly Surface[]) {
    t.equal(guard.check(requestOf({}), surface), 'NWS_ERR_SHUTTING_DOWN')
    t.equal(guard.check(requestOf({ host: 'evil.example' }), surface), HOST)
  }
})

t.test('requests that were made up inside the process have no port and no raw headers', async t => {
  const guard = guardFor()
  t.equal(guard.check({ url: '/', headers: { host: 'localhost:80' } } as IncomingMessage, 'public'), undefined)
  t.equal(guard.check({ url: '/', headers: {} } as IncomingMessage, 'public'), MALFORMED)
})
