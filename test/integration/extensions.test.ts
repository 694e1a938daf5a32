// Extensions: which files are loaded, what ends the start, and that their routes stand behind the guard.
import { once } from 'node:events'
import { chmodSync, chownSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { buildApp } from '../../src/app.ts'
import { buildTestApp, request, sendRaw, requestBytes, UPGRADE } from '../support/app.ts'
import { extension, plain } from '../support/extensions.ts'

/** Builds an app that is closed again whatever happens. */
async function start(extensions: string[]) {
  const app = await buildApp({ port: 0, discovery: 'off', extensions })
  await app.close()
}

t.test('[R20] an extension is loaded after the built-in plugins, named at the start and in health', async t => {
  const file = extension(t, plain("app.get('/x/count', async () => ({ open: app.channelRegistry.channels().length }))"))
  const { port, log } = await buildTestApp(t, { extensions: [file] })
  t.match((await request(port, 'GET', '/x/count')).json, { open: 0 })
  t.match((await request(port, 'GET', '/api/health')).json, { extensions: [file] })
  t.ok(log().includes(`extension loaded: ${file}`))
})

t.test('its routes stand behind the guard, and answer errors in its form', async t => {
  const file = extension(
    t,
    plain(`
    app.get('/x/default', async () => 'ok')
    app.get('/x/public', { config: { surface: 'public' } }, async () => 'ok')
    app.get('/x/teapot', async () => { throw Object.assign(new Error('I am a teapot.'), { statusCode: 418, code: 'TEAPOT' }) })
    app.get('/x/broken', async request => { throw new Error('canary ' + request.url) })
    app.get('/x/socket', { websocket: true, config: { surface: 'data' } }, socket => socket.send('hello'))`)
  )
  const { port, log } = await buildTestApp(t, { extensions: [file] })
  const other = { Origin: 'https://a.example' }
  t.equal((await request(port, 'GET', '/x/default')).status, 200)
  t.equal((await request(port, 'GET', '/x/default', other)).status, 403, 'control unless it says otherwise')
  t.equal((await request(port, 'GET', '/x/public', other)).status, 200)
  t.equal((await request(port, 'GET', '/x/public', { Host: 'evil.example' })).status, 403)
  t.match((await request(port, 'GET', '/x/teapot')).json, {
    statusCode: 418,
    code: 'TEAPOT',
    message: 'I am a teapot.'
  })
  t.match(await request(port, 'GET', '/x/broken?canary'), {
    status: 500,
    json: { code: 'NWS_ERR_INTERNAL' },
    body: /^(?!.*canary)/
  })
  t.match(log(), /"level":50.*a request failed/)
  t.notMatch(log(), /canary/)
  t.match(await sendRaw(port, requestBytes(port, 'GET', '/x/default', UPGRADE)), {
    status: 404,
    json: { code: 'NWS_ERR_UPGRADE_REFUSED' }
  })
  const socket = new WebSocket(`ws://localhost:${port}/x/socket`)
  t.equal(String((await once(socket, 'message'))[0]), 'hello')
  socket.close()
  await once(socket, 'close')
})

t.test('[R20] only files are loaded', async t => {
  for (const path of [
    'https://example.org/x.js',
    'http://localhost/x.js',
    'file:///tmp/x.js',
    'data:text/javascript,0',
    'node:fs',
    'FTP://a/b'
  ]) {
    await t.rejects(start([path]), { code: 'NWS_ERR_EXTENSION_PATH' }, path)
  }
  await t.rejects(start(['./no/such/file.js']), { code: 'NWS_ERR_EXTENSION_LOAD', message: /no\/such\/file\.js/ })
  await t.rejects(start(['fastify']), { code: 'NWS_ERR_EXTENSION_LOAD' }, 'names of packages are paths, too')
})

t.test(
  '[R20] a file that others may write is not loaded, nor one in a folder that others may write',
  { skip: process.platform === 'win32' && 'Windows has no such permissions' },
  async t => {
    const file = extension(t, plain(''))
    const folder = join(file, '..')
    await start([file])
    for (const [path, mode] of [
      [file, 0o664],
      [file, 0o646],
      [folder, 0o775],
      [folder, 0o757],
      [folder, 0o1777]
    ] as const) {
      chmodSync(path, mode)
      await t.rejects(
        start([file]),
        { code: 'NWS_ERR_EXTENSION_WRITABLE', message: new RegExp(`It is ${path}\\.$`) },
        mode.toString(8)
      )
      chmodSync(path, path === file ? 0o644 : 0o755)
    }
    const link = join(folder, 'link.mjs')
    symlinkSync(file, link)
    await start([link])
    chmodSync(file, 0o666)
    await t.rejects(start([link]), { code: 'NWS_ERR_EXTENSION_WRITABLE' }, 'by a link')
    chmodSync(file, 0o644)
  }
)

t.test(
  'others can swap neither a folder above the file, nor a link to it, nor code beside it',
  { skip: process.platform === 'win32' && 'Windows has no such permissions' },
  async t => {
    const folder = t.testdir({ above: { own: { 'a.mjs': 'export default async () => {}', 'b.mjs': '' } }, open: {} })
    const file = join(folder, 'above', 'own', 'a.mjs')
    await start([file])
    for (const [path, mode, good] of [
      [join(folder, 'above'), 0o777, 0o755],
      [folder, 0o775, 0o755],
      [join(folder, 'above', 'own', 'b.mjs'), 0o666, 0o644]
    ] as const) {
      chmodSync(path, mode)
      await t.rejects(start([file]), { code: 'NWS_ERR_EXTENSION_WRITABLE', message: new RegExp(`It is ${path}\\.$`) })
      chmodSync(path, good)
    }
    chmodSync(join(folder, 'above'), 0o1777)
    await start([file])
    const link = join(folder, 'open', 'link.mjs')
    symlinkSync(file, link)
    symlinkSync(link, join(folder, 'first.mjs'))
    await start([join(folder, 'first.mjs')])
    chmodSync(join(folder, 'open'), 0o777)
    for (const path of [link, join(folder, 'first.mjs')])
      await t.rejects(start([path]), { code: 'NWS_ERR_EXTENSION_WRITABLE' })
  }
)

t.test(
  'a file of another user is not loaded',
  { skip: process.getuid?.() !== 0 && 'needs root to give a file away' },
  async t => {
    const file = extension(t, plain(''))
    chownSync(file, 1234, 1234)
    await t.rejects(start([file]), { code: 'NWS_ERR_EXTENSION_WRITABLE', message: /belongs to another user/ })
  }
)

t.test('an extension that does not load ends the start, with its words on one line', async t => {
  for (const [name, text, words] of [
    ['a syntax error', 'export default (', /extension-\d+\.mjs/],
    ['a failing import', "import 'no-such-package'", /no-such-package/],
    ['an error on top', "throw new Error('first\\nsecond')", /first second/],
    ['no export', 'export const a = 1', /no Fastify plugin/],
    ['no function', 'export default {}', /no Fastify plugin/],
    ['a failing plugin', plain("throw new Error('not today')"), /not today/],
    [
      'a failing plugin with callback',
      "export default function (app, options, done) { done(new Error('not today')) }",
      /not today/
    ],
    ['a route that is there already', plain("app.get('/api/health', async () => 1)"), /already declared/]
  ] as const) {
    await t.rejects(start([extension(t, text)]), { code: 'NWS_ERR_EXTENSION_LOAD', message: words }, name)
  }
})

t.test('a route that would hide a channel ends the start', async t => {
  for (const [name, text] of [
    ['a plain one', "app.get('/bot', async () => 1)"],
    ['a parameter', "app.get('/bot-:id', async () => 1)"],
    ['deeper in a plugin', "app.register(async inner => { inner.get('/bot', async () => 1) })"],
    ['by a prefix', "app.register(async inner => { inner.get('/', async () => 1) }, { prefix: '/bot' })"],
    ['a WebSocket', "app.get('/bot', { websocket: true }, () => {})"]
  ] as const) {
    await t.rejects(
      start([extension(t, plain(text))]),
      { code: 'NWS_ERR_EXTENSION_ROUTE', message: /\/bot.* of / },
      name
    )
  }
  await start([
    extension(
      t,
      plain("app.post('/bot', async () => 1); app.get('/x/bot', async () => 1); app.get('/bot/*', async () => 1)")
    )
  ])
})

t.test('extensions are loaded in the given order, and see each other', async t => {
  const folder = t.testdir({
    'a.mjs':
      "const plugin = async app => { app.decorate('first', 1) }\nplugin[Symbol.for('skip-override')] = true\nexport default plugin",
    'b.mjs': plain("app.get('/x/first', async () => ({ first: app.first }))")
  })
  chmodSync(folder, 0o755)
  for (const name of ['a.mjs', 'b.mjs']) chmodSync(join(folder, name), 0o644)
  const { port } = await buildTestApp(t, { extensions: [join(folder, 'a.mjs'), join(folder, 'b.mjs')] })
  t.match((await request(port, 'GET', '/x/first')).json, { first: 1 })
})
