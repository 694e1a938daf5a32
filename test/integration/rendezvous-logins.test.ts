// Logins at the same time, logins while an account is closed, and accounts that cannot be opened.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { AccountStore } from '../../src/core/bonevalue/store.ts'
import { createAccounts } from '../../src/plugins/bonevalue/accounts/index.ts'
import { buildTestApp, request } from '../support/app.ts'
import { rendezvousOptions } from '../support/bonevalue.ts'
import { addUser, enrol, invite, logIn, openRendezvous, PASSWORD, useInvitation } from '../support/rendezvous.ts'

t.test('right passwords do not keep each other out', async t => {
  const { ws, url } = await buildTestApp(t, rendezvousOptions)
  await addUser(url, 'ann')
  // More than the tries of a name, and more than those of an address.
  const clients = await Promise.all(Array.from({ length: 24 }, () => openRendezvous(t, ws)))
  for (const client of clients) client.send('login', { user: 'ann', password: PASSWORD })
  for (const client of clients) t.match(await client.next(), { type: 'login', data: { user: 'ann' } })
})

for (const what of ['disabled', 'revoked'] as const)
  t.test(`a user who is ${what} while the contacts are read`, async t => {
    let hold: Promise<void> | undefined
    let reached = (): void => {}
    const accounts = createAccounts({ dataDir: ':memory:' })
    const builtIn = await accounts.open()
    const contacts: AccountStore['contacts'] = async id => {
      const result = await builtIn.contacts(id)
      if (hold !== undefined) {
        reached()
        await hold
      }
      return result
    }
    // A thenable could not be handed over by a promise.
    const store = new Proxy(builtIn, {
      get: (target, name) => (name === 'contacts' ? contacts : (Reflect.get(target, name) as unknown))
    })
    const { url, ws } = await buildTestApp(t, { ...rendezvousOptions, rendezvous: { store } })
    await addUser(url, 'ben')
    const first = await logIn(t, ws, 'ben')
    await first.close()
    let release = (): void => {}
    hold = new Promise(resolve => (release = resolve))
    const arrived = new Promise<void>(resolve => (reached = resolve))
    const client = await openRendezvous(t, ws)
    client.send('login', { session: first.session })
    await arrived
    const path = what === 'disabled' ? '/api/users/ben' : '/api/users/ben/sessions'
    const answer = await fetch(url + path, {
      method: what === 'disabled' ? 'PATCH' : 'DELETE',
      ...(what === 'disabled' ? { headers: { 'content-type': 'application/json' }, body: '{"disabled":true}' } : {})
    })
    t.ok(answer.ok)
    hold = undefined
    release()
    t.match(await client.next(), { type: 'error', data: { code: 'NWS_ERR_BV_SESSION' } })
    t.match(await client.closed(), { reason: 'NWS_ERR_BV_SESSION' })
  })

t.test('an invitation tells of few names', async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addUser(url, 'ann')
  const token = await invite(url)
  const statuses: number[] = []
  for (let n = 0; n < 12; n++)
    statuses.push((await useInvitation(url, 'accept', { token, name: 'ann', password: PASSWORD })).status)
  t.strictSame(statuses, [...Array<number>(10).fill(409), 429, 429])
})

t.test('accounts that cannot be opened are told at the start, to supervisors, and alike at each login', async t => {
  const dataDir = join(t.testdir(), 'data')
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'accounts.db'), 'x'.repeat(8192))
  const { ws, port, log } = await buildTestApp(t, { bv: 'on', dataDir })
  t.match(log(), /NWS_ERR_BV_STORE/, 'the operator hears of it before any user')
  t.equal((await request(port, 'GET', '/api/ready')).status, 503)
  for (const login of [{ user: 'ann', password: PASSWORD }, { session: 'x'.repeat(43) }]) {
    const client = await openRendezvous(t, ws)
    client.send('login', login)
    t.match(await client.next(), { type: 'error', data: { code: 'NWS_ERR_BV_STORE' } })
    t.match(await client.closed(), { code: 1013, reason: 'NWS_ERR_BV_STORE' })
  }
  t.match(await request(port, 'GET', '/api/users'), { status: 500, json: { code: 'NWS_ERR_BV_STORE' } })
})

t.test('an error of SQLite reaches nobody', async t => {
  const { app, url, log } = await buildTestApp(t, rendezvousOptions)
  await enrol(app, 'ann')
  const token = await invite(url)
  // As on a full disk.
  const { default: Libsql } = await import('libsql')
  const { prototype } = Libsql as unknown as { prototype: { exec: (sql: string) => unknown } }
  const { exec } = prototype
  prototype.exec = function () {
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
  }
  t.teardown(() => {
    prototype.exec = exec
  })
  const { status, body } = await useInvitation(url, 'accept', { token, name: 'bob', password: PASSWORD })
  t.match({ status, body }, { status: 500, body: { code: 'NWS_ERR_BV_STORE' } })
  t.notMatch(JSON.stringify(body), /SQLITE|disk/)
  t.match(log(), /SQLITE_FULL/)
})
