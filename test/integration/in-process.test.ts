// Taking part from within the process, hooks, and the examples of docs/EXTENDING.md as they stand there.
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import type { Peer } from '../../src/core/hub/peer.ts'
import type { ReceivedMessage } from '../../src/index.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel, openSocket } from '../support/channel.ts'
import { statusOf } from '../support/http.ts'

t.test('a member in the process sends, hears and leaves', async t => {
  const { app, url } = await buildTestApp(t)
  const client = await joinChannel(t, url, 'room')
  const heard: unknown[] = []
  let notify = (): void => {}
  const note = (...event: unknown[]): void => {
    heard.push(event)
    notify()
  }
  const until = async (count: number): Promise<void> => {
    while (heard.length < count)
      await new Promise<void>(resolve => {
        notify = resolve
      })
  }
  const member = await app.channelRegistry.join('room', {
    onMessage: ({ action, source, data, text }: ReceivedMessage) => note(action, source.id, data, text),
    onConnect: (peer: Peer) => note('connect', peer.id),
    onDisconnect: (peer: Peer) => note('disconnect', peer.id)
  })
  t.strictSame(await client.next(), { action: 'connect', source: client.id, target: member.peer.id })
  client.send('{"action":"broadcast","data":1.0}')
  client.send({ action: 'message', target: member.peer.id, data: ['direct'] })
  client.send(Buffer.from([3, 0, 7]))
  await until(4)
  t.strictSame(heard, [
    ['connect', client.id],
    ['broadcast', client.id, 1, '1.0'],
    ['message', client.id, ['direct'], '["direct"]'],
    ['broadcast', client.id, Buffer.from([7]), '{"$binary":"Bw=="}']
  ])
  t.strictSame(member.broadcast({ a: [1] }), { local: 1, remote: 0, missed: 0 })
  t.match(await client.next(), { action: 'broadcast', source: member.peer.id, data: { a: [1] } })
  member.send(client.id, 'you')
  t.match(await client.next(), { action: 'message', source: member.peer.id, data: 'you' })
  member.broadcast(new Uint8Array([9]))
  t.strictSame(
    (await client.next())['bytes'],
    Buffer.concat([Buffer.from([3, 22]), Buffer.from(member.peer.id), Buffer.from([9])])
  )
  t.throws(() => member.send('nobody', 1), { code: 'NWS_ERR_PEER_NOT_FOUND' })
  t.throws(() => member.broadcast(undefined), { code: 'NWS_ERR_MESSAGE_DATA' })
  member.leave()
  member.leave()
  t.match(await client.next(), { action: 'disconnect', target: member.peer.id })
  t.throws(() => member.broadcast(1), { code: 'NWS_ERR_PEER_CLOSED' })
})

t.test('a handler that fails is logged and harms nobody', async t => {
  const { app, url, log } = await buildTestApp(t)
  const failed = new Promise<void>(resolve => {
    void app.channelRegistry.join('room', {
      onMessage: () => {
        setImmediate(resolve)
        throw new Error('bug in a bot')
      }
    })
  })
  const client = await joinChannel(t, url, 'room')
  client.send({ action: 'broadcast', data: 'canary-payload' })
  await failed
  t.match(log(), /a handler of an extension failed/)
  t.notMatch(log(), /canary-payload/)
  t.ok(await client.arrived())
})

t.test('an asynchronous join hook decides, and what the client sends meanwhile is kept in order', async t => {
  const { app, url, ws } = await buildTestApp(t)
  const watcher = await joinChannel(t, url, 'room')
  let asked = (): void => {}
  const question = new Promise<void>(resolve => {
    asked = resolve
  })
  let answer = (): void => {}
  app.channelRegistry.addHook('join', async ({ channel, origin, location, dialect }) => {
    t.match(
      { channel, origin, location, dialect },
      { channel: 'room', origin: undefined, location: 'local', dialect: 'envelope' }
    )
    asked()
    await new Promise<void>(resolve => {
      answer = resolve
    })
  })
  const { socket, take } = openSocket(t, `${ws}/room`)
  await once(socket, 'open')
  for (let i = 0; i < 50; i++) socket.send(JSON.stringify({ action: 'broadcast', data: i }))
  socket.send('{"action":"status"}')
  await question
  t.strictSame(await watcher.arrived(), [], 'nobody hears of it yet')
  answer()
  t.match(JSON.parse((await take()).bytes.toString()), { action: 'connect', target: watcher.id })
  t.match(JSON.parse((await take()).bytes.toString()), { action: 'status' })
  t.equal((await watcher.next()).action, 'connect')
  for (let i = 0; i < 50; i++) t.equal((await watcher.next()).data, i)
})

t.test('a join hook refuses with a code of its own', async t => {
  const { app, ws } = await buildTestApp(t)
  app.channelRegistry.addHook('join', async () => {
    throw Object.assign(new Error('Bring a ticket.'), { code: 'NO_TICKET', closeCode: 4600 })
  })
  const refused = openSocket(t, `${ws}/room`)
  t.strictSame(JSON.parse((await refused.take()).bytes.toString()), {
    action: 'error',
    code: 'NO_TICKET',
    message: 'Bring a ticket.'
  })
  t.strictSame(await refused.closed, { code: 4600, reason: 'NO_TICKET' })
  t.equal(app.channelRegistry.channels().length, 0)
})

t.test('a join hook that fails is our bug: 1011, and no detail for the client', async t => {
  const { app, ws, log } = await buildTestApp(t)
  app.channelRegistry.addHook('join', () => {
    throw new Error('secret detail')
  })
  const refused = openSocket(t, `${ws}/room`)
  t.notMatch((await refused.take()).bytes.toString(), /secret/)
  t.strictSame(await refused.closed, { code: 1011, reason: 'NWS_ERR_INTERNAL' })
  t.match(log(), /secret detail/)
})

t.test('more than 64 KiB before the decision close with 1009', async t => {
  const { app, ws } = await buildTestApp(t)
  app.channelRegistry.addHook('join', () => new Promise<void>(() => {}))
  const { socket, closed } = openSocket(t, `${ws}/room`)
  await once(socket, 'open')
  socket.send('x'.repeat(40_000))
  socket.send('x'.repeat(40_000))
  t.strictSame(await closed, { code: 1009, reason: 'NWS_ERR_JOIN_TOO_MUCH_EARLY_DATA' })
})

t.test('a client that goes while its join is decided never becomes a peer', async t => {
  const { app, url, ws } = await buildTestApp(t)
  let answer = (): void => {}
  let asked = (): void => {}
  const question = new Promise<void>(resolve => {
    asked = resolve
  })
  let decide = true
  app.channelRegistry.addHook('join', async () => {
    if (!decide) return
    asked()
    await new Promise<void>(resolve => {
      answer = resolve
    })
  })
  const { socket } = openSocket(t, `${ws}/room`)
  await Promise.all([question, once(socket, 'open')])
  socket.close()
  await once(socket, 'close')
  decide = false
  answer()
  const later = await joinChannel(t, url, 'room')
  t.strictSame(await later.arrived(), [])
  t.equal(app.channelRegistry.peers().length, 1)
})

t.test('a message hook refuses one message', async t => {
  const { app, url } = await buildTestApp(t)
  app.channelRegistry.addHook('message', ({ payload }) => {
    if (payload.bytes.includes('bad')) throw Object.assign(new Error('Mind your language.'), { code: 'RUDE' })
  })
  const a = await joinChannel(t, url, 'room')
  const b = await joinChannel(t, url, 'room')
  await a.arrived()
  await b.arrived()
  a.send({ action: 'broadcast', data: 'bad' })
  a.send({ action: 'broadcast', data: 'good' })
  t.strictSame(await a.next(), { action: 'error', code: 'RUDE', message: 'Mind your language.', first: 3, last: 3 })
  t.equal((await b.next()).data, 'good')
})

const examples = new Map(
  [
    ...readFileSync(new URL('../../docs/EXTENDING.md', import.meta.url), 'utf8').matchAll(
      /^```js file=(\S+)\n([\s\S]*?)^```$/gm
    )
  ].map(([, name, code]) => [name!, code!])
)

/** Writes the examples of the document to a folder where `networkwebsockets` can be imported by name. */
function writeExamples(t: Test): string {
  const folder = t.testdir({})
  const root = fileURLToPath(new URL('../..', import.meta.url))
  for (const [name, code] of examples) writeFileSync(join(folder, name), code)
  for (const name of examples.keys()) chmodSync(join(folder, name), 0o644)
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'networkwebsockets'))
  for (const name of ['fastify', 'fastify-plugin'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  return folder
}

t.test('the bot of the document works as it stands', async t => {
  const folder = writeExamples(t)
  const { url, log } = await buildTestApp(t, { extensions: [join(folder, 'pingbot.mjs')] })
  const client = await joinChannel(t, url, 'ping')
  const { target } = await client.nextOf('connect')
  client.send({ action: 'broadcast', data: 'ping' })
  t.strictSame(await client.next(), { action: 'message', source: target, target: client.id, data: 'pong' })
  t.strictSame(await (await fetch(`${url}/x/ping/count`)).json(), { answers: 1 })
  t.equal(
    await statusOf(`${url}/x/ping/count`, { headers: { origin: 'http://evil.example' } }),
    403,
    'its route is guarded'
  )
  await fetch(`${url}/api/channels/ping/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":"ping"}'
  })
  while (!isDeepStrictEqual(await (await fetch(`${url}/x/ping/count`)).json(), { answers: 2 }));
  t.notMatch(log(), 'failed', 'an answer to a sender that has left is no failure')
})

t.test('the tickets of the document keep those silent who show none, here and across a link', async t => {
  const folder = writeExamples(t)
  process.env['NWS_X_TICKET_SECRET'] = 'a secret of the members'
  t.teardown(() => {
    delete process.env['NWS_X_TICKET_SECRET']
  })
  const here = await buildTestApp(t, { extensions: [join(folder, 'tickets.mjs')], meshHost: '127.0.0.1' })
  const there = await buildTestApp(t, { peers: [`127.0.0.1:${here.app.peerMesh.port}`] })
  const member = await joinChannel(t, here.url, 'members')
  const local = await joinChannel(t, here.url, 'members')
  const remote = await joinChannel(t, there.url, 'members')
  const ticket = (id: string) => createHmac('sha256', 'a secret of the members').update(id).digest('hex')
  while ((await member.nextOf('connect')).target !== remote.id);
  while ((await remote.nextOf('connect')).target !== local.id);
  for (const stranger of [local, remote]) {
    stranger.send({ action: 'broadcast', data: 'unheard' })
    stranger.send({ action: 'broadcast', data: { ticket: ticket(member.id) } })
    stranger.send({ action: 'broadcast', data: { ticket: ticket(stranger.id) } })
    stranger.send({ action: 'broadcast', data: 'heard' })
    const proof = await member.nextOf('broadcast')
    t.strictSame(proof, { action: 'broadcast', source: stranger.id, data: { ticket: ticket(stranger.id) } })
    t.equal((await member.nextOf('broadcast')).data, 'heard')
  }
  t.equal((await local.nextOf('error')).code, 'TICKET_NEEDED')
})

t.test('the embedded proxy of the document works as it stands', async t => {
  const folder = writeExamples(t)
  const child = spawn(process.execPath, [join(folder, 'embedded.mjs')], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const base = /ws:\/\/\S+\/nws/.exec(line)![0].replace('ws', 'http')
  const a = await joinChannel(t, base, 'room')
  const b = await joinChannel(t, base, 'room')
  a.send({ action: 'broadcast', data: 'inside' })
  t.equal((await b.nextOf('broadcast')).data, 'inside')
  t.equal(await (await fetch(base.replace('/nws', '/'))).text(), 'my own page')
})
