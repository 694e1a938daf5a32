// The wire of the rendezvous over real sockets: every message, its order, who hears it. Refusals have a file of their own.
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { addUser, enrol, exchangeToken, logIn, openRendezvous, PASSWORD, useInvitation } from '../support/rendezvous.ts'

const options = { bv: 'on', dataDir: ':memory:' } as const

t.test('two strangers exchange a token and reach each other', async t => {
  const { url, ws } = await buildTestApp(t, options)
  await addUser(url, 'ann')
  await addUser(url, 'Bob@example.org')

  const ann = await logIn(t, ws, 'ann')
  t.match(ann.welcome, [
    { type: 'login', data: { user: 'ann', session: /^[\w-]{22}$/, expiresAt: Number, iceServers: [] } },
    { type: 'userAdd', data: 'Us' },
    { type: 'setPeerId', data: { peerId: Number } },
    { type: 'userList', data: [] },
    { type: 'peerList', data: [] }
  ])
  const bob = await logIn(t, ws, 'bob@EXAMPLE.org')
  t.match(bob.welcome[0], { data: { user: 'Bob@example.org' } }, 'names are compared without case')
  t.strictSame(await ann.arrived(), [], 'strangers do not hear of each other')

  ann.send('requestToken', { name: 'Bobby' })
  const {
    data: { token }
  } = await ann.next()
  t.match(token, /^[\w-]{22}$/, '128 bits')
  bob.send('claimToken', { name: 'Annie', token })
  t.strictSame(
    [await bob.next(), await bob.next(), await bob.next()],
    [
      { type: 'userAdd', data: 'Annie' },
      { type: 'peerConnect', data: { name: 'Annie', id: ann.id } },
      { type: 'claimResponse', data: { name: 'Annie' } }
    ]
  )
  t.strictSame(
    [await ann.next(), await ann.next()],
    [
      { type: 'userAdd', data: 'Bobby' },
      { type: 'peerConnect', data: { name: 'Bobby', id: bob.id } }
    ]
  )

  const offer = { type: 'offer', sdp: 'v=0\r\n' }
  ann.send('peerRequest', { to: bob.id, from: 1, peer: 2, spd: offer, more: 'is left out' })
  t.strictSame(
    await bob.next(),
    { type: 'peerRequest', data: { to: bob.id, from: ann.id, peer: bob.id, spd: offer } },
    'from is stamped'
  )
  const answer = { type: 'answer', sdp: 'v=0\r\ns=-' }
  bob.send('peerResponse', { to: String(ann.id), from: 1, spd: answer })
  t.strictSame(
    await ann.next(),
    { type: 'peerResponse', data: { to: ann.id, from: bob.id, peer: bob.id, spd: answer } },
    'ids may be text'
  )
  const candidate = {
    candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host',
    sdpMid: '0',
    sdpMLineIndex: 0,
    usernameFragment: 'abcd'
  }
  ann.send('peerCandidate', { to: bob.id, candidate })
  ann.send('peerCandidate', { to: bob.id, candidate: null })
  t.strictSame(await bob.next(), { type: 'peerCandidate', data: { to: bob.id, from: ann.id, candidate } })
  t.strictSame(await bob.next(), { type: 'peerCandidate', data: { to: bob.id, from: ann.id, candidate: null } })

  await bob.close()
  t.strictSame(await ann.next(), { type: 'peerDisconnect', data: bob.id })
  const again = await logIn(t, ws, 'bob@example.org')
  t.strictSame(
    again.welcome.slice(3).map(({ data }) => data as unknown),
    [['Annie'], [{ name: 'Annie', id: ann.id }]]
  )
  t.strictSame(await ann.next(), { type: 'peerConnect', data: { name: 'Bobby', id: again.id } })
})

t.test('the other sockets of an account are "Us"', async t => {
  const { app, ws } = await buildTestApp(t, options)
  const first = await logIn(t, ws, await enrol(app, 'ann'))
  const second = await logIn(t, ws, { session: first.session })
  t.equal(second.session, first.session)
  t.strictSame(second.welcome[4], { type: 'peerList', data: [{ name: 'Us', id: first.id }] })
  t.strictSame(await first.next(), { type: 'peerConnect', data: { name: 'Us', id: second.id } })
  second.send('peerRequest', { to: first.id, spd: { type: 'offer', sdp: '' } })
  t.match(await first.next(), { type: 'peerRequest', data: { from: second.id } })
})

t.test('every client of both sides hears of new trust, and of its end', async t => {
  const { app, ws } = await buildTestApp(t, options)
  const a = await enrol(app, 'ann')
  const b = await enrol(app, 'bob')
  const ann = [await logIn(t, ws, a), await logIn(t, ws, a), await logIn(t, ws, a)] as const
  const bob = [await logIn(t, ws, b), await logIn(t, ws, b)] as const
  for (const client of [...ann, ...bob]) await client.arrived()
  await exchangeToken(ann[0], bob[0], { ofClaimer: 'B', ofIssuer: 'A' })
  for (const client of ann) {
    t.strictSame(await client.arrived(), [
      { type: 'userAdd', data: 'B' },
      ...bob.map(({ id }) => ({ type: 'peerConnect', data: { name: 'B', id } }))
    ])
  }
  t.strictSame(await bob[1].arrived(), [
    { type: 'userAdd', data: 'A' },
    ...ann.map(({ id }) => ({ type: 'peerConnect', data: { name: 'A', id } }))
  ])

  await bob[0].arrived()
  bob[0].send('userRemove', { name: 'A' })
  const gone = [...ann.map(({ id }) => ({ type: 'peerDisconnect', data: id })), { type: 'userRemove', data: 'A' }]
  for (const client of bob) for (const message of gone) t.strictSame(await client.next(), message)
  for (const client of ann) {
    t.strictSame(await client.arrived(), [
      ...bob.map(({ id }) => ({ type: 'peerDisconnect', data: id })),
      { type: 'userRemove', data: 'B' }
    ])
  }
  ann[0].send('peerRequest', { to: bob[0].id, spd: { type: 'offer', sdp: '' } })
  t.match(await ann[0].next(), { type: 'error', data: { code: 'NWS_ERR_BV_NO_PEER' } }, 'and cannot reach each other')
})

t.test('one user invites another, who chooses name and password', async t => {
  const { app, url, ws } = await buildTestApp(t, options)
  const ann = await logIn(t, ws, await enrol(app, 'ann'))
  ann.send('inviteUser', { email: 'bob@example.org' })
  const { data } = await ann.next()
  t.match(data, { email: 'bob@example.org', link: `${url}/bv/invite/#`, expiresAt: Number })
  const token = (data.link as string).split('#')[1]!
  t.match(await useInvitation(url, 'status', { token }), { status: 200, body: { name: 'bob@example.org' } })
  t.match(await useInvitation(url, 'accept', { token, name: 'bob', password: PASSWORD }), {
    status: 201,
    body: { name: 'bob' }
  })
  await logIn(t, ws, 'bob')
})

t.test('what is sent without waiting for the login is done after it, in order', async t => {
  const { app, ws } = await buildTestApp(t, options)
  await enrol(app, 'ann')
  const client = await openRendezvous(t, ws, '/')
  client.send('login', { user: 'ann', password: PASSWORD })
  for (const name of ['a', '*', 'b']) client.send('requestToken', { name })
  const types = ['login', 'userAdd', 'setPeerId', 'userList', 'peerList', 'tokenResponse', 'error', 'tokenResponse']
  for (const type of types) t.equal((await client.next()).type, type)
})
