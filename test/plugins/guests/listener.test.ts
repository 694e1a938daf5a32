// Guests over loopback: invitations by the API, the listener, and the library's socket with its secret.
import { once } from 'node:events'
import t from 'tap'
import { joinChannel } from '../../support/channel.ts'
import { buildHost, joinAsGuest, openGuest, type Made } from '../../support/guests.ts'

t.test('a guest with the secret is a peer of the channel', async t => {
  const { invite, call, ws } = await buildHost(t)
  const { url, id } = await invite('party', { guests: 3 })
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/start\/#[\w-]{22}$/)
  const desk = await joinChannel(t, ws, 'party')
  const phone = await joinAsGuest(t, url, 'party')
  t.equal((await desk.nextOf('connect')).target, phone.id)
  phone.send('ink')
  t.match(await desk.nextOf('broadcast'), { source: phone.id, data: 'ink' })
  desk.send({ action: 'message', target: phone.id, data: 'to you' })
  const [peer] = phone.peers
  const [event] = (await once(peer!, 'message')) as [MessageEvent]
  t.equal(event.data, 'to you')
  const { json } = await call('GET', '')
  t.match(json, [{ id, channel: 'party', page: 'start', guests: { now: 1, max: 3, list: [{ id: phone.id }] } }])
})

t.test('large and binary messages pass both ways', async t => {
  const { invite, ws } = await buildHost(t)
  const { url } = await invite('party')
  const desk = await joinChannel(t, ws, 'party?binary=1')
  const phone = await joinAsGuest(t, url, 'party')
  phone.binaryType = 'arraybuffer'
  await desk.nextOf('connect')
  const bytes = Buffer.alloc(300_000, 'abc')
  phone.send(bytes)
  const { bytes: got } = await desk.nextOf('binary')
  t.ok((got as Buffer).subarray(-bytes.length).equals(bytes))
  const text = 'ü'.repeat(200_000)
  desk.send({ action: 'broadcast', data: text })
  const [event] = (await once(phone, 'message')) as [MessageEvent]
  t.equal(event.data, text)
})

t.test('a closed invitation ends its guests with a code, and its link leads nowhere', async t => {
  const { invite, call } = await buildHost(t)
  const { url, id } = await invite('party')
  const other = await invite('party')
  const phone = await joinAsGuest(t, url, 'party')
  const closed = once(phone, 'close')
  const told = once(phone, 'error')
  t.match(await call('DELETE', `/${id}`), { status: 200, json: { closed: true } })
  t.match(await told, [{ code: 'NWS_ERR_GUEST_OVER', message: /over/ }])
  t.match(await closed, [{ code: 4514, reason: 'NWS_ERR_GUEST_OVER' }])
  const late = openGuest(t, url.replace(/:\d+/, `:${new URL(other.url).port}`), 'party', { reconnect: true })
  const [error] = await once(late, 'error')
  t.match(error, { code: 'NWS_ERR_GUEST_OVER', message: 'The invitation is over. Ask for a new code and scan it.' })
  t.match(await call('DELETE', `/${id}`), { status: 404, json: { code: 'NWS_ERR_GUEST_INVITATION' } })
})

t.test('[R22] the listener exists only while an invitation is open', async t => {
  const { invite, call } = await buildHost(t)
  const { url, id } = await invite('party')
  const base = new URL(url).origin
  const library = await fetch(`${base}/lib/networkwebsockets.js`)
  t.equal(library.status, 200)
  t.match(await library.text(), /noble/)
  await call('DELETE', `/${id}`)
  await t.rejects(fetch(`${base}/lib/networkwebsockets.js`))
})

t.test('an invitation ends by itself', async t => {
  const { invite, call } = await buildHost(t)
  const { url } = await invite('party', { expiresInSeconds: 1 })
  const phone = await joinAsGuest(t, url, 'party')
  t.match(await once(phone, 'close'), [{ code: 4514 }])
  t.same((await call('GET', '')).json, [])
})

t.test('the secret of one invitation does not open the channel of another', async t => {
  const { invite } = await buildHost(t)
  await invite('first')
  const { url } = await invite('second')
  const phone = openGuest(t, url, 'first')
  const closed = once(phone, 'close')
  t.match(await once(phone, 'error'), [{ code: 'NWS_CLIENT_NOT_INVITED' }])
  t.match(await closed, [{ code: 4517 }])
})

t.test('places: a full invitation refuses, a guest that leaves makes room, a removed one does not', async t => {
  const { invite, call } = await buildHost(t)
  const { url, id } = await invite('party', { guests: 2 })
  const one = await joinAsGuest(t, url, 'party')
  const two = await joinAsGuest(t, url, 'party')
  const three = openGuest(t, url, 'party')
  t.match(await once(three, 'error'), [{ code: 'NWS_ERR_GUEST_FULL', message: /places/ }])
  const left = once(two, 'disconnect')
  one.close()
  await left
  const four = await joinAsGuest(t, url, 'party')
  const closed = once(four, 'close')
  t.match(await call('DELETE', `/${id}/guests/${four.id}`), { status: 200, json: { removed: true } })
  t.match(await closed, [{ code: 4515, reason: 'NWS_ERR_GUEST_REMOVED' }])
  t.match(await call('DELETE', `/${id}/guests/${four.id}`), { status: 404, json: { code: 'NWS_ERR_GUEST_UNKNOWN' } })
  const five = openGuest(t, url, 'party')
  t.match(await once(five, 'error'), [{ code: 'NWS_ERR_GUEST_FULL' }])
  t.match((await call('GET', '')).json, [{ guests: { now: 1, max: 1 } }])
})

t.test('the API tells guests from other peers', async t => {
  const { invite, url: base } = await buildHost(t)
  const { url, id } = await invite('party')
  const phone = await joinAsGuest(t, url, 'party')
  const { peers } = (await (await fetch(`${base}/api/peers`)).json()) as { peers: object[] }
  t.match(peers, [{ id: phone.id, via: 'guest', invitation: id }])
})

t.test('wrong wishes are refused with a code', async t => {
  const { call } = await buildHost(t)
  const wishes: [object, number, string][] = [
    [{ channel: 'a b' }, 404, 'NWS_ERR_CHANNEL_NAME'],
    [{ channel: 'x', page: 'bonevalue' }, 400, 'NWS_ERR_GUEST_PAGE'],
    [{ channel: 'x', page: 'app' }, 400, 'NWS_ERR_GUEST_PAGE'],
    [{ channel: 'x', page: 'app', app: 'http://192.168.1.1:80/' }, 400, 'NWS_ERR_GUEST_APP'],
    [{ channel: 'x', page: 'app', app: 'http://127.0.0.1:80@evil.example/' }, 400, 'NWS_ERR_GUEST_APP'],
    [{ channel: 'x', app: 'http://127.0.0.1:80/' }, 400, 'NWS_ERR_GUEST_APP'],
    [{ channel: 'x', guests: 0 }, 400, 'NWS_ERR_REQUEST_INVALID']
  ]
  for (const [wish, status, code] of wishes) t.match(await call('POST', '', wish), { status, json: { code } })
})

t.test('as many invitations are open as possible, not more', async t => {
  const { call, invite } = await buildHost(t)
  const made: Made[] = []
  for (let i = 0; i < 32; i++) made.push(await invite('party'))
  t.equal(new Set(made.map(({ url }) => url)).size, 32)
  t.match(await call('POST', '', { channel: 'party' }), { status: 409, json: { code: 'NWS_ERR_GUEST_INVITATIONS' } })
})
