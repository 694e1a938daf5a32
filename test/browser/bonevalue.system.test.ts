// BoneValue in a browser: the page of the seed as it stands, who is meant by a query, and what goes between pages. What
// happens when somebody goes away is in bonevalue-loss.test.ts.
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { addFriends, befriend, openRtcPage, openUser, PASSWORD, rendezvousOptions } from '../support/bonevalue.ts'
import { needsBrowser, servePages } from '../support/browser.ts'
import { addUser } from '../support/rendezvous.ts'

/** The example of the README of 2012. */
const SEED = `<!doctype html>
<html>
    <head>
        <script type="text/javascript" src="scripts/BV.js"></script>
        <script type="text/javascript">
            // Define an Echo module with a slight twist
            $BV.module("My.Echo.Module", function(e) {
                // e = { request: { ... }, callback: function(response) { ... } }
                var chineseWhispers = "Not "+e.request.text;
                console.log("Routing data: "+chineseWhispers);
                e.callback({text: chineseWhispers});
            });

            // Whenever a peer connects, send them an Echo request
            $BV.on("peerconnect", function(peer) {
                // peer = { name: "admin", id: "17234564" }
                $BV.get(peer.id).message("My.Echo.Module", { text: "Friday" }, false, function(response) {
                    // response = { ... }
                    console.log("Received: "+response.text);
                });
            });

            // Kick off the process
            $BV.connect("p2p.example.com", "admin", "test");
        </script>
    </head>
    <body>
        &nbsp;
    </body>
</html>`

/** The page with a host name and an account that are there. */
const seedFor = (host: string, user: string): string =>
  SEED.replace('"p2p.example.com", "admin", "test"', `"${host}", "${user}", "${PASSWORD}"`)

t.test('the page of the seed runs as it stands, on three pages of two accounts', needsBrowser, async t => {
  const webRoot = t.testdir({ 'index.html': '', 'admin.html': '', 'oli.html': '' })
  const { app, url, port } = await buildTestApp(t, { ...rendezvousOptions, bvListen: '127.0.0.1:0', webRoot })
  const own = `localhost:${app.rendezvousListener.port}`
  await addFriends(t, url, 'admin', 'oli')
  const pages = { '/admin.html': seedFor(own, 'admin'), '/oli.html': seedFor(own, 'oli') }
  t.testdir({ 'admin.html': pages['/admin.html'], 'oli.html': pages['/oli.html'] })
  const otherHost = `localhost:${port}`
  const elsewhere = await servePages(t, {
    '/admin.html': seedFor(otherHost, 'admin').replace('scripts/BV.js', `${url}/scripts/BV.js`),
    '/oli.html': seedFor(otherHost, 'oli').replace('scripts/BV.js', `http://${own}/scripts/BV.js`)
  })
  for (const origin of [`http://${own}`, elsewhere]) {
    const opened = []
    for (const name of ['admin', 'admin', 'oli']) opened.push(await openRtcPage(t, `${origin}/${name}.html`))
    for (const page of opened) {
      for (let others = 0; others < 2; others++) {
        t.equal(await page.said('Routing'), 'Routing data: Not Friday')
        t.equal(await page.said('Received'), 'Received: Not Friday')
      }
    }
    for (const { page } of opened) await page.close()
  }
})

t.test('queries mean all, a user, oneself, or one peer, at the moment of the message', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addFriends(t, url, 'ann', 'ben')
  await addUser(url, 'cleo')
  await befriend(t, url, 'ann', 'cleo')
  const ann = await openUser(t, url, 'ann')
  const annToo = await openUser(t, url, 'ann')
  const ben = await openUser(t, url, 'ben')
  const cleo = await openUser(t, url, 'cleo')
  for (const [name, id] of [
    ['Us', annToo.id],
    ['ben', ben.id],
    ['cleo', cleo.id]
  ])
    await ann.said(`peerconnect ${name} ${id}`)
  t.strictSame((await ann.run<string[]>('$BV.getUsers()')).toSorted(), ['ben', 'cleo'])
  t.equal(await ann.run('$BV.getId()'), ann.id)

  const idsOf = async (query: string): Promise<string[]> =>
    (await ann.run<{ response: string; peer: { id: string } }[]>("ask(arg, 'echo', 'hello')", query))
      .map(({ response, peer: { id } }) => `${response} ${id}`)
      .toSorted()
  const answersOf = (...ids: string[]): string[] => ids.map(id => `hello ${id}`).toSorted()
  t.strictSame(await idsOf('*'), answersOf(annToo.id, ben.id, cleo.id))
  t.strictSame(await idsOf('Us'), answersOf(annToo.id))
  t.strictSame(await idsOf('ben'), answersOf(ben.id))
  t.strictSame(await idsOf(cleo.id), answersOf(cleo.id))
  await ben.said(`asked by ann ${ann.id}`)
  await annToo.said(`asked by Us ${ann.id}`)
  t.strictSame(await ben.run("$BV.get('*').peers().map(({ name }) => name)"), ['ann', 'ann'], 'ben does not know cleo')
  t.strictSame(await ann.run("Object.keys($BV.get('Us'))"), [annToo.id, 'message'])
  t.strictSame(
    await ann.run(
      "$BV.get('ann').peers().concat($BV.get('nobody').peers(), $BV.get('message').peers(), $BV.get('__proto__').peers())"
    ),
    []
  )

  t.strictSame(await ann.run("ask($BV.getId(), 'echo', 1, true, 1)"), [
    { response: { err: 'A page cannot send messages to itself.', code: 'OWN_ID' }, peer: { id: ann.id, name: '' } }
  ])
  t.match(await ann.run("ask('ben', 'none', 1)"), [
    { response: { err: 'The peer has no module of this name.', code: 'NO_MODULE' }, peer: { name: 'ben' } }
  ])
  await ann.run("globalThis.later = $BV.get('*')")
  await cleo.page.close()
  await ann.said(`peerdisconnect ${cleo.id}`)
  t.equal(
    await ann.run(
      "return new Promise(resolve => { const heard = []; later.message('echo', 1, true, (_, { name }) => { heard.push(name); if (heard.length === 2) resolve(heard.sort().join()) }) })"
    ),
    'Us,ben'
  )
  t.strictSame(
    ann.console,
    ['connect ', 'newuser ben', 'newuser cleo'].filter(line => ann.console.includes(line))
  )
})

t.test('strangers exchange a token and talk; then they part', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addUser(url, 'ann')
  await addUser(url, 'ben')
  const ann = await openUser(t, url, 'ann')
  const ben = await openUser(t, url, 'ben')
  t.strictSame(await ann.run("$BV.get('*').peers()"), [])
  const tokens = await ann.run<string[]>(`
    const heard = []
    await Promise.all([new Promise(resolve => $BV.requestToken('Ben', ({ token }) => resolve(heard[0] = token))), new Promise(resolve => $BV.requestToken('Ben', ({ token }) => resolve(heard[1] = token)))])
    return heard`)
  t.equal(new Set(tokens).size, 2, 'each of two requests has its own token')
  t.match(await ann.run("$BV.claimToken('Me', arg).catch(({ name, err, code }) => [name, err, code])", tokens[0]), [
    'BoneValueError',
    /\./,
    'NWS_ERR_BV_TOKEN_OWN'
  ])
  t.strictSame(await ben.run("$BV.claimToken('Ann', arg)", tokens[0]), { ok: true, alias: 'Ann' })
  t.match(await ben.run("new Promise(resolve => $BV.claimToken('Ann', arg, resolve))", tokens[0]), {
    code: 'NWS_ERR_BV_TOKEN_USED'
  })
  await ann.said('newuser Ben')
  await ann.said(`peerconnect Ben ${ben.id}`)
  t.match(await ann.run("ask('Ben', 'echo', { a: [1, null, 'ä'] })"), [
    { response: { a: [1, null, 'ä'] }, peer: { name: 'Ben', id: ben.id } }
  ])
  t.match(await ben.run("ask('Ann', 'echo', 2)"), [{ response: 2 }])

  await ben.run("void (globalThis.cut = ask('Ann', 'never', 1))")
  await ann.said('never')
  t.strictSame(await ann.run("$BV.removeUser('Ben')"), { ok: true })
  await ann.said('userremove Ben')
  await ben.said('userremove Ann')
  t.match(await ben.run('cut'), [{ response: { code: 'PEER_GONE' } }], 'what was going on between them ends at once')
  t.strictSame(await ben.run("$BV.get('*').peers()"), [])
  t.match(await ann.run("$BV.invite('cleo')"), { email: 'cleo', link: new RegExp(`^${url}/bv/invite/#.`) })
})

t.test('large messages go both ways at once and hold up no small one', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addFriends(t, url, 'ann', 'ben')
  const ann = await openUser(t, url, 'ann', { timeoutMs: 60_000 })
  const ben = await openUser(t, url, 'ben', { timeoutMs: 60_000 })
  await ann.said('peerconnect ben')
  const exchange = `
    const text = 'ä€😀 '.repeat(2 ** 20 / 10 + 1)
    const size = new TextEncoder().encode(text).length
    const order = []
    const [[{ response }]] = await Promise.all([
      ask(arg, 'echo', text).then(answers => { order.push('large'); return answers }),
      ask(arg, 'echo', 'small').then(() => order.push('small'))
    ])
    return [size > 2 ** 20, response === text, order[0]]`
  const [there, back] = await Promise.all([ann.run(exchange, 'ben'), ben.run(exchange, 'ann')])
  t.strictSame(
    [there, back],
    [
      [true, true, 'small'],
      [true, true, 'small']
    ]
  )
  t.match(await ann.run("ask('ben', 'echo', 'x'.repeat(2 ** 25), true, 1)"), [{ response: { code: 'TOO_LARGE' } }])
  t.match(await ann.run('ask("ben", "echo", 1n, true, 1)'), [{ response: { code: 'NOT_JSON' } }])
})

t.test('requests in numbers, with and without keeping the connection, by both ends at once', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addFriends(t, url, 'ann', 'ben')
  const ann = await openUser(t, url, 'ann', { timeoutMs: 60_000 })
  const ben = await openUser(t, url, 'ben', { timeoutMs: 60_000 })
  await ann.said('peerconnect ben')
  const flood = (query: string, keepAlive: boolean, rounds: number, atOnce: number): string => `
    let right = 0
    for (let round = 0; round < ${rounds}; round++) {
      await Promise.all(Array.from({ length: ${atOnce} }, async (_, n) => { const [{ response }] = await ask('${query}', 'echo', [round, n], ${keepAlive}); if (String(response) === round + ',' + n) right++ }))
    }
    return right`
  for (const [keepAlive, rounds, atOnce] of [
    [true, 5, 100],
    [false, 5, 3]
  ] as const) {
    const answers = await Promise.all([
      ann.run(flood('ben', keepAlive, rounds, atOnce)),
      ben.run(flood('ann', keepAlive, rounds, atOnce))
    ])
    t.strictSame(answers, [rounds * atOnce, rounds * atOnce], `keepAlive ${keepAlive}`)
  }
})

t.test('a refused login and an unknown host are told', needsBrowser, async t => {
  const { url, app } = await buildTestApp(t, rendezvousOptions)
  await addUser(url, 'ann')
  const page = await openUser(t, url, 'ann')
  const refused = "$BV.connect(arg, 'ann', 'wrong password').catch(({ code }) => code)"
  t.equal(await page.run(refused, url), 'NWS_ERR_BV_LOGIN')
  await page.said('error NWS_ERR_BV_LOGIN')
  t.equal(await page.run('$BV.getId()'), null)
  t.equal(await page.run("$BV.requestToken('x').catch(({ code }) => code)"), 'DISCONNECTED')
  t.equal(await page.run("$BV.connect('ftp://localhost', 'a', 'b').catch(({ code }) => code)"), 'BAD_ADDRESS')
  await app.close()
  await page.run(`void ${refused}; return 0`, url)
  await page.said('error UNREACHABLE')
})

t.test('the classic script carries binary values, files and video', needsBrowser, async t => {
  const webRoot = t.testdir({
    'index.html': '<!doctype html><title>test</title><script src="/scripts/BV.js"></script>'
  })
  const { app, url } = await buildTestApp(t, { ...rendezvousOptions, bvListen: 'localhost:0', webRoot })
  await addFriends(t, url, 'ann', 'ben')
  const open = async (user: string) => {
    const page = await openRtcPage(t, app.rendezvousListener.url!)
    await page.run(
      "await allowed; $BV.on('peerconnect', ({ name }) => console.log('peerconnect ' + name)); return await $BV.connect(location.host, arg.user, arg.password, { storage: sessionStorage })",
      { user, password: PASSWORD }
    )
    return page
  }
  const [ben, ann] = [await open('ben'), await open('ann')]
  await ben.said('peerconnect ann')
  await ben.run(`
    $BV.module('look', async (data, { peer }) => [peer.name, data.blob.constructor.name, await data.blob.text(), data.list])
    $BV.on('stream', (stream, peer) => console.log('stream of ' + peer.name + ' with ' + stream.getVideoTracks().length))
    $BV.onfile = async offer => {
      const [{ name, blob }] = await offer.accept()
      console.log('took ' + name + ' with ' + blob.size)
    }
    return 0`)
  t.match(
    await ann.run(`
      const list = new Uint16Array([1, 256])
      const [{ response }] = await $BV.get('ben').request('look', { blob: new File(['inside'], 'a.txt'), list }, { timeoutMs: 60000 })
      return [...response.slice(0, 3), response[3] instanceof Uint16Array, response[3].join()]`),
    ['ann', 'File', 'inside', true, '1,256']
  )
  const report = await ann.run<{ received: unknown[]; refused: unknown[] }>(
    "return await $BV.sendFile(new File([new Uint8Array(5e6)], 'large.bin'), { to: $BV.get('ben').peers()[0].id })"
  )
  t.strictSame(report.refused, [])
  t.equal(await ben.said('took'), 'took large.bin with 5000000')
  await ann.run(`
    const canvas = document.createElement('canvas')
    canvas.getContext('2d').fillRect(0, 0, 9, 9)
    const [peer] = $BV.get('ben').peers()
    peer.addStream(canvas.captureStream(10))
    return (await peer.connection()).constructor.name`)
  t.equal(await ben.said('stream'), 'stream of ann with 1')
  await ann.page.reload()
  t.match(await ann.run('return await $BV.connect(location.host, { storage: sessionStorage })'), /^\d+$/)
  await ben.said('peerconnect ann')
})
