// A cluster on one real nats-server: large messages, slow peers, refusals, proxies and servers that go away and come back.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { joinChannel } from '../support/channel.ts'
import { nws } from '../support/cli.ts'
import { buildClusterApp, startClusterApps, type ClusterApp } from '../support/cluster-apps.ts'
import { newSecret, startNats } from '../support/nats.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('nats-server')
const MANY = 40

/** Two clients that have met, on two proxies. */
async function meet(t: Test, [a, b]: readonly [ClusterApp, ClusterApp], channel: string) {
  const [alice, bob] = [await joinChannel(t, a.ws, channel), await joinChannel(t, b.ws, channel)]
  t.match(await alice.next(), { action: 'connect', target: bob.id })
  t.match(await bob.next(), { action: 'connect', target: alice.id })
  return { alice, bob }
}

t.test('messages above max_payload, binary ones, and many in order', { skip }, async t => {
  const nats = await startNats(t, { config: 'max_payload: 20000' })
  const proxies = (await startClusterApps(t, 2, () => [nats.url])) as [ClusterApp, ClusterApp]
  const { alice, bob } = await meet(t, proxies, 'large')
  const large = 'ä'.repeat(300_000)
  alice.send({ action: 'broadcast', data: large })
  const bytes = Buffer.alloc(500_000, 7)
  alice.send(Buffer.concat([Buffer.from([3, 0]), bytes]))
  for (let i = 0; i < MANY; i++) alice.send({ action: 'broadcast', data: [i, 'x'.repeat(i * 1000)] })
  t.equal((await bob.next()).data, large)
  const { action, data } = await bob.next()
  t.ok(
    action === 'binary' || JSON.stringify(data).includes(bytes.toString('base64')),
    'the bytes arrive as this client reads them'
  )
  for (let i = 0; i < MANY; i++) t.equal(((await bob.next()).data as [number])[0], i)
  t.strictSame(await bob.arrived(), [])
  const { slow_consumers: slow } = await nats.monitor<{ slow_consumers: number }>('/varz')
  t.equal(slow, 0)
})

t.test('the command lists the proxies of the cluster', { skip }, async t => {
  const nats = await startNats(t)
  const [one, two] = (await startClusterApps(t, 2, () => [nats.url])) as [ClusterApp, ClusterApp]
  await meet(t, [one, two], 'room')
  const { stdout } = await nws(t, ['links', '--url', one.url, '--json'])
  const rows = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  t.match(rows, [{ role: 'cluster', proxyId: two.app.crypto.proxyId.text, channels: ['room'], messages: { in: 0 } }])
  t.equal(rows.length, 1)
  t.match(
    (await nws(t, ['links', '--url', one.url])).stdout,
    new RegExp(`^PROXY .*\\n${two.app.crypto.proxyId.text} +[a-z]+ [a-z]+ +cluster +1 `)
  )
})

t.test('a message by HTTP waits for the others of a channel that only the cluster shares', { skip }, async t => {
  const nats = await startNats(t)
  const [one, two] = (await startClusterApps(t, 2, () => [nats.url], { discovery: false })) as [ClusterApp, ClusterApp]
  const bob = await joinChannel(t, two.ws, 'room')
  const answer = await fetch(`${one.url}/api/channels/room/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":"hi"}'
  })
  t.match(await answer.json(), { delivered: { local: 0, remote: 1 } })
  t.match(await bob.nextOf('broadcast'), { data: 'hi' })
})

t.test('the secret is replaced in steps, and who is a step ahead is heard', { skip }, async t => {
  const nats = await startNats(t)
  const [old, young] = [newSecret(), newSecret()]
  const join = async (clusterSecret: string[]) => {
    const app = await buildClusterApp(t, { clusterUrl: [nats.url], clusterSecret })
    await app.until(({ state }) => state === 'connected')
    return await joinChannel(t, app.ws, 'rotation')
  }
  // Of each pair one proxy has taken the next step.
  for (const [one, two] of [
    [[old], [old, young]],
    [
      [old, young],
      [young, old]
    ],
    [[young, old], [young]]
  ] as const) {
    const [alice, bob] = [await join([...one]), await join([...two])]
    for (let id; id !== bob.id;) id = (await alice.nextOf('connect')).target
    for (let id; id !== alice.id;) id = (await bob.nextOf('connect')).target
    for (const [speaker, listener] of [
      [alice, bob],
      [bob, alice]
    ] as const) {
      speaker.send({ action: 'message', target: listener.id, data: 'still here' })
      t.match(await listener.nextOf('message'), { source: speaker.id, data: 'still here' })
    }
    for (const client of [alice, bob]) client.socket.terminate()
  }
})

t.test('one publish per message, and none where nobody listens', { skip }, async t => {
  const nats = await startNats(t)
  const [a, b] = (await startClusterApps(t, 3, () => [nats.url])) as [ClusterApp, ClusterApp, ClusterApp]
  const { alice, bob } = await meet(t, [a, b], 'x')
  const carol = await joinChannel(t, a.ws, 'alone')
  const published = () => a.app.cluster!.counts.batches.out
  const before = published()
  for (let i = 0; i < MANY; i++) {
    alice.send({ action: 'broadcast', data: i })
    t.equal((await bob.next()).data, i)
    carol.send({ action: 'broadcast', data: i })
    await carol.arrived()
  }
  const presence = await nats.monitor<{ in_msgs: number }>('/varz')
  t.ok(presence.in_msgs > 0)
  const said = published() - before
  t.ok(said >= MANY && said < 2 * MANY, `${said} for ${MANY} messages and the presence of that time`)
  const { total } = await nats.monitor<{ total: number }>('/connz')
  t.equal(total, 3, 'one connection per proxy')
  const { num_subscriptions: before2 } = await nats.monitor<{ num_subscriptions: number }>('/subsz')
  carol.socket.close()
  for (;;) {
    const { num_subscriptions: now } = await nats.monitor<{ num_subscriptions: number }>('/subsz')
    if (now < before2) break
  }
  t.pass('a channel that everybody has left is not listened to')
})

t.test('while the server is gone local channels go on, and all heals when it is back', { skip }, async t => {
  const nats = await startNats(t)
  const [a, b] = (await startClusterApps(t, 2, () => [nats.url])) as [ClusterApp, ClusterApp]
  const { alice, bob } = await meet(t, [a, b], 'x')
  const anne = await joinChannel(t, a.ws, 'x')
  await alice.nextOf('connect')
  await nats.kill()
  t.match(await a.until(({ state }) => state === 'disconnected'), { error: 'NWS_ERR_CLUSTER_UNREACHABLE' })
  alice.send({ action: 'broadcast', data: 'local' })
  t.equal((await anne.nextOf('broadcast')).data, 'local')
  t.match(await alice.nextOf('disconnect'), { target: bob.id }, 'after the silence')
  t.match(await bob.nextOf('disconnect'), {})
  const ben = await joinChannel(t, b.ws, 'x')
  await nats.restart()
  t.strictSame(
    new Set([(await alice.nextOf('connect')).target, (await alice.nextOf('connect')).target]),
    new Set([bob.id, ben.id])
  )
  // Each side asks for itself; who has not heard of anybody yet sends nothing to the network.
  for (let target; target !== alice.id;) target = (await bob.nextOf('connect')).target
  t.match(await a.until(({ state }) => state === 'connected'), { reconnects: 1 })
  bob.send({ action: 'broadcast', data: 'back' })
  for (;;) {
    const { data } = await alice.nextOf('broadcast')
    if (data === 'back') break
  }
  t.match(a.log(), /NWS_ERR_CLUSTER_UNREACHABLE/)
})

t.test('a proxy that starts before its server joins when that comes', { skip }, async t => {
  const nats = await startNats(t)
  await nats.kill()
  const secret = newSecret()
  const app = await buildClusterApp(t, { clusterUrl: [nats.url], clusterSecret: [secret] })
  t.match(await app.until(({ error }) => error !== undefined), {
    state: 'connecting',
    error: 'NWS_ERR_CLUSTER_UNREACHABLE'
  })
  const alice = await joinChannel(t, app.ws, 'x')
  await nats.restart()
  await app.until(({ state }) => state === 'connected')
  const other = await buildClusterApp(t, { clusterUrl: [nats.url], clusterSecret: [secret] })
  const bob = await joinChannel(t, other.ws, 'x')
  t.match(await alice.next(), { action: 'connect', target: bob.id })
})

t.test('who may not come in is told what to do', { skip }, async t => {
  const secret = newSecret()
  const cases: [what: string, config: string, good: object, bad: object][] = [
    ['token', 'authorization { token: "let-me-in" }', { clusterToken: 'let-me-in' }, { clusterToken: 'guess' }],
    [
      'user',
      'authorization { user: "nws", password: "let-me-in" }',
      { clusterUser: 'nws', clusterPassword: 'let-me-in' },
      { clusterUser: 'nws', clusterPassword: 'guess' }
    ]
  ]
  for (const [what, config, good, bad] of cases) {
    const nats = await startNats(t, { config })
    const app = await buildClusterApp(t, { clusterUrl: [nats.url], clusterSecret: [secret], ...bad })
    t.match(await app.until(({ error }) => error !== undefined), { error: 'NWS_ERR_CLUSTER_REFUSED' }, what)
    t.notMatch(app.log(), /let-me-in|guess/)
    const member = await buildClusterApp(t, { clusterUrl: [nats.url], clusterSecret: [secret], ...good })
    t.ok(await member.until(({ state }) => state === 'connected'))
    t.notMatch(member.log(), /let-me-in/)
  }
  const nats = await startNats(t, {
    config:
      'authorization { users: [ { user: "nws", password: "x", permissions: { publish: "other.>", subscribe: "other.>" } } ] }'
  })
  const app = await buildClusterApp(t, {
    clusterUrl: [nats.url],
    clusterSecret: [secret],
    clusterUser: 'nws',
    clusterPassword: 'x'
  })
  t.match(await app.until(({ error }) => error !== undefined), { error: 'NWS_ERR_CLUSTER_PERMISSION' })
})

t.test('TLS both ways', needs('nats-server', 'openssl'), async t => {
  const folder = mkdtempSync(join(tmpdir(), 'nws-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test',
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem')
  )
  writeFileSync(path('san'), 'subjectAltName=DNS:localhost')
  for (const name of ['server', 'client']) {
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.csr`)
    )
    openssl(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      path(`${name}.csr`),
      '-CA',
      path('ca.pem'),
      '-CAkey',
      path('ca.key'),
      '-CAcreateserial',
      '-extfile',
      path('san'),
      '-out',
      path(`${name}.pem`)
    )
  }
  const nats = await startNats(t, {
    config: `tls { cert_file: "${path('server.pem')}", key_file: "${path('server.key')}", ca_file: "${path('ca.pem')}", verify: true }`
  })
  const secret = newSecret()
  const tlsOf = ({ port }: { port: number }) => `tls://localhost:${port}`
  const common = { clusterUrl: [tlsOf(nats)], clusterSecret: [secret], clusterTlsCa: path('ca.pem') }
  const member = await buildClusterApp(t, {
    ...common,
    clusterTlsCert: path('client.pem'),
    clusterTlsKey: path('client.key')
  })
  t.ok(await member.until(({ state }) => state === 'connected'))
  const unknown = await buildClusterApp(t, { clusterUrl: common.clusterUrl, clusterSecret: [secret] })
  t.match(
    await unknown.until(({ error }) => error !== undefined),
    { error: 'NWS_ERR_CLUSTER_TLS' },
    'the system does not know that authority'
  )
  const plain = await startNats(t)
  const strict = await buildClusterApp(t, { ...common, clusterUrl: [tlsOf(plain)] })
  t.match(
    await strict.until(({ error }) => error !== undefined),
    { error: 'NWS_ERR_CLUSTER_TLS' },
    'a server without TLS is refused'
  )
})

t.test('what cannot be a cluster ends the start', async t => {
  const clusterUrl = ['nats://127.0.0.1:4222']
  await t.rejects(buildClusterApp(t, { clusterUrl }), { code: 'NWS_ERR_CONFIG_CLUSTER_SECRET' })
  await t.rejects(buildClusterApp(t, { clusterUrl, clusterSecret: ['/nowhere/secret'] }), {
    code: 'NWS_ERR_CONFIG_CLUSTER_FILE',
    message: /NWS_CLUSTER_SECRET: ENOENT/
  })
  await t.rejects(buildClusterApp(t, { clusterUrl, clusterSecret: [newSecret(), newSecret(), newSecret()] }), {
    code: 'NWS_ERR_CONFIG_CLUSTER_SECRET'
  })
  await t.rejects(buildClusterApp(t, { clusterUrl, clusterSecret: [newSecret()], clusterCredentials: '/nowhere' }), {
    code: 'NWS_ERR_CONFIG_CLUSTER_FILE',
    message: /NWS_CLUSTER_CREDENTIALS/
  })
  for (const url of [
    'nats://user:canary@host',
    'nats://user:canary',
    'nats://canary@host:4222/x',
    'nats://a,nats://user:can,ary@host'
  ]) {
    await t.rejects(buildClusterApp(t, { clusterUrl: url.split(','), clusterSecret: [newSecret()] }), {
      code: 'NWS_ERR_CONFIG_VALUE',
      message: url.includes('@') ? /^((?!can)[^])*users and tokens have their own settings/ : /nats:/
    })
  }
  for (const url of ['nats://host:0', 'nats://host:65536', 'http://host', 'host:4222', 'nats://']) {
    await t.rejects(
      buildClusterApp(t, { clusterUrl: [url], clusterSecret: [newSecret()] }),
      { code: 'NWS_ERR_CONFIG_VALUE' },
      url
    )
  }
  await t.rejects(buildClusterApp(t, { clusterUrl, clusterSecret: ['c2hvcnQ='] }), {
    code: 'NWS_ERR_CONFIG_CLUSTER_SECRET',
    message: /^((?!c2h)[^])*neither, and no file/
  })
  await t.rejects(
    buildClusterApp(t, {
      clusterUrl,
      clusterSecret: [newSecret()],
      clusterToken: 'x',
      clusterUser: 'y',
      clusterPassword: 'z'
    }),
    { code: 'NWS_ERR_CONFIG_VALUE', message: /Only one of/ }
  )
  for (const name of ['clusterTlsCa', 'clusterTlsCert'] as const) {
    const file = fileURLToPath(import.meta.url)
    await t.rejects(
      buildClusterApp(t, {
        clusterUrl: ['tls://localhost:1'],
        clusterSecret: [newSecret()],
        [name]: file,
        ...(name === 'clusterTlsCert' ? { clusterTlsKey: file } : {})
      }),
      { code: 'NWS_ERR_CONFIG_CLUSTER_FILE', message: /NWS_CLUSTER_TLS_C(A|ERT): no certificate/ }
    )
  }
  await t.rejects(buildClusterApp(t, { clusterUrl: ['tls://127.0.0.1:4222'], clusterSecret: [newSecret()] }), {
    code: 'NWS_ERR_CONFIG_VALUE',
    message: /name/
  })
  await t.rejects(buildClusterApp(t, { clusterToken: 'x' }), { code: 'NWS_ERR_CONFIG_VALUE' })
})
