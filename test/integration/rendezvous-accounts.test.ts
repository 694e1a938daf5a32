// What users and the operator do with accounts: sessions, passwords, deletion, names that look alike, users for trying, copies.
import { mkdirSync, readFileSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { lookOf } from '../../src/core/bonevalue/names.ts'
import { createAccounts } from '../../src/plugins/bonevalue/accounts/index.ts'
import { buildTestApp } from '../support/app.ts'
import { enrolFriends, fakePage } from '../support/bonevalue-clients.ts'
import { FakeNetwork } from '../support/fake-rtc.ts'
import { enrol, logIn, PASSWORD, useInvitation } from '../support/rendezvous.ts'

const options = { bv: 'on', dataDir: ':memory:' } as const

async function ask(
  url: string,
  path: string,
  method = 'POST'
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${url}${path}`, { method })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

t.test('a session lives as long as it is used', async t => {
  const { app, ws } = await buildTestApp(t, options)
  const { session } = await enrol(app, 'ann')
  const before = Date.now()
  const ann = await logIn(t, ws, { session })
  t.ok(ann.welcome[0]!.data.expiresAt > before + 6 * 86_400_000, 'seven days from its last use')
  const store = await app.rendezvous.service.store()
  const { id } = (await store.findUser('ann'))!
  const [kept] = await store.sessions(id, Date.now())
  t.ok(kept!.expiresAt > before + 6 * 86_400_000, 'and the store knows')
})

t.test('a user sees and ends their sessions, and changes the password', async t => {
  const proxy = await buildTestApp(t, options)
  const { ann: session } = await enrolFriends(t, proxy, ['ann'])
  const network = new FakeNetwork()
  const [one, other] = [fakePage(t, network, { reconnect: false }), fakePage(t, network, { reconnect: false })]
  await one.$BV.connect(proxy.url, { session })
  await other.$BV.connect(proxy.url, 'ann', PASSWORD)
  const sessions = await one.$BV.sessions()
  t.equal(sessions.length, 2)
  t.equal(sessions.filter(({ own }) => own).length, 1)
  const { id } = sessions.find(({ own }) => !own)!
  t.equal(await one.$BV.endSessions(id), 1)
  t.equal(await other.heard('error'), 'error NWS_ERR_BV_SESSION')

  await t.rejects(one.$BV.changePassword('wrong password', 'another password'), { code: 'NWS_ERR_BV_LOGIN' })
  await t.rejects(one.$BV.changePassword(PASSWORD, 'short'), { code: 'NWS_ERR_BV_PASSWORD' })
  await other.$BV.connect(proxy.url, 'ann', PASSWORD)
  await one.$BV.changePassword(PASSWORD, 'another password')
  t.equal(await other.heard('error'), 'error NWS_ERR_BV_SESSION', 'all others have to log in again')
  t.not(one.$BV.getId(), null)
  await t.rejects(other.$BV.connect(proxy.url, 'ann', PASSWORD), { code: 'NWS_ERR_BV_LOGIN' })
  t.ok(await other.$BV.connect(proxy.url, 'ann', 'another password'))
})

t.test('a deleted account is gone for everybody, and its name is free', async t => {
  const proxy = await buildTestApp(t, options)
  const sessions = await enrolFriends(t, proxy, ['ann', 'ben'])
  const network = new FakeNetwork()
  const [ann, ben] = [fakePage(t, network), fakePage(t, network)]
  await ben.$BV.connect(proxy.url, { session: sessions.ben })
  await ann.$BV.connect(proxy.url, { session: sessions.ann })
  await t.rejects(ann.$BV.deleteAccount('wrong password'), { code: 'NWS_ERR_BV_LOGIN' })
  await ann.$BV.deleteAccount(PASSWORD)
  t.equal(ann.$BV.getId(), null)
  await ben.heard('userremove ann')
  t.strictSame(ben.$BV.getUsers(), [])
  await enrol(proxy.app, 'ann')
  t.equal((await ask(proxy.url, '/api/users/ben', 'DELETE')).status, 200, 'the operator deletes ben')
  t.equal(await ben.heard('error'), 'error NWS_ERR_BV_DELETED')
  t.equal((await ask(proxy.url, '/api/users/ben', 'DELETE')).body['code'], 'NWS_ERR_BV_USER_UNKNOWN')
})

t.test('a one-time link sets a new password, and ends the sessions', async t => {
  const proxy = await buildTestApp(t, options)
  const { session } = await enrol(proxy.app, 'ann')
  const page = fakePage(t, new FakeNetwork(), { reconnect: false })
  await page.$BV.connect(proxy.url, { session })
  const { status, body } = await ask(proxy.url, '/api/users/ann/reset')
  t.equal(status, 201)
  t.notOk('link' in body, 'other users of the machine can call the API')
  const file = body['file'] as string
  t.equal(statSync(file).mode & 0o777, 0o600)
  const { link } = JSON.parse(readFileSync(file, 'utf8')) as { link: string }
  unlinkSync(file)
  const token = link.slice(link.indexOf('#') + 1)
  t.strictSame((await useInvitation(proxy.url, 'status', { token })).body, { name: 'ann', reset: true })
  const used = await useInvitation(proxy.url, 'accept', { token, name: 'eve', password: 'another password' })
  t.match(used, { status: 201, body: { name: 'ann' } }, 'the name does not change')
  t.equal(await page.heard('error'), 'error NWS_ERR_BV_SESSION')
  t.ok(await page.$BV.connect(proxy.url, 'ann', 'another password'))
  const again = await useInvitation(proxy.url, 'accept', { token, name: 'ann', password: 'another password' })
  t.equal(again.body['code'], 'NWS_ERR_BV_INVITE_USED')
  t.equal((await ask(proxy.url, '/api/users/nobody/reset')).status, 404)
})

t.test('names that look alike are one name', async t => {
  for (const [one, other] of [
    ['ann', 'аnn'],
    ['ann', 'ａｎｎ'],
    ['ann', 'an\u034fn'],
    ['ann', 'ann\u3164'],
    ['ANN', 'ann'],
    ['modern', 'rnodern'],
    ['user10', 'userlO'],
    ['Zoé', 'Zoe\u0301']
  ] as const)
    t.equal(lookOf(one), lookOf(other), `${one} ${other}`)
  for (const [one, other] of [
    ['ann', 'anna'],
    ['zoe', 'zoé'],
    ['की', 'का']
  ] as const)
    t.not(lookOf(one), lookOf(other), `${one} ${other}`)
  const { app } = await buildTestApp(t, options)
  await enrol(app, 'ann')
  await t.rejects(enrol(app, 'аnn'), { message: 'NWS_ERR_BV_NAME_TAKEN' })
})

t.test('two spellings of an alias are one alias, which a query finds in both', async t => {
  const proxy = await buildTestApp(t, options)
  const sessions = await enrolFriends(t, proxy, ['ann', 'Zoé'])
  const page = fakePage(t, new FakeNetwork())
  await page.$BV.connect(proxy.url, { session: sessions.ann })
  await t.rejects(page.$BV.requestToken('Zoe\u0301'), { code: 'NWS_ERR_BV_ALIAS_TAKEN' })
  const zoe = fakePage(t, new FakeNetwork())
  await zoe.$BV.connect(proxy.url, { session: sessions['Zoé'] })
  await page.heard('peerconnect')
  t.equal(page.$BV.get('Zoe\u0301').peers().length, 1)
  await page.$BV.removeUser('Zoe\u0301')
  t.strictSame(page.$BV.getUsers(), [])
})

t.test('users for trying, and a copy of the accounts while the proxy runs', async t => {
  const folder = t.testdir({ data: {} })
  const proxy = await buildTestApp(t, { ...options, dataDir: join(folder, 'data') })
  const { status, body } = await ask(proxy.url, '/api/users/demo')
  t.equal(status, 201)
  const { names, password } = body as { names: string[]; password: string }
  t.equal((await ask(proxy.url, '/api/users/demo')).body['code'], 'NWS_ERR_BV_NAME_TAKEN')
  const ann = await logIn(t, proxy.ws, names[0]!, password)
  t.strictSame(ann.welcome[3]!.data, [names[1]], 'the two trust each other')

  const backup = await ask(proxy.url, '/api/accounts/backup')
  const file = backup.body['file'] as string
  t.equal(statSync(file).mode & 0o777, 0o600)
  mkdirSync(join(folder, 'copy'), { mode: 0o700 })
  renameSync(file, join(folder, 'copy', 'accounts.db'))
  const copy = createAccounts({ dataDir: join(folder, 'copy') })
  const users = await (await copy.open()).users(Date.now())
  t.strictSame(
    users.map(({ name }) => name),
    names
  )
  await copy.close()
  await proxy.app.close() // Before its folder is gone.
})
