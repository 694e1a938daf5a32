// The connections of a page: how many there are at once, what becomes of offers that cross each other, and a connection that
// looks for another way. Real connections of a real browser; what goes over them is in bonevalue.test.ts.
import t, { type Test } from 'tap'
import { buildTestApp } from '../support/app.ts'
import { befriend, openRtcPage, openUser, PASSWORD, rendezvousOptions, WATCH } from '../support/bonevalue.ts'
import { needsBrowser, servePages } from '../support/browser.ts'

/** More than a page may have connections at once. */
const MANY = 40
const LIMIT = 32
/** A busy machine takes its time for so many connections. */
const PATIENT = { timeoutMs: 120_000, connectTimeoutMs: 120_000 }
const wait = { timeout: 100_000 }

/** A rendezvous that asks nobody for a password, with two users who trust each other. */
async function setUp(t: Test): Promise<string> {
  const { url } = await buildTestApp(t, {
    ...rendezvousOptions,
    rendezvous: { authenticate: async ({ name }) => name }
  })
  await befriend(t, url, 'ann', 'ben')
  return url
}

t.test(
  'a page has 32 connections at once; who is next waits until one can be spared',
  { ...needsBrowser, timeout: 200_000 },
  async t => {
    const url = await setUp(t)
    const ann = await openUser(t, url, 'ann', PATIENT)
    await ann.run(WATCH)
    const crowd = await openRtcPage(t, await servePages(t, { '/': '<!doctype html><title>many</title>' }))
    await crowd.run(
      `
    const { BoneValue } = await import(arg.url + '/lib/bonevalue.js')
    await allowed
    Object.assign(globalThis, { crowd: [], asked: [], isHolding: true })
    for (let n = 0; n < ${MANY}; n++) {
      const each = new BoneValue(arg.options)
      each.module('hold', e => {
        asked.push(() => e.callback(n))
        if (!isHolding) e.callback(n)
      })
      await each.connect(arg.url, 'ben', arg.password)
      crowd.push(each)
    }`,
      { url, password: PASSWORD, options: PATIENT }
    )
    await ann.page.waitForFunction(`$BV.get('ben').peers().length === ${MANY}`, undefined, wait)

    await ann.run(
      "globalThis.answers = []; $BV.get('ben').message('hold', 1, true, response => answers.push(response))"
    )
    await crowd.page.waitForFunction(`asked.length === ${LIMIT}`, undefined, wait)
    t.strictSame(await ann.run('return [made.length, open.size, answers.length]'), [LIMIT, LIMIT, 0], 'the others wait')
    await crowd.run('asked[0](); return 0')
    await crowd.page.waitForFunction(`asked.length === ${LIMIT + 1}`, undefined, wait)
    t.strictSame(
      await ann.run('return [made.length, answers.length]'),
      [LIMIT + 1, 1],
      'a connection that is not used gives way, although it was to be kept'
    )
    await crowd.run('isHolding = false; for (const answer of asked) answer(); return 0')
    await ann.page.waitForFunction(`answers.length === ${MANY}`, undefined, wait)
    t.strictSame(
      (await ann.run<number[]>('return answers')).toSorted((a, b) => a - b),
      Array.from({ length: MANY }, (_, n) => n),
      'each was asked, once'
    )

    // The same for pages that get an offer of a connection.
    const echoes = await crowd.run(
      `return await Promise.all(crowd.map((each, n) => new Promise(resolve => each.get('ann').message('echo', n, true, resolve))))`
    )
    t.strictSame(
      echoes,
      Array.from({ length: MANY }, (_, n) => n)
    )
    t.equal(await ann.run('return most'), LIMIT, 'there were never more')
  }
)

t.test('offers that cross each other make one connection', { ...needsBrowser, timeout: 120_000 }, async t => {
  const url = await setUp(t)
  const pages = [await openUser(t, url, 'ann', PATIENT), await openUser(t, url, 'ben', PATIENT)] as const
  const [ann, ben] = pages
  await ann.said('peerconnect ben')
  for (const page of pages) await page.run(WATCH)
  const polite = Number(ann.id) < Number(ben.id) ? ann : ben
  for (let round = 0; round < 5; round++) {
    for (const page of pages) await page.run('hold(); sent = []; return 0')
    const answers = [
      ann.run("ask('ben', 'echo', 'from ann', false, 1)"),
      ben.run("ask('ann', 'echo', 'from ben', false, 1)")
    ]
    for (const page of pages) await page.said('holds an offer')
    for (const page of pages) await page.run('release(); return 0')
    t.match(await Promise.all(answers), [[{ response: 'from ann' }], [{ response: 'from ben' }]])
    for (const page of pages) {
      t.strictSame(
        await page.run('return sent'),
        page === polite ? ['peerRequest', 'peerResponse'] : ['peerRequest'],
        'one of the two gives way and answers'
      )
      await page.said(`closed ${round}`)
      t.equal(await page.run('return made.length'), round + 1, 'neither has begun a second one')
    }
  }
})

t.test(
  'a connection whose way is lost looks for another one, and loses nothing',
  { ...needsBrowser, timeout: 120_000 },
  async t => {
    const url = await setUp(t)
    const pages = [await openUser(t, url, 'ann', PATIENT), await openUser(t, url, 'ben', PATIENT)] as const
    const [ann, ben] = pages
    await ann.said('peerconnect ben')
    for (const page of pages)
      await page.run(`${WATCH}
    $BV.module('later', e => { globalThis.answer = () => e.callback(e.request); console.log('asked later') })`)
    const ufrags =
      'made.map(({ localDescription, remoteDescription }) => [localDescription, remoteDescription].map(({ sdp }) => /^a=ice-ufrag:(.*)$/m.exec(sdp)[1]))'
    const asking = ann.run("ask('ben', 'later', 'asked before', true, 1)")
    await ben.said('asked later')
    const before = await ann.run<string[][]>(`return ${ufrags}`)

    // What the browser says when nothing has come for some seconds, to both ends; the connection is as good as before.
    const lose = `
    const [connection] = made
    let state = 'disconnected'
    Object.defineProperty(connection, 'connectionState', { get: () => state, configurable: true })
    connection.dispatchEvent(new Event('connectionstatechange'))
    delete connection.connectionState
    return 0`
    for (const page of pages) await page.run('sent = []; return 0')
    for (const page of pages) await page.run(lose)
    for (const page of pages) {
      await page.page.waitForFunction(
        `arg => (${ufrags})[0].every(part => !arg.includes(part)) && made[0].signalingState === 'stable' && made[0].connectionState === 'connected'`,
        before[0],
        wait
      )
    }
    await ben.run('answer(); return 0')
    t.match(await asking, [{ response: 'asked before' }], 'what was asked before is answered after')
    t.match(await ben.run("ask('ann', 'echo', 'asked after')"), [{ response: 'asked after' }])
    const polite = Number(ann.id) < Number(ben.id) ? ann : ben
    for (const page of pages) {
      t.equal(await page.run('return made.length'), 1, 'it is the same connection')
      t.strictSame(
        await page.run('return sent'),
        [page === polite ? 'peerResponse' : 'peerRequest'],
        'one end alone offers it anew'
      )
    }
  }
)
