// A program as a peer of a page: the library in Node.js with WebRTC of another make (werift), both ways.
import t from 'tap'
import { RTCPeerConnection as Werift } from 'werift'
import { BoneValue } from '../../src/client/bonevalue/node.ts'
import { buildTestApp } from '../support/app.ts'
import { addFriends, openUser, PASSWORD, rendezvousOptions } from '../support/bonevalue.ts'
import { needsBrowser } from '../support/browser.ts'

t.test('a page and a program ask each other', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addFriends(t, url, 'ann', 'robot')
  const $BV = new BoneValue({ RTCPeerConnection: Werift as unknown as typeof RTCPeerConnection, timeoutMs: 60_000 })
  t.teardown(() => $BV.disconnect())
  $BV.module('add', ({ request: [a, b], callback }) => callback(a + b))
  const met = new Promise<string>(resolve => $BV.on('peerconnect', ({ id }) => resolve(id)))
  await $BV.connect(url, 'robot', PASSWORD)
  const page = await openUser(t, url, 'ann', { timeoutMs: 60_000 })
  t.equal(await met, page.id)

  await page.said('peerconnect robot')
  t.match(
    await page.run("ask('robot', 'add', [1, 2])"),
    [{ response: 3, peer: { name: 'robot' } }],
    'the page asks and offers'
  )
  const text = 'ä€😀 '.repeat(2 ** 20 / 10 + 1)
  const ask = (query: string, module: string, data: unknown, keepAlive: boolean): Promise<unknown> =>
    new Promise(resolve => $BV.get(query).message(module, data, keepAlive, resolve))
  t.equal(await ask('ann', 'echo', text, false), text, 'a large message to the page and back')

  const again = await openUser(t, url, 'ann')
  t.match(await ask(again.id, 'echo', { hello: 'you' }, true), { hello: 'you' }, 'the program asks and offers')
  t.match(await ask(again.id, 'none', 1, true), { code: 'NO_MODULE' })
  await again.page.close()
  await page.run("void (globalThis.gone = ask('robot', 'never', 1))")
  t.match(await page.run('return gone'), [{ response: { code: 'NO_MODULE' } }])
})
