// Clients of 2012: cookies instead of a login, the messages of their time alone, and who may do that at all.
import t, { type Test } from 'tap'
import { buildTestApp, requestBytes, sendRaw, UPGRADE } from '../support/app.ts'
import { enrol, logIn, openRendezvous, PASSWORD } from '../support/rendezvous.ts'

const options: Parameters<typeof buildTestApp>[1] = {
  bv: 'on',
  dataDir: ':memory:',
  bvLegacyLogin: true,
  bvOrigins: ['https://old.example']
}
const cookie = `theme=dark; ppz=${PASSWORD.replaceAll(' ', '%20')}; uun=%61nn; x=1`
const headers = { Cookie: cookie, Origin: 'https://old.example' }

async function connect(t: Test, ws: string) {
  return await openRendezvous(t, ws, '/', { headers: { cookie }, origin: 'https://old.example' })
}

t.test('an old client logs in by cookies and hears what it knows', async t => {
  const { app, ws } = await buildTestApp(t, options)
  await enrol(app, 'ann')
  const old = await connect(t, ws)
  t.strictSame(await old.next(), { type: 'userAdd', data: 'Us' }, 'which it needs before its id')
  const {
    data: { peerId }
  } = await old.next()
  t.type(peerId, 'number')
  t.strictSame(
    [await old.next(), await old.next()],
    [
      { type: 'userList', data: [] },
      { type: 'peerList', data: [] }
    ]
  )

  const bob = await logIn(t, ws, await enrol(app, 'bob'))
  old.send('requestToken', { name: '*' })
  old.sendRaw('no json')
  old.send('peerRequest', { to: 1, spd: { type: 'offer', sdp: '' } })
  old.send('requestToken', { name: 'Bob' })
  const {
    data: { token }
  } = await old.next()
  t.type(token, 'string', 'no error came before')
  bob.send('claimToken', { name: 'Ann', token })
  await bob.nextOf('claimResponse')
  t.strictSame(
    [await old.next(), await old.next()],
    [
      { type: 'userAdd', data: 'Bob' },
      { type: 'peerConnect', data: { name: 'Bob', id: bob.id } }
    ]
  )
  old.send('peerRequest', { to: bob.id, from: 5, peer: bob.id, spd: { type: 'offer', sdp: 'v=0' } })
  t.match(await bob.next(), { type: 'peerRequest', data: { from: peerId, peer: bob.id } })
  bob.send('peerCandidate', { to: peerId, candidate: null })
  bob.send('peerResponse', { to: peerId, spd: { type: 'answer', sdp: 'v=0' } })
  t.match(
    await old.next(),
    { type: 'peerResponse', data: { from: bob.id, peer: bob.id, to: peerId } },
    'candidates are not for it'
  )
  bob.send('userRemove', { name: 'Ann' })
  await bob.nextOf('userRemove')
  t.strictSame(await old.next(), { type: 'peerDisconnect', data: bob.id })
  old.send('inviteUser', { email: 'carl@example.org' })
  old.send('requestToken', { name: 'Carl' })
  t.equal((await old.next()).type, 'tokenResponse', 'neither userRemove nor inviteResponse')
})

t.test('a wrong login, a foreign or missing Origin are refused before the upgrade', async t => {
  const { app, port, ws } = await buildTestApp(t, options)
  await enrol(app, 'ann')
  const upgrade = (more: Record<string, string>, path = '/') =>
    sendRaw(port, requestBytes(port, 'GET', path, { ...UPGRADE, ...more }))
  t.match(await upgrade({ ...headers, Cookie: 'uun=ann; ppz=wrong' }), {
    status: 403,
    json: { code: 'NWS_ERR_BV_LOGIN' }
  })
  t.match(await upgrade({ ...headers, Origin: 'https://evil.example' }), {
    status: 403,
    json: { code: 'NWS_ERR_BV_ORIGIN' }
  })
  t.match(await upgrade({ Cookie: cookie }), { status: 403, json: { code: 'NWS_ERR_BV_ORIGIN' } })
  const client = await openRendezvous(t, ws, '/bv/socket', { headers: { cookie }, origin: 'https://old.example' })
  client.send('login', { user: 'nobody', password: 'x' })
  t.match(
    await client.next(),
    { type: 'error', data: { code: 'NWS_ERR_BV_LOGIN' } },
    'at /bv/socket cookies do not count'
  )
  const open = await buildTestApp(t, { ...options, bvOrigins: [] })
  t.match(
    await sendRaw(open.port, requestBytes(open.port, 'GET', '/', { ...UPGRADE, ...headers })),
    { status: 403, json: { code: 'NWS_ERR_BV_ORIGIN' } },
    'an empty list is not every page'
  )
})

t.test('without NWS_BV_LEGACY_LOGIN cookies are nothing', async t => {
  const { app, ws } = await buildTestApp(t, { ...options, bvLegacyLogin: false, authTimeoutMs: 200 })
  await enrol(app, 'ann')
  const client = await connect(t, ws)
  t.strictSame(await client.closed(), { code: 4510, reason: 'NWS_ERR_BV_LOGIN_FIRST' })
})
