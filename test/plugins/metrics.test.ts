// The metrics for a scraper: numbers that fit the events, in a format that Prometheus takes, with no name in any label.
import t from 'tap'
import { catalogue } from '../../src/core/errors.ts'
import { buildTestApp, request } from '../support/app.ts'
import { joinChannel, openSocket } from '../support/channel.ts'
import { scrape } from '../support/metrics.ts'
import { enrol, exchangeToken, logIn, openRendezvous } from '../support/rendezvous.ts'

t.test('[R9] counts channels, peers, messages and bytes', async t => {
  const { url, app } = await buildTestApp(t)
  const a = await joinChannel(t, url, 'canary-one')
  const b = await joinChannel(t, url, 'canary-one')
  await joinChannel(t, url, 'canary-two')
  a.send({ action: 'broadcast', data: 'four' })
  await b.nextOf('broadcast')
  const { metrics, text } = await scrape(url)
  t.equal(metrics.get('nws_channels{scope="network"}'), 2)
  t.equal(metrics.get('nws_peers{location="local",dialect="envelope"}'), 3)
  t.equal(metrics.get('nws_sockets'), 3)
  t.equal(metrics.get('nws_messages_total'), 1)
  t.equal(metrics.get('nws_message_bytes_total'), 6)
  const tag = app.channelRegistry.find('canary-one')!.tag
  t.equal(metrics.get(`nws_channel_peers{channel="${tag}",scope="network"}`), 2)
  t.equal(metrics.get(`nws_channel_messages_total{channel="${tag}",scope="network"}`), 1)
  t.equal(metrics.get('nws_queue_bytes{kind="sockets"}'), 0)
  t.equal(metrics.get('nws_slow_peers'), 0)
  t.ok(metrics.get('process_resident_memory_bytes')! > 1e6)
  t.ok(metrics.has('nws_event_loop_delay_seconds{statistic="p99"}'))
  t.notMatch(text, /canary/, 'no name')
  for (const { id } of [a, b]) t.notMatch(text, id, 'no id of a peer')
})

t.test('sums outlive the channels', async t => {
  const { url, app } = await buildTestApp(t)
  const a = await joinChannel(t, url, 'room')
  const closed = new Promise<void>(resolve => app.channelRegistry.addHook('channelClosed', () => resolve()))
  a.send({ action: 'broadcast', data: 1 })
  await a.arrived()
  a.socket.close()
  await closed
  const { metrics } = await scrape(url)
  t.equal(metrics.get('nws_messages_total'), 1)
  t.notOk(metrics.has('nws_channels{scope="network"}'))
})

t.test('[R15] counts refusals by kind and code', async t => {
  const { url, ws, port } = await buildTestApp(t, { maxPeersPerChannel: 1 })
  const a = await joinChannel(t, url, 'room')
  a.send('{')
  await a.nextOf('error')
  t.equal((await openSocket(t, `${ws}/room`).closed).code, 1013)
  await request(port, 'GET', '/api/channels', { Host: 'evil.example' })
  await request(port, 'GET', '/api/nothing')
  await request(port, 'GET', '/%E4')
  await request(port, 'G\0T', '/')
  const { metrics } = await scrape(url)
  t.strictSame(Object.fromEntries([...metrics].filter(([name]) => name.startsWith('nws_refusals_total'))), {
    'nws_refusals_total{kind="message",code="NWS_ERR_MESSAGE_NOT_JSON"}': 1,
    'nws_refusals_total{kind="socket",code="NWS_ERR_CHANNEL_FULL"}': 1,
    'nws_refusals_total{kind="request",code="NWS_ERR_HOST_NOT_ALLOWED"}': 1,
    'nws_refusals_total{kind="request",code="NWS_ERR_NOT_FOUND"}': 1,
    'nws_refusals_total{kind="request",code="NWS_ERR_REQUEST_MALFORMED"}': 2
  })
})

t.test('the code of a hook is no label', async t => {
  const { url, app } = await buildTestApp(t)
  app.channelRegistry.addHook('message', () => {
    throw Object.assign(new Error('no'), { code: 'CANARY_CODE' })
  })
  const a = await joinChannel(t, url, 'room')
  a.send({ action: 'broadcast', data: 1 })
  await a.nextOf('error')
  const { metrics, text } = await scrape(url)
  t.equal(metrics.get('nws_refusals_total{kind="message",code="extension"}'), 1)
  t.notMatch(text, /CANARY/)
})

t.test('the number of lines is bounded', async t => {
  const { url } = await buildTestApp(t)
  const before = (await scrape(url)).metrics.size
  for (let n = 0; n < 70; n++) await joinChannel(t, url, `room-${n}`)
  const { metrics } = await scrape(url)
  t.equal([...metrics.keys()].filter(name => name.startsWith('nws_channel_peers')).length, 50)
  t.equal(metrics.get('nws_channels{scope="network"}'), 70)
  t.ok(metrics.size - before < 160 + Object.keys(catalogue).length)
})

t.test('the time of turns is sampled from the first question on', async t => {
  const { url } = await buildTestApp(t)
  t.equal((await scrape(url)).metrics.get('nws_fanout_seconds_count'), 0)
  const a = await joinChannel(t, url, 'room')
  const b = await joinChannel(t, url, 'room')
  for (let n = 0; n < 40; n++) {
    a.send({ action: 'broadcast', data: n })
    await b.nextOf('broadcast')
  }
  const { metrics } = await scrape(url)
  const count = metrics.get('nws_fanout_seconds_count')!
  t.ok(count >= 2 && count <= 10, `${count} samples`)
  t.equal(metrics.get('nws_fanout_seconds_bucket{le="+Inf"}'), count)
})

t.test('stays with those who may see the API', async t => {
  const { port } = await buildTestApp(t, { apiToken: 'canary-token' })
  t.match(await request(port, 'GET', '/api/metrics'), { status: 401 })
  t.match(
    await request(port, 'GET', '/api/metrics', {
      Authorization: 'Bearer canary-token',
      Origin: 'https://evil.example'
    }),
    { status: 403 }
  )
  t.match(await request(port, 'GET', '/api/metrics', { Authorization: 'Bearer canary-token' }), {
    status: 200,
    headers: { 'content-type': /^text\/plain; version=0\.0\.4/ }
  })
})

t.test('is ready if it listens and keeps up', async t => {
  const { app, port } = await buildTestApp(t, { apiToken: 'canary-token' })
  let recentMs = 500
  Object.defineProperty(app.eventLoop, 'recentMs', { get: () => recentMs })
  t.match(await request(port, 'GET', '/api/ready'), { status: 200, json: { status: 'ready' } }, 'without the token')
  recentMs = 501
  t.match(await request(port, 'GET', '/api/ready'), { status: 503, json: { code: 'NWS_ERR_NOT_READY' } })
  t.match(await request(port, 'GET', '/api/health'), { status: 200 }, 'and nobody is refused for it')
})

t.test('a blocked event loop shows within seconds, however often metrics are read', async t => {
  const { app } = await buildTestApp(t)
  // The delay is a mean over a second: blocked for most of two seconds, it is too long in one whole second at least.
  for (let n = 0; n < 40 && app.readiness.ready; n++) {
    for (const end = performance.now() + 1200; performance.now() < end;);
    await new Promise(resolve => setImmediate(resolve))
    if (n % 2 === 0) app.eventLoop.read()
  }
  t.notOk(app.readiness.ready)
})

t.test('counts links, rounds and what goes over them, those that have ended too', async t => {
  const one = await buildTestApp(t, { meshHost: '127.0.0.1' })
  const two = await buildTestApp(t, { meshHost: '127.0.0.1', peers: [`127.0.0.1:${one.app.peerMesh.port}`] })
  const [alice, bob] = [await joinChannel(t, one.url, 'room'), await joinChannel(t, two.url, 'room')]
  await Promise.all([alice.nextOf('connect'), bob.nextOf('connect')])
  alice.send({ action: 'broadcast', data: 1 })
  await bob.nextOf('broadcast')
  const { metrics } = await scrape(one.url)
  t.equal(metrics.get('nws_links{role="responder",state="open"}'), 1)
  t.equal(metrics.get('nws_peers{location="remote",dialect="link"}'), 1)
  t.equal(metrics.get('nws_link_messages_total{direction="out"}'), 1)
  t.ok(metrics.get('nws_link_bytes_total{direction="in"}')! > 500)
  t.ok(metrics.get('nws_rounds_total')! >= 1)
  t.ok(metrics.get('nws_sweeps_total')! >= 1)
  await two.app.close()
  await alice.nextOf('disconnect')
  const after = (await scrape(one.url)).metrics
  t.equal(after.get('nws_link_ends_total{code="1001",by="remote"}'), 1)
  t.equal(after.get('nws_link_messages_total{direction="out"}'), 1)
  t.equal(after.get('nws_rounds_total'), metrics.get('nws_rounds_total'))
})

t.test('counts what the rendezvous does, and names nobody', async t => {
  const { url, ws, app } = await buildTestApp(t, { bv: 'on', dataDir: ':memory:' })
  const [ann, bob] = [
    await logIn(t, ws, await enrol(app, 'canary-ann')),
    await logIn(t, ws, await enrol(app, 'canary-bob'))
  ] as const
  const tab = await logIn(t, ws, { session: ann.session })
  await logIn(t, ws, 'canary-bob')
  await exchangeToken(ann, bob, { ofClaimer: 'Canary B', ofIssuer: 'Canary A' })
  for (const client of [ann, bob, tab]) await client.arrived()
  const presence = app.rendezvous.service.directory.presenceMessages
  ann.send('peerRequest', { to: bob.id, spd: { type: 'offer', sdp: 'v=0' } })
  await bob.nextOf('peerRequest')
  const silent = await openRendezvous(t, ws)
  const wrong = await openRendezvous(t, ws)
  wrong.send('login', { session: 'A'.repeat(22) })
  await wrong.closed()
  ann.send('claimToken', { name: 'x', token: 'A'.repeat(22) })
  await ann.nextOf('error')
  const { metrics, text } = await scrape(url)
  t.strictSame(
    Object.fromEntries(
      [...metrics].filter(([name]) => name.startsWith('nws_rendezvous_') || /"NWS_ERR_BV_/.test(name))
    ),
    {
      nws_rendezvous_users: 2,
      nws_rendezvous_peers: 4,
      nws_rendezvous_unknown_sockets: 1,
      nws_rendezvous_waiting_passwords: 0,
      'nws_rendezvous_logins_total{method="session"}': 3,
      'nws_rendezvous_logins_total{method="password"}': 1,
      nws_rendezvous_presence_messages_total: presence,
      nws_rendezvous_relayed_messages_total: 1,
      'nws_refusals_total{kind="message",code="NWS_ERR_BV_NO_PEER"}': 3,
      'nws_refusals_total{kind="message",code="NWS_ERR_BV_TOKEN_UNKNOWN"}': 1,
      'nws_refusals_total{kind="socket",code="NWS_ERR_BV_SESSION"}': 1
    }
  )
  t.equal(metrics.get('nws_queue_bytes{kind="rendezvous"}'), 0)
  t.notMatch(text, /canary/i, 'no login name and no alias')
  for (const { id } of [ann, bob]) t.notMatch(text, String(id), 'no id of a peer')
  await silent.close()

  const { url: off } = await buildTestApp(t)
  t.notMatch((await scrape(off)).text, /rendezvous/, 'where it is off there is nothing to count')
})
