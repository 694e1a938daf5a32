// The library of BoneValue against a real rendezvous, with connections in memory: what an application sees when it asks, answers,
// and when the rendezvous is silent, away or refuses.
import t, { type Test } from 'tap'
import { defineModules } from '../../../src/client/bonevalue/index.ts'
import type { Peer } from '../../../src/client/bonevalue/peer.ts'
import { buildTestApp } from '../../support/app.ts'
import { enrolFriends, fakePage } from '../../support/bonevalue-clients.ts'
import { FakeNetwork, FakeStream } from '../../support/fake-rtc.ts'
import { openRendezvous } from '../../support/rendezvous.ts'

const options = { bv: 'on', dataDir: ':memory:' } as const
/** No test waits for these. */
const PATIENT = { timeoutMs: 60_000, connectTimeoutMs: 60_000 }

/** Pages of ann and ben, who trust each other, logged in. */
async function pair(t: Test, more: Parameters<typeof fakePage>[2] = {}) {
  const proxy = await buildTestApp(t, options)
  const sessions = await enrolFriends(t, proxy, ['ann', 'ben'])
  const network = new FakeNetwork()
  const ben = fakePage(t, network, { ...PATIENT, ...more })
  const ann = fakePage(t, network, { ...PATIENT, ...more })
  await ben.$BV.connect(proxy.url, { session: sessions.ben })
  await ann.$BV.connect(proxy.url, { session: sessions.ann })
  await ben.heard('peerconnect ann')
  return { ...proxy, sessions, network, ann, ben }
}

t.test('`connect` comes first, and users and peers are known by then', async t => {
  const { url, sessions, network, ben } = await pair(t)
  const page = fakePage(t, network, PATIENT)
  const known: unknown[] = []
  page.$BV.on('connect', () => known.push(page.$BV.getUsers(), page.$BV.get('ben').peers().length))
  await page.$BV.connect(url, { session: sessions.ann })
  t.strictSame(known, [['ben'], 1])
  t.equal(page.events[0], 'connect')
  t.ok(page.events.includes(`peerconnect ben ${ben.$BV.getId()}`))
})

t.test('a request gets the answers of all peers, with why there is none', async t => {
  const { ann, ben, url, sessions, network } = await pair(t)
  const benToo = fakePage(t, network, PATIENT)
  await benToo.$BV.connect(url, { session: sessions.ben })
  await ann.heard(`peerconnect ben ${benToo.$BV.getId()}`)
  ben.$BV.module('double', async (data: number, { peer }: { peer: Peer }) => `${data * 2} for ${peer.name}`)
  const answers = await ann.$BV.get('ben').request('double', 21)
  t.match(
    answers.find(({ peer }) => peer.id === ben.$BV.getId()),
    { response: '42 for ann', peer: { name: 'ben' } }
  )
  t.match(
    answers.find(({ peer }) => peer.id === benToo.$BV.getId()),
    { code: 'NO_MODULE', err: String }
  )
  const [peer] = ann.$BV.get(ben.$BV.getId()!).peers()
  t.equal(await peer!.request('double', 4), '8 for ann')
  await t.rejects(peer!.request('none'), { code: 'NO_MODULE', name: 'BoneValueError' })
  t.strictSame(await ann.$BV.get('nobody').request('double', 1), [], 'nobody is asked, and that is an answer')
  t.match(await ann.$BV.get(ann.$BV.getId()!).request('double', 1), [{ code: 'OWN_ID' }])
  t.strictSame(ann.$BV.get(Object.create(null) as string).peers(), [])
})

t.test('a module answers by its callback or by what it returns', async t => {
  const { ann, ben } = await pair(t)
  ben.$BV.module('returns', e => e.data as unknown)
  ben.$BV.module('promises', async e => [e.name])
  ben.$BV.module('later', ({ request, callback }) => setImmediate(() => callback(request)))
  const ask = async (module: string): Promise<unknown> => (await ann.$BV.get('ben').request(module, 'x'))[0]
  t.match(await ask('returns'), { response: 'x' })
  t.match(await ask('promises'), { response: ['ann'] })
  t.match(await ask('later'), { response: 'x' })
})

t.test('a request ends by its own limit or signal, and the module hears of it', async t => {
  const { ann, ben } = await pair(t)
  const aborted: string[] = []
  const asked: (() => void)[] = []
  const ended = new Promise<void>(resolve => {
    ben.$BV.module('never', (data: string, { signal }: { signal: AbortSignal }) => {
      for (const go of asked.splice(0)) go()
      return new Promise(() =>
        signal.addEventListener('abort', () => {
          if (aborted.push(data) === 2) resolve()
        })
      )
    })
  })
  const controller = new AbortController()
  const cut = ann.$BV.get('ben').request('never', 'cut', { signal: controller.signal })
  await new Promise<void>(resolve => asked.push(resolve))
  controller.abort(new Error('changed my mind'))
  await t.rejects(cut, { message: 'changed my mind' })
  t.match(await ann.$BV.get('ben').request('never', 'short', { timeoutMs: 50 }), [{ code: 'TIMEOUT' }])
  await ended
  t.strictSame(aborted.toSorted(), ['cut', 'short'])
})

t.test('binary values arrive as they are, wherever they are', async t => {
  const { ann, ben } = await pair(t)
  ben.$BV.module('echo', e => e.callback(e.request))
  const peer = ann.$BV.get('ben').peers()[0]!
  const file = new File(['content'], 'a.txt', { type: 'text/plain', lastModified: 5 })
  const sent = {
    buffer: new Uint8Array([1, 2, 3]).buffer,
    list: [new Float64Array([0.5, -1]), 'text', new Uint8Array(300_000).fill(7)],
    blob: new Blob(['bytes'], { type: 'x/y' }),
    file,
    view: new DataView(new ArrayBuffer(3))
  }
  const back = await peer.request('echo', sent)
  t.strictSame(new Uint8Array(back.buffer), new Uint8Array([1, 2, 3]))
  t.strictSame(back.list[0], sent.list[0])
  t.equal(back.list[1], 'text')
  t.ok(Buffer.from(back.list[2]).equals(Buffer.from(sent.list[2] as Uint8Array)))
  t.equal(back.blob.type, 'x/y')
  t.equal(await back.blob.text(), 'bytes')
  t.match([back.file.name, back.file.type, back.file.lastModified], ['a.txt', 'text/plain', 5])
  t.equal(await back.file.text(), 'content')
  t.equal(back.view.byteLength, 3)
  t.strictSame(await peer.request('echo', new Uint8Array([9])), new Uint8Array([9]))
  for (const value of [Number.NaN, new Map(), () => 1, [undefined], { deep: [Infinity] }, 1n])
    await t.rejects(peer.request('echo', value), { code: 'NOT_JSON' })
  await t.rejects(peer.request('echo', new Uint8Array(2 ** 25)), { code: 'TOO_LARGE' })
})

t.test('modules with types', async t => {
  const { ann, ben } = await pair(t)
  type Chat = { Echo: (text: string) => string; Sum: (numbers: number[]) => Promise<number> }
  defineModules<Chat>(ben.$BV).module('Echo', text => `${text}!`)
  const chat = defineModules<Chat>(ann.$BV)
  const [answer] = await chat.request('ben', 'Echo', 'hello')
  const text: string | undefined = answer?.response
  t.equal(text, 'hello!')
  t.equal(await chat.ask(ann.$BV.get('ben').peers()[0]!, 'Echo', 'you'), 'you!')
})

t.test('a silent way to the rendezvous is noticed, and no request is lost meanwhile', async t => {
  const { ann, ben } = await pair(t, { lifeMs: 200, heartbeatMs: 60_000, keepAliveMs: 100 })
  ben.$BV.module('echo', e => e.callback(e.request))
  const id = ann.$BV.getId()
  ann.silence()
  t.match(await ann.$BV.get('ben').request('echo', 'there'), [{ response: 'there' }], 'the offer raised the doubt')
  t.equal(ann.$BV.getId(), id, 'the page is the same peer')
  t.match(ann.events.slice(-2), ['disconnect', 'connect'])
  t.notOk(ben.events.includes('peerdisconnect'), 'others hear nothing')
  ann.silence()
  t.match(await ann.$BV.requestToken('Zoe').catch((error: unknown) => error), { code: 'DISCONNECTED' })
  await ann.heard('connect')
  await ann.heard('connect')
  t.match(await ben.$BV.requestToken('Zoe'), { token: String })
})

t.test('a page without anything to say notices it too', async t => {
  const { ann } = await pair(t, { lifeMs: 100, heartbeatMs: 50 })
  await ann.heard('connect')
  ann.silence()
  await ann.heard('disconnect')
  await ann.heard('connect')
})

t.test('the first login is tried again if the rendezvous is away, or refuses for the moment', async t => {
  const gone = await buildTestApp(t, options)
  const { port } = gone
  await gone.app.close()
  const network = new FakeNetwork()
  const page = fakePage(t, network, { reconnect: { initialDelayMs: 20, maxDelayMs: 50 } })
  const connected = page.$BV.connect(`localhost:${port}`, 'ann', 'wrong password')
  await page.heard('error UNREACHABLE')
  const proxy = await buildTestApp(t, { ...options, port })
  await enrolFriends(t, proxy, ['ann'])
  await t.rejects(connected, { code: 'NWS_ERR_BV_LOGIN' }, 'this one is for good')
  t.equal(await page.heard('disconnect'), 'disconnect')
  t.equal(page.$BV.getId(), null)
})

t.test('an error that passes says when to try again', async t => {
  const proxy = await buildTestApp(t, options)
  const waits: (number | undefined)[] = []
  const page = fakePage(t, new FakeNetwork(), { reconnect: false })
  page.$BV.on('error', ({ code, retryAfterMs }) => {
    if (code === 'NWS_ERR_BV_SLOW_DOWN') waits.push(retryAfterMs)
  })
  for (let attempt = 0; waits.length === 0; attempt++)
    await page.$BV.connect(proxy.url, 'eve', 'wrong password').catch(() => {})
  t.ok(waits[0]! > 0)
})

t.test('a session that has ended while the rendezvous was away ends no conversation', async t => {
  const { app, ann, ben, sessions, url } = await pair(t, { reconnect: { initialDelayMs: 1, maxDelayMs: 5 } })
  ben.$BV.module('echo', e => e.callback(e.request))
  t.match(await ann.$BV.get('ben').request('echo', 1), [{ response: 1 }])
  const id = ann.$BV.getId()
  const store = await app.rendezvous.service.store()
  const { id: userId } = (await store.findUser('ann'))!
  await store.revokeSessions(userId)
  ann.sockets.at(-1)!.terminate()
  await ann.heard('error NWS_ERR_BV_SESSION')
  await ann.heard('disconnect')
  t.equal(ann.$BV.getId(), null)
  t.match(await ann.$BV.get('ben').request('echo', 2), [{ response: 2 }], 'the page asks on')
  const [session] = await Promise.all([
    app.rendezvous.service.logIn('ann', 'correct horse battery', {
      address: '::1',
      origin: undefined,
      isOpen: () => true
    })
  ])
  t.notOk('refusal' in session)
  await ann.$BV.connect(url, { session: (session as { session: string }).session })
  t.not(ann.$BV.getId(), id)
  t.match(await ann.$BV.get('ben').request('echo', 3), [{ response: 3 }])
  t.not(sessions.ann, ann.$BV.getSession())
})

t.test('a request without a rendezvous says so', async t => {
  const { app, ann } = await pair(t, { timeoutMs: 300 })
  await app.close()
  await ann.heard('disconnect')
  t.match(await ann.$BV.get('ben').request('echo', 1), [{ code: 'DISCONNECTED' }])
})

t.test('the end of two trusts at once: each answer belongs to its request', async t => {
  const proxy = await buildTestApp(t, options)
  const sessions = await enrolFriends(t, proxy, ['ann', 'bob', 'carl'])
  const network = new FakeNetwork()
  const [ann, bob] = [fakePage(t, network, PATIENT), fakePage(t, network, PATIENT)]
  await ann.$BV.connect(proxy.url, { session: sessions.ann })
  await bob.$BV.connect(proxy.url, { session: sessions.bob })
  const results = await Promise.allSettled([
    bob.$BV.removeUser('ann'),
    ann.$BV.removeUser('bob'),
    ann.$BV.removeUser('carl')
  ])
  t.match(results[2], { status: 'fulfilled' }, 'carl is removed')
  t.strictSame(ann.$BV.getUsers(), [])
})

t.test('a session logs in again, from a storage too', async t => {
  const { url, sessions, network } = await pair(t)
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key)
  }
  const page = fakePage(t, network, PATIENT)
  await t.rejects(page.$BV.connect(url, { storage }), { code: 'NO_SESSION' })
  await page.$BV.connect(url, { session: sessions.ann, storage })
  t.equal(page.$BV.getSession(), sessions.ann)
  const reloaded = fakePage(t, network, PATIENT)
  await reloaded.$BV.connect(url, { storage })
  t.not(reloaded.$BV.getId(), page.$BV.getId(), 'a page that was loaded again is another peer')
  const lost = fakePage(t, network, { ...PATIENT, reconnect: false })
  await lost.$BV.connect(url, { storage })
  lost.sockets.at(-1)!.terminate()
  await lost.heard('disconnect')
  t.equal(kept.size, 1, 'a lost connection is no end of the session')
  reloaded.$BV.disconnect()
  t.equal(kept.size, 0, 'a user who logs out leaves nothing')
})

t.test('only the page itself can come back under its id', async t => {
  const { ws, sessions, ann } = await pair(t)
  const other = await openRendezvous(t, ws)
  other.send('login', { session: sessions.ben, page: 'guessed' })
  const { data } = await other.nextOf('setPeerId')
  t.not(String(data.peerId), ann.$BV.getId())
  const again = await openRendezvous(t, ws)
  again.send('login', { session: sessions.ben, page: 'guessed' })
  t.equal((await again.nextOf('setPeerId')).data.peerId, data.peerId)
  t.match(await other.closed(), { code: 4009 })
})

t.test('streams come and go, and hold their connection', async t => {
  const { ann, ben } = await pair(t, { keepAliveMs: 20 })
  const received = new Promise<[unknown, Peer]>(resolve =>
    ben.$BV.on('stream', (stream, peer) => resolve([stream, peer]))
  )
  const stream = new FakeStream() as unknown as MediaStream
  const peer = ann.$BV.get('ben').peers()[0]!
  peer.addStream(stream)
  const [arrived, from] = await received
  t.equal(arrived, stream)
  t.equal(from.name, 'ann')
  const connection = await peer.connection()
  t.equal(connection.connectionState, 'connected')
  peer.removeStream(stream)
  // The library closes an unused connection.
  while (connection.connectionState !== 'closed') await new Promise(setImmediate)
})

t.test('a room has the peers that joined it and see each other, and carries what they send', async t => {
  const { app, url, sessions, network, ann, ben } = await pair(t)
  const told: string[] = []
  const room = await ann.$BV.join('music')
  t.strictSame(room.peers(), [])
  room.on('join', ({ name }) => told.push(`join ${name}`))
  room.on('leave', ({ name }) => told.push(`leave ${name}`))
  const heard = new Promise(resolve => room.on('message', (data, { name }) => resolve([data, name])))
  const other = await ben.$BV.join('music')
  t.strictSame(
    other.peers().map(({ name }) => name),
    ['ann']
  )
  t.match(await other.send({ song: new Uint8Array([1]) }), [{ peer: { name: 'ann' }, err: undefined }])
  t.strictSame(await heard, [{ song: new Uint8Array([1]) }, 'ben'])
  t.strictSame(told, ['join ben'])
  const outside = fakePage(t, network, PATIENT)
  await outside.$BV.connect(url, { session: sessions.ben })
  t.match(await outside.$BV.get('ann').request('$room', { room: 'none', data: 1 }), [{ code: 'NO_MODULE' }])

  ben.sockets.at(-1)!.terminate()
  await ben.heard('disconnect')
  await ben.heard('connect')
  await ann.heard('peerconnect ben')
  t.match(await other.send('again'), [{ peer: { name: 'ann' }, err: undefined }], 'it joins again by itself')
  const left = new Promise<void>(resolve => room.on('leave', () => resolve()))
  await other.leave()
  await left
  t.strictSame(room.peers(), [])

  const again = await ben.$BV.join('music')
  t.match(again.peers(), [{ name: 'ann' }])
  ben.sockets.at(-1)!.terminate()
  await ben.heard('disconnect')
  await again.leave()
  await ben.heard('connect')
  await ben.$BV.sessions() // Answers come in the order of the requests.
  const { service } = app.rendezvous
  t.strictSame(
    [...service.directory.get(Number(ben.$BV.getId()))!.rooms],
    [],
    'a room can be left without the rendezvous'
  )
})

t.test('two calls join a room together, or fail together', async t => {
  const { ann } = await pair(t)
  const [one, other] = [ann.$BV.join('r'), ann.$BV.join('r')]
  t.equal(await one, await other)
  const refused = [ann.$BV.join(''), ann.$BV.join('')]
  for (const each of refused) await t.rejects(each, { code: 'NWS_ERR_BV_MESSAGE' })
})

t.test('a file of any size goes over the connection, with progress', async t => {
  const { ann, ben } = await pair(t)
  const size = 3_000_000
  const taken = new Promise<Uint8Array>((resolve, reject) => {
    ben.$BV.onfile = offer => {
      offer.accept().then(async ([file]) => resolve(new Uint8Array(await (file!.blob as Blob).arrayBuffer())), reject)
    }
  })
  const bytes = Uint8Array.from({ length: size }, (_, n) => n % 251)
  let most = 0
  const report = await ann.$BV.sendFile(new File([bytes], 'song.bin'), {
    to: ben.$BV.getId()!,
    onProgress: progress => {
      most = Math.max(most, progress.bytes)
    }
  })
  t.strictSame(report.refused, [])
  t.ok(Buffer.from(await taken).equals(Buffer.from(bytes)))
  t.equal(most, size)
})

t.test('a peer without a way to the rendezvous stays as long as it can be reached', async t => {
  const { ann, ben } = await pair(t)
  for (const { $BV } of [ann, ben]) $BV.module('echo', e => e.callback(e.request))
  t.match(await ann.$BV.get('ben').request('echo', 1), [{ response: 1 }])
  // Her socket ends without her page knowing, and ben's page is told.
  ann.silence()
  ann.sockets.at(-1)!.terminate()
  const told = new Promise<void>(resolve => {
    ben.sockets.at(-1)!.on('message', data => {
      if ((data as Buffer).toString().includes('peerDisconnect')) resolve()
    })
  })
  await told
  t.match(await ben.$BV.get('ann').request('echo', 2), [{ response: 2 }])
  t.match(await ann.$BV.get('ben').request('echo', 3), [{ response: 3 }])
  t.notOk(ben.events.some(event => event.startsWith('peerdisconnect')))
  ann.$BV.disconnect()
  t.match(await ben.heard('peerdisconnect'), /^peerdisconnect \d+$/)
  t.strictSame(ben.$BV.get('ann').peers(), [])
})

t.test('a page that was shut out loses its open connections, even if it has left the rendezvous', async t => {
  const { app, ann, ben, url, sessions, network } = await pair(t)
  const benToo = fakePage(t, network, PATIENT)
  await benToo.$BV.connect(url, { session: sessions.ben })
  await ann.heard(`peerconnect ben ${benToo.$BV.getId()}`)
  for (const { $BV } of [ben, benToo]) $BV.module('echo', e => e.callback(e.request))
  t.match(await ann.$BV.get('ben').request('echo', 1), [{ response: 1 }, { response: 1 }])
  const told = new Promise<void>(resolve => {
    ann.sockets.at(-1)!.on('message', data => {
      if ((data as Buffer).toString().includes('peerDisconnect')) resolve()
    })
  })
  // His page keeps its connections, although it is gone from the rendezvous.
  ben.silence()
  ben.sockets.at(-1)!.terminate()
  await told
  const hidden = ben.$BV.getId()!
  t.match(await ann.$BV.get(hidden).request('echo', 2), [{ response: 2 }])
  const { service } = app.rendezvous
  const user = (await (await service.store()).findUser('ben'))!
  await service.endSessions(user, 'another one')
  t.equal(await ann.heard('peerdisconnect'), `peerdisconnect ${hidden}`)
  t.match(await ann.$BV.get('ben').request('echo', 3), [{ response: 3, peer: { id: benToo.$BV.getId() } }])
  t.equal(network.connections.filter(({ connectionState }) => connectionState !== 'closed').length, 2)

  const last = benToo.$BV.getId()!
  await service.setDisabled(user, true)
  t.equal(await ann.heard('peerdisconnect'), `peerdisconnect ${last}`)
  t.strictSame(ann.$BV.get('ben').peers(), [])
})
