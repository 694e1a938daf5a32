// Parts of an extension in place of those of the rendezvous, and the example of docs/EXTENDING.md as it stands there.
import { randomBytes, scryptSync } from 'node:crypto'
import { chmodSync, readFileSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { enrol, exchangeToken, invite, logIn, openRendezvous, PASSWORD, useInvitation } from '../support/rendezvous.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const options = { bv: 'on', dataDir: ':memory:' } as const

t.test('the company of the document logs in and talks without tokens', async t => {
  const [, code] = /```js file=company\.mjs\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/EXTENDING.md'), 'utf8'))!
  const folder = t.testdir({ 'company.mjs': code! })
  const line = (name: string, password: string): string => {
    const salt = randomBytes(16)
    return `${name}:${salt.toString('hex')}:${scryptSync(password, salt, 32).toString('hex')}\n`
  }
  writeFileSync(join(folder, 'users.txt'), line('ann', PASSWORD) + line('bob', PASSWORD))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(join(root, 'node_modules/fastify-plugin'), join(folder, 'node_modules/fastify-plugin'))
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'company.mjs'), 0o644)
  process.env['NWS_X_COMPANY_USERS'] = join(folder, 'users.txt')
  t.teardown(() => {
    delete process.env['NWS_X_COMPANY_USERS']
  })

  const { ws, app } = await buildTestApp(t, { ...options, extensions: [join(folder, 'company.mjs')] })
  const ann = await logIn(t, ws, 'Ann')
  t.match(ann.welcome, [{ data: { user: 'ann' } }, {}, {}, { data: [] }, { data: [] }])
  const bob = await logIn(t, ws, 'bob')
  t.strictSame(
    bob.welcome.slice(3).map(({ data }) => data as unknown),
    [['ann'], [{ name: 'ann', id: ann.id }]]
  )
  t.strictSame(
    [await ann.next(), await ann.next()],
    [
      { type: 'userAdd', data: 'bob' },
      { type: 'peerConnect', data: { name: 'bob', id: bob.id } }
    ]
  )
  ann.send('peerRequest', { to: bob.id, spd: { type: 'offer', sdp: '' } })
  t.match(await bob.next(), { type: 'peerRequest', data: { from: ann.id } })
  for (const [user, password] of [
    ['ann', 'wrong'],
    ['carl', PASSWORD]
  ]) {
    const client = await openRendezvous(t, ws)
    client.send('login', { user, password })
    t.match(await client.next(), { type: 'error', data: { code: 'NWS_ERR_BV_LOGIN' } })
  }
  t.throws(() => app.rendezvous.use({}), { code: 'NWS_ERR_BV_STARTED' })
  await logIn(t, ws, { session: ann.session })

  // A token still gives an alias, under which the others are known from then on.
  await exchangeToken(ann, bob, { ofClaimer: 'Bobby', ofIssuer: 'Annie' })
  const types = (await ann.arrived())
    .filter(({ data }) => data === 'bob' || data === 'Bobby' || data.name === 'Bobby')
    .map(({ type }) => type)
  t.strictSame(types, ['userRemove', 'userAdd', 'peerConnect'])
})

t.test('a rule may keep apart even those who trust each other, from one message to the next', async t => {
  let open = true
  const { app, ws } = await buildTestApp(t, {
    ...options,
    rendezvous: { mayTalk: (_a, _b, trusted) => trusted && open }
  })
  const ann = await logIn(t, ws, await enrol(app, 'ann'))
  const bob = await logIn(t, ws, await enrol(app, 'bob'))
  await exchangeToken(ann, bob, { ofClaimer: 'Bob', ofIssuer: 'Ann' })
  await bob.arrived()
  ann.send('peerCandidate', { to: bob.id, candidate: null })
  t.match(await bob.next(), { type: 'peerCandidate' })
  open = false
  ann.send('peerCandidate', { to: bob.id, candidate: null })
  t.match(await ann.nextOf('error'), { data: { code: 'NWS_ERR_BV_NO_PEER' } })
})

t.test('an extension sees who signs up, may refuse, and may keep the password itself', async t => {
  const seen: unknown[] = []
  const kept = new Map<string, string>()
  const { url, ws } = await buildTestApp(t, {
    ...options,
    rendezvous: {
      register: async ({ name, password, invitation }) => {
        seen.push([name, invitation])
        if (name.endsWith('@evil.example')) throw Object.assign(new Error('Not you.'), { code: 'NOT_YOU' })
        kept.set(name, password)
        return true
      },
      authenticate: async ({ name, password }) => (kept.get(name) === password ? name : undefined)
    }
  })
  const token = await invite(url, 'ann')
  t.match(await useInvitation(url, 'accept', { token, name: 'x@evil.example', password: PASSWORD }), {
    status: 403,
    body: { code: 'NOT_YOU', message: 'Not you.' }
  })
  t.match(await useInvitation(url, 'accept', { token, name: 'ann', password: PASSWORD }), { status: 201 })
  t.match(seen, [
    ['x@evil.example', { suggestion: 'ann' }],
    ['ann', {}]
  ])
  await logIn(t, ws, 'ann')
})

t.test("a store of one's own is used for everything, and closed in the end", async t => {
  const inner = await buildTestApp(t, options)
  const store = await inner.app.rendezvous.service.store()
  const calls: string[] = []
  const watched = new Proxy(store, {
    get: (target, name) => {
      const value = target[name as keyof typeof target] as unknown
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        calls.push(String(name))
        return name === 'close'
          ? undefined
          : await (value as (...args: unknown[]) => Promise<unknown>).apply(target, args)
      }
    }
  })
  const { app, ws } = await buildTestApp(t, {
    bv: 'on',
    dataDir: '/nowhere/to/be/written',
    rendezvous: { store: watched }
  })
  const ann = await logIn(t, ws, await enrol(app, 'ann'))
  await ann.close()
  await app.close()
  for (const name of ['acceptInvitation', 'createSession', 'findSession', 'contacts', 'close'])
    t.ok(calls.includes(name), name)
})
