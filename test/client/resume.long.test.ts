// A phone whose screen is dark for a minute, in real time: its membership waits, and nothing is lost in either direction.
import { once } from 'node:events'
import { setTimeout as pass } from 'node:timers/promises'
import t from 'tap'
import { joinChannel } from '../support/channel.ts'
import { cuttable } from '../support/cuttable.ts'
import { buildHost, guestClass, joinAsGuest } from '../support/guests.ts'

const DARK_MS = 60_000
const EVERY_MS = 1000

t.test('a guest comes back after 60 s without a connection', { timeout: 240_000 }, async t => {
  const { invite, call, ws } = await buildHost(t)
  const { url } = await invite('party')
  const desk = await joinChannel(t, ws, 'party')
  const net = cuttable()
  const phone = await joinAsGuest(t, url, 'party', {
    WebSocket: guestClass(url, net.Socket),
    resume: 120_000 // The address is one of this machine, else this would be the default.
  })
  const { id } = phone
  t.match(await desk.nextOf('connect'), { target: id })
  const heard: unknown[] = []
  phone.addEventListener('message', ({ data }) => heard.push(data))
  net.offline = true
  net.cut()
  await once(phone, 'reconnecting')
  const said: string[] = []
  const began = performance.now()
  while (performance.now() - began < DARK_MS) {
    said.push(`${said.length}`)
    desk.send({ action: 'broadcast', data: said.at(-1) })
    phone.send(said.at(-1)!)
    await pass(EVERY_MS)
  }
  t.match((await call('GET', '')).json, [{ guests: { now: 1, list: [{ id }] } }], 'its place waits')
  net.offline = false
  await once(phone, 'resumed')
  t.equal(phone.id, id)
  for (const data of said) t.match(await desk.nextOf('broadcast'), { source: id, data })
  desk.send({ action: 'broadcast', data: 'after' })
  while (heard.at(-1) !== 'after') await once(phone, 'message')
  t.same(heard, [...said, 'after'])
  t.same(
    (await desk.arrived()).filter(({ action }) => action === 'disconnect' || action === 'connect'),
    [],
    'the others did not see it go'
  )
})
