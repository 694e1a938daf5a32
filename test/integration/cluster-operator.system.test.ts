// A nats-server that trusts an operator: proxies come in with credentials files, and are told where those do not do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { joinChannel } from '../support/channel.ts'
import { buildClusterApp } from '../support/cluster-apps.ts'
import { newSecret, startNats } from '../support/nats.ts'
import { createOperator } from '../support/nats-operator.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('nats-server')

/** A server with an operator, and files for it. */
async function startStory(t: Test) {
  const operator = createOperator()
  const nats = await startNats(t, { config: operator.config })
  const folder = mkdtempSync(join(tmpdir(), 'nws-creds-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const secret = newSecret()
  return {
    operator,
    nats,
    path: (name: string) => join(folder, name),
    write: (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },
    start: async (clusterCredentials: string) =>
      await buildClusterApp(t, {
        clusterUrl: [nats.url],
        clusterSecret: [secret],
        ...(clusterCredentials === '' ? {} : { clusterCredentials })
      })
  }
}

t.test('proxies with credentials share a channel, and may do no more than they need', { skip }, async t => {
  const { operator, write, start } = await startStory(t)
  const allowed = ['nws.>']
  const a = await start(write('a.creds', operator.credentials({ allowed })))
  const b = await start(write('b.creds', operator.credentials({ allowed }).replaceAll('\n', '\r\n')))
  const [alice, bob] = [await joinChannel(t, a.ws, 'family'), await joinChannel(t, b.ws, 'family')]
  t.match(await alice.nextOf('connect'), { target: bob.id })
  t.match(await bob.nextOf('connect'), { target: alice.id })
  alice.send({ action: 'broadcast', data: 'hello' })
  t.match(await bob.nextOf('broadcast'), { source: alice.id, data: 'hello' })
  t.match(await a.until(({ state }) => state === 'connected'), { state: 'connected' })
  for (const { log } of [a, b]) t.notMatch(log(), /eyJ|SU[A-Z2-7]{20}/, 'neither JWT nor seed is in the log')
})

t.test('who is not a user of the operator is refused', { skip }, async t => {
  const { operator, write, start } = await startStory(t)
  const past = Math.floor(Date.now() / 1000) - 60
  for (const [what, path] of [
    ['none', ''],
    ['of another operator', write('stranger.creds', createOperator().credentials())],
    ['run out', write('old.creds', operator.credentials({ expires: past }))]
  ] as const) {
    const app = await start(path)
    t.match(
      await app.until(({ error }) => error !== undefined),
      { state: 'connecting', error: 'NWS_ERR_CLUSTER_REFUSED' },
      what
    )
    t.notMatch(app.log(), /eyJ|SU[A-Z2-7]{20}/)
  }
  const narrow = await start(write('narrow.creds', operator.credentials({ allowed: ['other.>'] })))
  t.match(await narrow.until(({ error }) => error !== undefined), { error: 'NWS_ERR_CLUSTER_PERMISSION' })
})

t.test('credentials that run out are replaced while the proxy runs', { skip }, async t => {
  const { operator, write, start } = await startStory(t)
  const path = write('short.creds', operator.credentials({ expires: Math.floor(Date.now() / 1000) + 4 }))
  const app = await start(path)
  t.match(await app.until(({ error }) => error === 'NWS_ERR_CLUSTER_REFUSED'), { state: /^(dis)?connect(ing|ed)$/ })
  write('short.creds', operator.credentials())
  await app.until(({ state }) => state === 'connected')
  t.match(app.log(), /NWS_ERR_CLUSTER_REFUSED/)
})

t.test('a file without credentials ends the start, and is not shown', { skip }, async t => {
  const { operator, write, start } = await startStory(t)
  const good = operator.credentials()
  for (const [what, text] of [
    ['empty', ''],
    ['something else', 'canary of a file'],
    ['only the JWT', good.slice(0, good.indexOf('NOTICE'))],
    ['a broken seed', good.replace(/\nSU/, '\nSUCANARY')]
  ] as const) {
    await t.rejects(
      start(write('x.creds', text)),
      {
        code: 'NWS_ERR_CONFIG_CLUSTER_FILE',
        message: /^((?!canary)[^])*NWS_CLUSTER_CREDENTIALS: no user JWT with its seed\.$/i
      },
      what
    )
  }
})
