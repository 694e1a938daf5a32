// A second implementation of the link protocol, in Python, written from docs/protocol/link.md: against the vectors, and as
// the dialling end of links to a real proxy. What it cannot do is missing in the page.
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { buildTestApp, type TestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { needs } from '../support/needs.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const options = needs('python3')
// -B: no folders of compiled files beside the sources.
const FLAGS = ['-B', '-u']
/** Own multiplications of the other side take milliseconds each, on a machine that runs other tests too. */
const PATIENT = { linkTimings: { stepMs: 60_000, m2Ms: 60_000 } }
const CHANNEL = 'lab.17'

interface Event {
  readonly event: string
  readonly [key: string]: unknown
}

/** The Python end of a link. */
interface PythonEnd {
  tell(...command: unknown[]): void
  /** The next event of a kind, passing over others. */
  nextOf(event: string): Promise<Event>
}

/** Dials the mesh listener of a proxy. */
function dial(t: Test, { app }: TestApp, channel = CHANNEL, peer = 'py'): PythonEnd {
  const child = spawn(
    'python3',
    [...FLAGS, `${folder}dial.py`, '127.0.0.1', String(app.peerMesh.port), channel, peer],
    { stdio: ['pipe', 'pipe', 'inherit'] }
  )
  t.teardown(() => child.kill())
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    tell: (...command) => {
      child.stdin.write(`${JSON.stringify(command)}\n`)
    },
    nextOf: async wanted => {
      for (;;) {
        const { done, value } = await lines.next()
        if (done === true) throw new Error(`it ended while ${wanted} was awaited`)
        const event = JSON.parse(value) as Event
        if (event.event === wanted) return event
        if (event.event === 'fault') throw new Error(`fault: ${String(event['reason'])}`)
      }
    }
  }
}

/** The log entry for the end of a link. */
function endings({ log }: TestApp): { code?: number; by: string; truncated: boolean }[] {
  return log()
    .split('\n')
    .filter(line => /"msg":"(link ended|a link was closed[^"]*)"/.test(line))
    .map(line => JSON.parse(line) as never)
}

t.test('it agrees with all vectors', options, async t => {
  const { status, stdout, stderr } = spawnSync('python3', [...FLAGS, `${folder}check_vectors.py`], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.match(stdout, /^\d{3} checks\n$/)
})

t.test('it is linked, matched, hears and is heard, and leaves', options, async t => {
  const proxy = await buildTestApp(t, { meshHost: '127.0.0.1', mesh: PATIENT })
  const alice = await joinChannel(t, proxy.ws, `${CHANNEL}?binary=1`)
  await joinChannel(t, proxy.ws, 'another')
  const end = dial(t, proxy)

  t.match(await end.nextOf('open'), { remote: Buffer.from(proxy.app.crypto.proxyId.bytes).toString('hex') })
  t.match(await end.nextOf('confirmed'), { name: CHANNEL })
  t.match(await end.nextOf('join'), { id: alice.id })
  t.match(await alice.nextOf('connect'), { source: alice.id, target: 'py' })
  t.match(proxy.app.peerMesh.links(), [{ role: 'responder', channels: [CHANNEL] }])

  end.tell('broadcast', '{"n":1.0,"s":"\\u0041"}')
  t.equal((await alice.nextRaw()).text, '{"action":"broadcast","source":"py","data":{"n":1.0,"s":"\\u0041"}}')
  end.tell('direct', alice.id, '"to you"')
  t.match(await alice.next(), { action: 'message', source: 'py', target: alice.id, data: 'to you' })
  end.tell('binary', 'deadbeef')
  t.match(await alice.next(), { bytes: Buffer.from([3, 2, ...Buffer.from('py'), 0xde, 0xad, 0xbe, 0xef]) })

  alice.send('{"action":"broadcast","data": 12345678901234567890 }')
  t.match(await end.nextOf('message'), {
    source: alice.id,
    target: null,
    seq: 1,
    binary: false,
    payload: '12345678901234567890'
  })
  alice.send({ action: 'message', target: 'py', data: ['x'] })
  t.match(await end.nextOf('message'), { source: alice.id, target: 'py', seq: 2, payload: '["x"]' })
  alice.send(Buffer.from([3, 0, 1, 2, 3]))
  t.match(await end.nextOf('message'), { seq: 3, binary: true, payload: '010203' })

  // Longer than one DATA frame, both ways.
  const long = JSON.stringify('x'.repeat(70_000))
  end.tell('broadcast', long)
  t.equal((await alice.nextRaw()).text, `{"action":"broadcast","source":"py","data":${long}}`)
  alice.send(`{"action":"broadcast","data":${long}}`)
  t.equal((await end.nextOf('message'))['payload'], long)

  end.tell('ping', 0, '0102030405060708')
  t.match(await end.nextOf('pong'), { x: '0102030405060708' })
  end.tell('rekey', 0)
  end.tell('broadcast', '"with a new key"')
  t.match(await alice.next(), { data: 'with a new key' })

  end.tell('leave')
  t.match(await alice.next(), { action: 'disconnect', source: alice.id, target: 'py' })
  end.tell('reopen')
  t.match(await end.nextOf('confirmed'), { name: CHANNEL })
  t.match(await alice.next(), { action: 'connect', target: 'py' })
  end.tell('close', 0, 1000)
  t.match(await end.nextOf('over'), { code: 1000 })
  t.match(await alice.next(), { action: 'disconnect', target: 'py' })
  t.match(endings(proxy), [{ code: 1000, by: 'remote', truncated: false }])
})

t.test('it answers WANT: a channel that the proxy opens later is matched', options, async t => {
  const proxy = await buildTestApp(t, { meshHost: '127.0.0.1', mesh: PATIENT })
  const end = dial(t, proxy)
  await end.nextOf('swept')
  const alice = await joinChannel(t, proxy.ws, CHANNEL)
  t.match(await end.nextOf('confirmed'), { name: CHANNEL })
  t.match(await alice.nextOf('connect'), { target: 'py' })
  // Nothing of its own to test: a sweep of padding.
  await joinChannel(t, proxy.ws, 'yet-another')
  await end.nextOf('swept')
  await end.nextOf('swept')
  t.match(proxy.app.peerMesh.links(), [{ channels: [CHANNEL] }])
})

t.test('it finds its channel among more than one block', options, async t => {
  const proxy = await buildTestApp(t, { meshHost: '127.0.0.1', mesh: PATIENT })
  const { channelRegistry } = proxy.app
  for (let index = 0; index < 514; index++) await channelRegistry.join(`channel-${index}`)
  await channelRegistry.join(CHANNEL)
  const end = dial(t, proxy)
  t.match(await end.nextOf('confirmed'), { name: CHANNEL })
  await end.nextOf('swept')
  t.match(proxy.app.peerMesh.links(), [{ channels: [CHANNEL] }])
})

t.test('a second link goes on with the session, and nobody notices', options, async t => {
  const proxy = await buildTestApp(t, { meshHost: '127.0.0.1', mesh: PATIENT })
  const alice = await joinChannel(t, proxy.ws, CHANNEL)
  const end = dial(t, proxy)
  t.match(await end.nextOf('confirmed'), { link: 0 })
  t.match(await alice.next(), { action: 'connect', target: 'py' })
  end.tell('broadcast', '"before"')
  t.match(await alice.next(), { data: 'before' })
  end.tell('dial')
  t.match(await end.nextOf('carries'), { link: 1 })
  end.tell('broadcast', '"once"')
  t.match(await alice.next(), { action: 'broadcast', data: 'once' }, 'neither twice, nor a disconnect')
  alice.send({ action: 'broadcast', data: 'heard' })
  t.match(await end.nextOf('message'), { link: 1, payload: '"heard"' })
  t.match(proxy.app.peerMesh.links(), [{ state: 'open', channels: [CHANNEL] }])
})

t.test('what is said while no link stands arrives over the next one, once and in order', options, async t => {
  const proxy = await buildTestApp(t, { meshHost: '127.0.0.1', mesh: PATIENT })
  const alice = await joinChannel(t, proxy.ws, CHANNEL)
  const end = dial(t, proxy)
  await end.nextOf('confirmed')
  t.match(await alice.next(), { action: 'connect', target: 'py' })
  for (let round = 0; round < 3; round++) {
    end.tell('broadcast', `"${round} with a link"`)
    t.match(await alice.next(), { data: `${round} with a link` })
    end.tell('cut', round)
    while (proxy.app.peerMesh.links()[0]?.state !== 'resuming') await new Promise(resolve => setImmediate(resolve))
    for (const text of ['one', 'two']) {
      end.tell('broadcast', JSON.stringify(`${round} ${text}`))
      alice.send({ action: 'broadcast', data: `${round} ${text}` })
    }
    end.tell('dial')
    for (const text of ['one', 'two']) {
      t.match(await end.nextOf('message'), { link: round + 1, payload: JSON.stringify(`${round} ${text}`) })
      t.match(await alice.next(), { action: 'broadcast', source: 'py', data: `${round} ${text}` })
    }
  }
  t.match(proxy.app.peerMesh.links(), [{ resumptions: 3 }])
})

t.test('without the name nothing is matched', options, async t => {
  const proxy = await buildTestApp(t, { meshHost: '127.0.0.1', mesh: PATIENT })
  const alice = await joinChannel(t, proxy.ws, CHANNEL)
  const end = dial(t, proxy, 'lab.18')
  await end.nextOf('swept')
  t.match(proxy.app.peerMesh.links(), [{ channels: [] }])
  end.tell('close', 0, 1000)
  await end.nextOf('over')
  t.strictSame(await alice.arrived(), [])
})

t.test('what it forges reaches nobody, and ends its link', options, async t => {
  const proxy = await buildTestApp(t, { meshHost: '127.0.0.1', mesh: PATIENT })
  const alice = await joinChannel(t, proxy.ws, CHANNEL)
  const end = dial(t, proxy)
  await alice.nextOf('connect')
  for (const text of ['1,"source":"x"', '1}', '', ' 1', '1 2', '\ufeff1', `${'['.repeat(10_000)}${']'.repeat(10_000)}`])
    end.tell('broadcast', text)
  end.tell('broadcast', '"honest"')
  t.strictSame(await alice.next(), { action: 'broadcast', source: 'py', data: 'honest' })
  end.tell('raw', 0, '00'.repeat(40))
  t.match(await end.nextOf('closed'), { code: 1008 })
  t.match(await alice.next(), { action: 'disconnect', target: 'py' })
  t.match(endings(proxy), [{ code: 1008, by: 'us' }])
})
