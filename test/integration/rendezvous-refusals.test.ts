// The refusals of the rendezvous over real sockets: each has its code, and changes nothing.
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { buildTestApp, request, requestBytes, sendRaw, UPGRADE } from '../support/app.ts'
import { NwsError } from '../../src/core/errors.ts'
import {
  enrol,
  exchangeToken,
  invite,
  logIn,
  openRendezvous,
  PASSWORD,
  useInvitation,
  type Client
} from '../support/rendezvous.ts'

const options = { bv: 'on', dataDir: ':memory:' } as const

/** A proxy with accounts ann, bob and eve, logged in; ann and bob trust each other. */
async function setUp(t: Test, more: Parameters<typeof buildTestApp>[1] = {}) {
  const proxy = await buildTestApp(t, { ...options, ...more })
  const [ann, bob, eve] = (await Promise.all(
    ['ann', 'bob', 'eve'].map(async name => await logIn(t, proxy.ws, await enrol(proxy.app, name)))
  )) as [Client, Client, Client]
  await exchangeToken(ann, bob, { ofClaimer: 'Bob', ofIssuer: 'Ann' })
  await ann.arrived()
  return { ...proxy, ann, bob, eve }
}

const offer = { type: 'offer', sdp: 'v=0' }

t.test('nothing passes between users who do not trust each other, and nobody learns who is online', async t => {
  const { ann, bob, eve } = await setUp(t)
  const messages: [string, object][] = [
    ['peerRequest', { spd: offer }],
    ['peerResponse', { spd: { type: 'answer', sdp: 'v=0' } }],
    ['peerCandidate', { candidate: null }]
  ]
  for (const [type, data] of messages) {
    // Not trusted, not there, oneself, and with the sender forged: one answer.
    for (const to of [ann.id, 1, eve.id]) {
      eve.send(type, { ...data, to, from: bob.id })
      t.match(
        await eve.next(),
        { type: 'error', data: { code: 'NWS_ERR_BV_NO_PEER', message: String, type, to } },
        `${type} to ${to}`
      )
    }
  }
  t.strictSame(await ann.arrived(), [])
  t.strictSame(await bob.arrived(), [])
})

t.test('a forged sender is replaced by the true one', async t => {
  const { ann, bob, eve } = await setUp(t)
  ann.send('peerRequest', { to: bob.id, from: eve.id, peer: eve.id, spd: offer })
  t.match(await bob.next(), { type: 'peerRequest', data: { from: ann.id, peer: bob.id } })
})

t.test('what is no message is answered, and the socket goes on', async t => {
  const { ann } = await setUp(t)
  const code = 'NWS_ERR_BV_MESSAGE'
  for (const text of [
    '',
    'hello',
    '[]',
    '"a"',
    'null',
    '1',
    '{}',
    '{"type":1}',
    '{"type":"nothing","data":{}}',
    '{"type":"__proto__","data":{}}',
    '{"type":"toString"}',
    '{"type":"setPeerId","data":{}}',
    '['.repeat(60_000)
  ]) {
    ann.sendRaw(text)
    t.strictSame(Object.keys((await ann.next()).data as object).sort(), ['code', 'message'], text.slice(0, 40))
  }
  for (const [type, data] of [
    ['peerRequest', {}],
    ['peerRequest', { to: 1 }],
    ['peerRequest', { to: 1, spd: null }],
    ['peerRequest', { to: 1, spd: { type: 'answer', sdp: '' } }],
    ['peerRequest', { to: -1, spd: offer }],
    ['peerRequest', { to: 1.5, spd: offer }],
    ['peerRequest', { to: '1e3', spd: offer }],
    ['peerRequest', { to: 2 ** 53, spd: offer }],
    ['peerRequest', { to: [1], spd: offer }],
    ['peerResponse', { to: 1, spd: offer }],
    ['peerResponse', { to: 1, spd: { type: 'answer', sdp: 1 } }],
    ['peerCandidate', { to: 1 }],
    ['peerCandidate', { to: 1, candidate: 'a' }],
    ['peerCandidate', { to: 1, candidate: { candidate: 'a', sdpMid: 1 } }],
    ['requestToken', null],
    ['requestToken', []],
    ['requestToken', {}],
    ['requestToken', { name: 1 }],
    ['claimToken', { name: 'a' }],
    ['claimToken', { token: 'a' }],
    ['inviteUser', {}],
    ['inviteUser', { email: 1 }],
    ['userRemove', {}],
    ['login', {}],
    ['login', { user: 'ann', password: PASSWORD }]
  ] as [string, unknown][]) {
    ann.send(type, data)
    t.match(await ann.next(), { type: 'error', data: { code, type } }, `${type} ${JSON.stringify(data)}`)
  }
  ann.sendRaw(Buffer.from('{"type":"requestToken","data":{"name":"a"}}'))
  t.match(await ann.next(), { type: 'error', data: { code } }, 'binary')
  t.strictSame(await ann.arrived(), [])
})

t.test('a message of more than 64 KiB ends the socket', async t => {
  const { ann, ws } = await setUp(t)
  const filler = (bytes: number): string =>
    JSON.stringify({ type: 'peerRequest', data: { to: 1, spd: { type: 'offer', sdp: '' } }, filler: '' }).replace(
      '"filler":""',
      () => `"filler":"${'x'.repeat(bytes - 80)}"`
    )
  ann.sendRaw(filler(65_000))
  t.match(await ann.next(), { data: { code: 'NWS_ERR_BV_NO_PEER' } })
  ann.sendRaw(filler(70_000))
  t.strictSame(await ann.closed(), { code: 1009, reason: 'NWS_ERR_BV_TOO_LARGE' })
  const early = await openRendezvous(t, ws)
  early.sendRaw(filler(70_000))
  t.strictSame(await early.closed(), { code: 1009, reason: 'NWS_ERR_BV_TOO_LARGE' })
})

t.test('before the login nothing is accepted and nothing is sent', async t => {
  const { ws, ann } = await setUp(t, { authTimeoutMs: 2000 })
  for (const text of [
    'hello',
    JSON.stringify({ type: 'requestToken', data: { name: 'a' } }),
    JSON.stringify({ type: 'peerRequest', data: { to: ann.id, spd: offer } }),
    '{"type":"login"}',
    '{"type":"login","data":{"user":"ann"}}'
  ]) {
    const client = await openRendezvous(t, ws)
    client.sendRaw(text)
    t.strictSame(await client.closed(), { code: 4510, reason: 'NWS_ERR_BV_LOGIN_FIRST' }, text)
  }
  const silent = await openRendezvous(t, ws)
  const heard: unknown[] = []
  void silent.next().then(
    message => heard.push(message),
    () => {}
  )
  ann.send('requestToken', { name: 'x' })
  t.strictSame(await silent.closed(), { code: 4510, reason: 'NWS_ERR_BV_LOGIN_FIRST' }, 'silence ends it, too')
  t.strictSame(heard, [])
})

t.test('a login that is wrong does not tell why', async t => {
  const { ws, url } = await setUp(t)
  t.equal(
    (
      await fetch(`${url}/api/users/eve`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: '{"disabled":true}'
      })
    ).status,
    200
  )
  const answers: unknown[] = []
  for (const [user, password] of [
    ['ann', 'wrong'],
    ['nobody', PASSWORD],
    ['eve', PASSWORD],
    ['', ''],
    ['ann', '']
  ]) {
    const client = await openRendezvous(t, ws)
    client.send('login', { user, password })
    answers.push(await client.next())
    t.strictSame(await client.closed(), { code: 4511, reason: 'NWS_ERR_BV_LOGIN' }, `name ${user}`)
  }
  for (const answer of answers) t.strictSame(answer, answers[0])
})

t.test('a session that is unknown, revoked or of a disabled account does not count', async t => {
  const { ws, url, ann, bob } = await setUp(t)
  const refused = async (session: string) => {
    const client = await openRendezvous(t, ws)
    client.send('login', { session })
    t.match(await client.next(), { type: 'error', data: { code: 'NWS_ERR_BV_SESSION', type: 'login' } })
    t.strictSame(await client.closed(), { code: 4512, reason: 'NWS_ERR_BV_SESSION' })
  }
  await refused('A'.repeat(22))
  const second = await logIn(t, ws, { session: ann.session })
  const other = await logIn(t, ws, 'ann')
  const { sessions } = (await (await fetch(`${url}/api/users/ANN/sessions`)).json()) as { sessions: { id: string }[] }
  t.equal(sessions.length, 2)
  t.strictSame(
    await (await fetch(`${url}/api/users/ann/sessions?id=${sessions[0]!.id}`, { method: 'DELETE' })).json(),
    { ended: 1 }
  )
  for (const client of [ann, second])
    t.strictSame(await client.closed(), { code: 4512, reason: 'NWS_ERR_BV_SESSION' }, 'its sockets end')
  await refused(ann.session)
  t.strictSame(
    (await other.arrived()).map(({ type }) => type),
    ['peerDisconnect', 'peerDisconnect', 'userCut'],
    'the other session lives'
  )

  await fetch(`${url}/api/users/bob`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{"disabled":true}'
  })
  t.strictSame(await bob.closed(), { code: 4513, reason: 'NWS_ERR_BV_DISABLED' })
  await refused(bob.session)
  await fetch(`${url}/api/users/bob`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{"disabled":false}'
  })
  await refused(bob.session)
  await logIn(t, ws, 'bob')
  t.equal(
    (
      await fetch(`${url}/api/users/carl`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: '{"disabled":true}'
      })
    ).status,
    404
  )
})

t.test('a token counts once, for somebody else, for 10 minutes', async t => {
  const { ann, bob, eve } = await setUp(t)
  const newToken = async (name: string): Promise<string> => {
    ann.send('requestToken', { name })
    return (await ann.nextOf('tokenResponse')).data.token as string
  }
  const claim = async (client: typeof eve, name: string, token: string) => {
    client.send('claimToken', { name, token })
    for (;;) {
      const { type, data } = await client.next()
      if (type === 'claimResponse' || type === 'error') return (data.code ?? data.name) as string
    }
  }
  t.equal(await claim(eve, 'Ann', 'A'.repeat(22)), 'NWS_ERR_BV_TOKEN_UNKNOWN')
  const token = await newToken('Eve')
  t.equal(await claim(ann, 'Me', token), 'NWS_ERR_BV_TOKEN_OWN')
  t.equal(await claim(eve, 'Ann', token), 'Ann', "and one's own try has not used it up")
  t.equal(await claim(eve, 'Ann', token), 'NWS_ERR_BV_TOKEN_USED')
  t.equal(await claim(bob, 'Ann2', token), 'NWS_ERR_BV_TOKEN_USED')

  t.equal(await claim(eve, 'Another', await newToken('Yet another')), 'Ann', 'who trusts already keeps the alias')
  t.strictSame(await eve.arrived(), [], 'and hears nothing new')

  const now = Date.now
  const late = await newToken('Late')
  Date.now = () => now() + 600_001
  t.teardown(() => {
    Date.now = now
  })
  t.equal(await claim(bob, 'Late', late), 'NWS_ERR_BV_TOKEN_EXPIRED')
})

t.test('no two users of a list have one alias', async t => {
  const { ann, bob, eve } = await setUp(t)
  ann.send('requestToken', { name: 'Bob' })
  t.match(
    await ann.next(),
    { type: 'error', data: { code: 'NWS_ERR_BV_ALIAS_TAKEN', type: 'requestToken' } },
    'when the token is asked for'
  )
  eve.send('requestToken', { name: 'Bob' })
  const {
    data: { token }
  } = await eve.next()
  bob.send('claimToken', { name: 'Ann', token })
  t.match(
    await bob.next(),
    { type: 'error', data: { code: 'NWS_ERR_BV_ALIAS_TAKEN', type: 'claimToken' } },
    'when it is claimed'
  )
  bob.send('claimToken', { name: 'Eve', token })
  t.match(await bob.nextOf('claimResponse'), { data: { name: 'Eve' } }, 'and it was not used up')
  // Two tokens for one alias: the second to be claimed clashes on the side of who made them.
  ann.send('requestToken', { name: 'Somebody' })
  ann.send('requestToken', { name: 'Somebody' })
  const [first, second] = [await ann.nextOf('tokenResponse'), await ann.nextOf('tokenResponse')]
  eve.send('claimToken', { name: 'Ann', token: first.data.token })
  await eve.nextOf('claimResponse')
  const dan = eve
  dan.send('userRemove', { name: 'nobody' })
  t.match(await dan.next(), { type: 'error', data: { code: 'NWS_ERR_BV_ALIAS_UNKNOWN', type: 'userRemove' } })
  bob.send('userRemove', { name: 'Ann' })
  await bob.nextOf('userRemove')
  bob.send('claimToken', { name: 'Ann', token: second.data.token })
  t.match(await bob.nextOf('error'), { data: { code: 'NWS_ERR_BV_ALIAS_TAKEN' } })
})

t.test('names that the client needs for itself are no aliases', async t => {
  const { ann } = await setUp(t)
  for (const name of ['', ' a', 'a ', '*', 'Us', 'message', '123', '٣', 'a\nb', 'a\u0000', 'x'.repeat(65)]) {
    for (const [type, data] of [
      ['requestToken', { name }],
      ['claimToken', { name, token: 'A'.repeat(22) }]
    ] as const) {
      ann.send(type, data)
      t.match(await ann.next(), { type: 'error', data: { code: 'NWS_ERR_BV_ALIAS', type } }, JSON.stringify(name))
    }
  }
  for (const name of ['us', 'message 2', 'Zoë', '__proto__', 'x'.repeat(64)]) {
    ann.send('requestToken', { name })
    t.equal((await ann.next()).type, 'tokenResponse', name)
  }
})

t.test('who writes too much is told to slow down, and open tokens have an end', async t => {
  const { ann } = await setUp(t)
  const codes: string[] = []
  for (let n = 0; n < 20; n++) ann.send('requestToken', { name: `n${n}` })
  for (let n = 0; n < 20; n++) codes.push(((await ann.next()).data.code as string) ?? 'token')
  t.equal(codes.filter(code => code === 'token').length, 16)
  t.ok(codes.slice(16).every(code => code === 'NWS_ERR_BV_TOO_MANY'))
  for (let n = 0; n < 40; n++) ann.send('userRemove', { name: 'nobody' })
  let slowed
  for (let n = 0; n < 40; n++) {
    const { data } = await ann.next()
    if (data.code === 'NWS_ERR_BV_SLOW_DOWN') slowed = data as { retryAfterMs: number }
  }
  t.match(slowed, { type: 'userRemove', retryAfterMs: 1000 })
  for (let n = 0; n < 1500; n++) ann.send('peerCandidate', { to: 1, candidate: null })
  t.strictSame(await ann.closed(), { code: 4029, reason: 'NWS_ERR_RATE_LIMITED' })
})

/** Logs in on many sockets at once, so that all tries begin at one moment. @returns the answers */
async function tryAll(t: Test, ws: string, logins: readonly { user: string; password: string }[]) {
  const clients = await Promise.all(logins.map(() => openRendezvous(t, ws)))
  clients.forEach((client, index) => client.send('login', logins[index]))
  return await Promise.all(
    clients.map(async client => (await client.next()).data as { code?: string; retryAfterMs?: number })
  )
}

t.test('guessing the password of one name is slowed, and no session is locked out', async t => {
  const { ws, ann, bob } = await setUp(t)
  const answers = await tryAll(t, ws, [
    ...Array.from({ length: 5 }, () => ({ user: 'ann', password: 'guess' })),
    { user: 'ANN', password: PASSWORD }
  ])
  t.equal(answers.filter(({ code }) => code === 'NWS_ERR_BV_LOGIN').length, 5)
  t.match(
    answers[5],
    { code: 'NWS_ERR_BV_SLOW_DOWN', type: 'login' },
    'the right password, in other letters, has to wait too'
  )
  t.ok(answers[5]!.retryAfterMs! > 0 && answers[5]!.retryAfterMs! <= 10_000)
  await logIn(t, ws, { session: ann.session })
  await bob.close()
  await logIn(t, ws, 'bob')
})

t.test('guessing from one address is slowed, whatever the names', async t => {
  const { ws } = await buildTestApp(t, { ...options, rendezvous: { authenticate: async () => undefined } })
  const answers = await tryAll(
    t,
    ws,
    Array.from({ length: 25 }, (_, index) => ({ user: `name ${index}`, password: 'guess' }))
  )
  t.ok(answers.filter(({ code }) => code === 'NWS_ERR_BV_SLOW_DOWN').length > 0)
  t.ok(answers.filter(({ code }) => code === 'NWS_ERR_BV_LOGIN').length >= 20)
})

t.test('more than 32 waiting logins are told that it is busy, and that is no try', async t => {
  const { ws, app } = await buildTestApp(t, options)
  await enrol(app, 'ann')
  let isWanted = true
  const waiting = Array.from({ length: 33 }, () => app.accounts.passwords.verify(undefined, 'x', () => isWanted))
  for (let n = 0; n < 8; n++) {
    const client = await openRendezvous(t, ws)
    client.send('login', { user: 'ann', password: PASSWORD })
    t.match(await client.next(), { type: 'error', data: { code: 'NWS_ERR_BV_BUSY' } })
    t.strictSame(await client.closed(), { code: 1013, reason: 'NWS_ERR_BV_BUSY' })
  }
  isWanted = false
  await Promise.all(waiting)
  await logIn(t, ws, 'ann')
})

t.test('a store that fails costs the request, not the proxy', async t => {
  const { ws, ann, app, log } = await setUp(t)
  const store = await app.rendezvous.service.store()
  const broken = {
    ...store,
    createToken: async () => {
      throw new Error('disk full')
    },
    findUser: async () => {
      throw new NwsError('NWS_ERR_BV_STORE')
    }
  }
  app.rendezvous.service.store = async () => broken
  ann.send('requestToken', { name: 'a' })
  t.match(await ann.next(), { type: 'error', data: { code: 'NWS_ERR_INTERNAL', type: 'requestToken' } })
  t.match(log(), /disk full/)
  const client = await openRendezvous(t, ws)
  client.send('login', { user: 'ann', password: PASSWORD })
  t.match(await client.next(), { type: 'error', data: { code: 'NWS_ERR_BV_STORE' } })
  await client.closed()
  t.strictSame(await ann.arrived(), [])
})

t.test('an invitation counts once, and says what is wrong with it', async t => {
  const { url } = await buildTestApp(t, options)
  const token = await invite(url, 'ann')
  t.match(await useInvitation(url, 'status', { token: 'A'.repeat(22) }), {
    status: 404,
    body: { code: 'NWS_ERR_BV_INVITE_UNKNOWN' }
  })
  t.match(await useInvitation(url, 'status', {}), { status: 400, body: { code: 'NWS_ERR_REQUEST_INVALID' } })
  for (const [name, password, code] of [
    ['', PASSWORD, 'NAME'],
    ['a b', PASSWORD, 'NAME'],
    ['x'.repeat(101), PASSWORD, 'NAME'],
    ['ann', 'short', 'PASSWORD'],
    ['ann', 'ä'.repeat(600), 'PASSWORD']
  ] as const) {
    t.match(await useInvitation(url, 'accept', { token, name, password }), {
      status: 400,
      body: { code: `NWS_ERR_BV_${code}` }
    })
  }
  t.match(
    await useInvitation(url, 'accept', { token, name: 'ann', password: PASSWORD }, { origin: 'https://evil.example' }),
    { status: 403, body: { code: 'NWS_ERR_CROSS_SITE' } }
  )
  t.match(
    await useInvitation(url, 'accept', { token, name: 'ann', password: PASSWORD }, { 'content-type': 'text/plain' }),
    { status: 415 }
  )
  t.match(await useInvitation(url, 'accept', { token, name: 'ann', password: PASSWORD }), { status: 201 })
  t.match(await useInvitation(url, 'accept', { token, name: 'bob', password: PASSWORD }), {
    status: 409,
    body: { code: 'NWS_ERR_BV_INVITE_USED' }
  })
  const second = await invite(url)
  t.match(await useInvitation(url, 'accept', { token: second, name: 'ANN', password: PASSWORD }), {
    status: 409,
    body: { code: 'NWS_ERR_BV_NAME_TAKEN' }
  })
  const now = Date.now
  Date.now = () => now() + 72 * 3_600_000 + 1
  t.teardown(() => {
    Date.now = now
  })
  t.match(await useInvitation(url, 'status', { token: second }), {
    status: 410,
    body: { code: 'NWS_ERR_BV_INVITE_EXPIRED' }
  })
  t.match(await useInvitation(url, 'accept', { token: second, name: 'bob', password: PASSWORD }), {
    status: 410,
    body: { code: 'NWS_ERR_BV_INVITE_EXPIRED' }
  })
})

t.test('pages of other origins open no socket where the origins are listed', async t => {
  const { port, ws, url } = await buildTestApp(t, {
    ...options,
    bvOrigins: ['https://app.example'],
    allowedOrigins: ['https://nobody.example']
  })
  for (const path of ['/', '/bv/socket']) {
    for (const [origin, status] of [
      ['https://app.example', 101],
      [url, 101],
      ['https://app.example.evil', 403],
      ['null', 403],
      ['https://nobody.example', 403]
    ] as const) {
      const socket = new WebSocket(`${ws}${path}`, { origin })
      const [response] = (await Promise.race([
        once(socket, 'upgrade'),
        once(socket, 'unexpected-response').then(([, answer]) => [answer as { statusCode: number }])
      ])) as [{ statusCode: number }]
      t.equal(response.statusCode, status, `${origin} at ${path}`)
      socket.terminate()
    }
    t.match(await sendRaw(port, requestBytes(port, 'GET', path, { ...UPGRADE, Origin: 'https://evil.example' })), {
      status: 403,
      json: { code: 'NWS_ERR_BV_ORIGIN' }
    })
    t.match(await sendRaw(port, requestBytes(port, 'GET', path, { ...UPGRADE, Host: 'evil.example' })), {
      status: 403,
      json: { code: 'NWS_ERR_HOST_NOT_ALLOWED' }
    })
  }
})

t.test('while it is off, nothing of it is there', async t => {
  const { port } = await buildTestApp(t)
  for (const path of ['/', '/bv/socket'])
    t.equal((await sendRaw(port, requestBytes(port, 'GET', path, UPGRADE))).status, 404, path)
  for (const path of ['/bv/invite/', '/bv/invite', '/bv/invite/invite.js', '/scripts/BV.js', '/api/users'])
    t.equal((await request(port, 'GET', path)).status, 404, path)
  t.match((await request(port, 'GET', '/api/rendezvous')).json, { state: 'off', users: 0, peers: 0 })
  t.equal((await request(port, 'GET', '/')).status, 200, 'the console is')
})
