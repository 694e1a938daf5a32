// `POST /api/channels/<name>/fault`: it concerns one channel of this proxy, lasts as long as its request, and loses nothing that
// a delayed or slow client is owed.
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { NetworkWebSocket } from '../../src/client/network-web-socket.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel, openSocket } from '../support/channel.ts'
import { cuttable } from '../support/cuttable.ts'
import { statusOf } from '../support/http.ts'

/** Longer than a test: such a delay ends with its fault. */
const LONG = { delayMs: 10_000 }

const post = (body: object, more: RequestInit = {}): RequestInit => ({
  method: 'POST',
  ...more,
  headers: { 'content-type': 'application/json', ...more.headers },
  body: JSON.stringify(body)
})

/** Switches a fault on. Its lines come one by one. */
async function begin(t: Test, url: string, body: object, channel = 'room') {
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  const response = await fetch(`${url}/api/channels/${channel}/fault`, post(body, { signal: controller.signal }))
  t.equal(response.status, 200)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const next = async (): Promise<unknown> => {
    for (;;) {
      const end = text.indexOf('\n')
      if (end >= 0) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        return JSON.parse(line)
      }
      const { done, value } = await reader.read()
      if (done) return undefined
      text += value
    }
  }
  return { next, end: () => controller.abort() }
}

/** The fault that the API shows for a channel. */
async function shown(url: string, channel = 'room'): Promise<unknown> {
  const answer = (await (await fetch(`${url}/api/channels/${channel}`)).json()) as { fault?: unknown }
  return answer.fault
}

/** Waits until no fault is shown. */
async function over(url: string): Promise<void> {
  while ((await shown(url)) !== undefined);
}

t.test('everything for the clients waits, and they get it in order at the end', async t => {
  const { url, log } = await buildTestApp(t)
  const sender = await joinChannel(t, url, 'room')
  const reader = await joinChannel(t, url, 'room')
  const watcher = await joinChannel(t, url, 'room')
  const elsewhere = await joinChannel(t, url, 'other')
  const second = await joinChannel(t, url, 'other')
  await reader.arrived()
  const fault = await begin(t, url, { ...LONG, except: watcher.id })
  t.strictSame(await fault.next(), { connections: 2 })
  t.strictSame(await shown(url), LONG)
  t.equal(await shown(url, 'other'), undefined)

  const late = openSocket(t, `${url.replace('http', 'ws')}/room`)
  await once(late.socket, 'open')
  for (let n = 0; n < 3; n++) sender.send({ action: 'broadcast', data: n })
  for (let n = 0; n < 3; n++) t.equal((await watcher.nextOf('broadcast')).data, n, 'the page of the developer hears')
  elsewhere.send({ action: 'broadcast', data: 'not concerned' })
  t.equal((await second.nextOf('broadcast')).data, 'not concerned')
  // The sender is left out, and the page of the developer answers at once.
  for (let waiting = 3; waiting > 2;) {
    const answer = await fetch(`${url}/api/channels/room/delivery?waitMs=50&except=${sender.id}`)
    waiting = ((await answer.json()) as { peers: { waiting: number } }).peers.waiting
    t.ok(waiting >= 2, 'the reader and the newcomer have read nothing')
  }

  fault.end()
  for (let n = 0; n < 3; n++) t.equal((await reader.nextOf('broadcast')).data, n)
  t.match(JSON.parse((await late.take()).bytes.toString()), { action: 'connect' })
  await over(url)
  sender.send({ action: 'broadcast', data: 'at once' })
  t.equal((await reader.nextOf('broadcast')).data, 'at once')
  t.match(log(), /a fault for developers begins/)
  t.match(log(), /a fault for developers is over/)
})

t.test('a client that leaves gets what was held back, before its close frame', async t => {
  const { url } = await buildTestApp(t)
  const sender = await joinChannel(t, url, 'room')
  const reader = await joinChannel(t, url, 'room')
  await reader.arrived()
  const fault = await begin(t, url, { readBytesPerSecond: 100, except: sender.id })
  await fault.next()
  sender.send({ action: 'broadcast', data: 'x'.repeat(5000) })
  sender.send({ action: 'broadcast', data: 'last' })
  await sender.arrived()
  reader.socket.close(1000)
  t.equal(((await reader.nextOf('broadcast')).data as string).length, 5000)
  t.equal((await reader.nextOf('broadcast')).data, 'last')
  t.equal((await reader.closed()).code, 1000)
})

t.test('a slow reader is closed at the limit of slow readers', async t => {
  const { url } = await buildTestApp(t, { maxQueuedBytes: 100_000 })
  const sender = await joinChannel(t, url, 'room')
  const reader = await joinChannel(t, url, 'room')
  const fault = await begin(t, url, { readBytesPerSecond: 100, except: sender.id })
  await fault.next()
  for (let n = 0; n < 5; n++) {
    sender.send({ action: 'broadcast', data: 'x'.repeat(50_000) })
    await sender.arrived()
  }
  t.strictSame(await reader.closed(), { code: 4008, reason: 'NWS_ERR_PEER_TOO_SLOW' })
})

t.test('connections are cut again and again, without a goodbye', async t => {
  const { url } = await buildTestApp(t)
  const watcher = await joinChannel(t, url, 'room')
  const first = await joinChannel(t, url, 'room')
  const fault = await begin(t, url, { cutEveryMs: 500, except: watcher.id })
  t.strictSame(await fault.next(), { connections: 1 })
  t.equal((await first.closed()).code, 1006)
  t.strictSame(await fault.next(), { cut: 1 })
  const second = openSocket(t, `${url.replace('http', 'ws')}/room`)
  t.equal((await second.closed).code, 1006)
  t.equal(watcher.socket.readyState, watcher.socket.OPEN)
})

t.test('a client that resumes misses nothing, however often it is cut', async t => {
  const { url } = await buildTestApp(t)
  const sender = await joinChannel(t, url, 'room')
  const phone = new NetworkWebSocket('room', { endpoint: url, WebSocket: cuttable().Socket, resume: 15_000 })
  t.teardown(() => phone.close())
  await once(phone, 'open')
  const heard: unknown[] = []
  const all = new Promise<void>(resolve => {
    phone.onmessage = ({ data }) => {
      if (heard.push(data) === 60) resolve()
    }
  })
  const fault = await begin(t, url, { delayMs: 450, cutEveryMs: 500, except: sender.id })
  await fault.next()
  for (let cuts = 0; cuts < 3; cuts++) {
    for (let n = 0; n < 20; n++) sender.send({ action: 'broadcast', data: String(cuts * 20 + n) })
    await fault.next()
  }
  fault.end()
  await all
  await sender.arrived()
  t.strictSame(
    heard,
    Array.from({ length: 60 }, (_, n) => String(n))
  )
})

t.test('the proxy refuses faults beyond their limits', async t => {
  const { url } = await buildTestApp(t)
  await joinChannel(t, url, 'room')
  const ask = async (body: object, { channel = 'room', headers = {} } = {}): Promise<unknown> => {
    const response = await fetch(`${url}/api/channels/${channel}/fault`, post(body, { headers }))
    return [response.status, ((await response.json()) as { code: string }).code]
  }
  t.strictSame(await ask(LONG, { channel: 'closed' }), [404, 'NWS_ERR_CHANNEL_NOT_FOUND'])
  for (const wrong of [{ delayMs: 0 }, { delayMs: 10_001 }, { readBytesPerSecond: 99 }, { cutEveryMs: 499 }, {}])
    t.strictSame(await ask(wrong), [400, 'NWS_ERR_REQUEST_INVALID'], JSON.stringify(wrong))
  t.equal(((await ask(LONG, { headers: { origin: 'http://elsewhere.example' } })) as number[])[0], 403)
  t.equal(await shown(url), undefined)

  const fault = await begin(t, url, LONG)
  t.strictSame(await ask(LONG), [409, 'NWS_ERR_FAULT_EXISTS'])
  for (let n = 1; n < 8; n++) {
    openSocket(t, `${url.replace('http', 'ws')}/room-${n}`)
    while ((await statusOf(`${url}/api/channels/room-${n}`)) !== 200);
    await begin(t, url, LONG, `room-${n}`)
  }
  openSocket(t, `${url.replace('http', 'ws')}/another`)
  while ((await statusOf(`${url}/api/channels/another`)) !== 200);
  t.strictSame(await ask(LONG, { channel: 'another' }), [409, 'NWS_ERR_FAULT_TOO_MANY'])
  fault.end()
  await over(url)
  await begin(t, url, LONG, 'another')
})

t.test('a fault ends with the proxy, and the log has no name of a channel', async t => {
  const { app, url, log } = await buildTestApp(t)
  await joinChannel(t, url, 'canary-of-the-fault')
  const fault = await begin(t, url, LONG, 'canary-of-the-fault')
  await fault.next()
  await app.close()
  t.strictSame(await fault.next(), { ended: 'shutdown' })
  t.equal(await fault.next(), undefined)
  t.notMatch(log(), /canary-of-the-fault/)
})
