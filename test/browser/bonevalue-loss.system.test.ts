// BoneValue when somebody goes away: a peer in mid-request, the rendezvous while data flows.
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { buildTestApp } from '../support/app.ts'
import { addFriends, openUser, rendezvousOptions } from '../support/bonevalue.ts'
import { needsBrowser } from '../support/browser.ts'
import { freePort } from '../support/ports.ts'

/** Two friends; ben has been asked what he never answers. */
async function midRequest(t: Test) {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addFriends(t, url, 'ann', 'ben')
  const ann = await openUser(t, url, 'ann', { timeoutMs: 120_000 })
  const ben = await openUser(t, url, 'ben')
  await ann.said('peerconnect ben')
  await ann.run("void (globalThis.asked = ask('ben', 'never', 1))")
  await ben.said('never')
  return { url, ann, ben }
}

t.test('a peer that goes in mid-request is told, whatever it was asked', needsBrowser, async t => {
  const { ann, ben } = await midRequest(t)
  await ann.run("void (globalThis.large = ask('ben', 'never', 'x'.repeat(2 ** 24)))")
  await ben.page.close()
  await ann.said('peerdisconnect')
  for (const name of ['asked', 'large'])
    t.match(
      await ann.run(`return ${name}`),
      [{ response: { code: 'PEER_GONE' }, peer: { name: 'ben', id: ben.id } }],
      name
    )
  t.strictSame(await ann.run("$BV.get('*').peers()"), [])
})

t.test('a peer that logs out is gone, and what it was asked fails', needsBrowser, async t => {
  const { url, ann, ben } = await midRequest(t)
  await ben.run('$BV.disconnect(); 0')
  t.equal(await ben.said('disconnect'), 'disconnect ')
  t.equal(await ben.run('$BV.getId()'), null)
  t.match(await ann.run('return asked'), [{ response: { code: 'PEER_GONE' } }])
  // An id that is unknown may be told of later, so the question waits for all of its time.
  const hasty = await openUser(t, url, 'ann', { timeoutMs: 500 })
  t.match(await hasty.run('ask(arg, "echo", 1, true, 1)', ben.id), [{ response: { code: 'NO_PEER' } }])
})

t.test('requests go on while the rendezvous is away, and after it is back', needsBrowser, async t => {
  const dataDir = t.testdir()
  const start = async (port: number) => {
    const app = await buildApp({ port, discovery: 'off', shutdownTimeoutMs: 500, bv: 'on', dataDir })
    t.teardown(() => app.close().catch(() => {})) // Where the test ends early its folder has gone by then.
    return { app, port: await app.listener.listen() }
  }
  const first = await start(await freePort())
  const url = `http://localhost:${first.port}`
  await addFriends(t, url, 'ann', 'ben')
  // Kept without use for a moment only: while the rendezvous is away nothing is closed for want of use.
  const options = { timeoutMs: 60_000, keepAliveMs: 1000 }
  const ann = await openUser(t, url, 'ann', options)
  const ben = await openUser(t, url, 'ben', options)
  await ann.said('peerconnect ben')
  await ann.run(`
    globalThis.answered = 0
    globalThis.failed = []
    const next = async () => {
      const started = answered
      const [{ response, peer }] = await ask('ben', 'echo', 'x'.repeat(100_000))
      if (response.length === 100_000) answered++
      else failed.push(response)
      globalThis.lastPeer = peer.id
      if (answered < started + 1e9) setTimeout(next)
    }
    void next()`)
  const passes = async (more: number): Promise<void> => {
    await ann.page.waitForFunction(`answered > ${(await ann.run<number>('return answered')) + more}`, undefined, {
      timeout: 60_000
    })
  }
  await passes(20)
  await first.app.close()
  await ann.said('disconnect')
  await ben.said('disconnect')
  await passes(100)
  t.match(
    await ben.run("ask('ann', 'echo', 'back')"),
    [{ response: 'back', peer: { name: 'ann', id: ann.id } }],
    'the other way, too'
  )
  t.equal(await ann.run('return lastPeer'), ben.id)

  const second = await start(first.port)
  await ann.said('connect')
  await ben.said('connect')
  t.equal(await ben.run('$BV.getId()'), ben.id, 'a page that comes back is the same peer')
  await passes(20)
  t.equal(await ann.run('return lastPeer'), ben.id)
  t.notOk(
    ann.console.some(line => line.startsWith('peerdisconnect')),
    'nobody was gone'
  )
  t.strictSame(await ann.run('return failed'), [], 'not one request was lost')
  await second.app.close()
})

t.test('a session that was ended is not tried again', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addFriends(t, url, 'ann', 'ben')
  const ann = await openUser(t, url, 'ann')
  const answer = await fetch(`${url}/api/users/ann/sessions`, { method: 'DELETE' })
  t.equal(answer.status, 200)
  t.equal(await ann.said('error'), 'error NWS_ERR_BV_SESSION')
  await ann.said('disconnect')
  t.equal(await ann.run('$BV.getId()'), null)
})
