// The library in a browser: pages of different origins in one channel, every way to load it, pages of the ancestor.
import t, { type Test } from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, servePages, sharedBrowser, type TestPage } from '../support/browser.ts'

const BLANK = '<!doctype html><meta charset="utf-8"><title>test</title>'

/** A page of an origin of its own that has the module and a socket `ws` in the channel `room`. */
async function openMember(t: Test, url: string): Promise<TestPage> {
  const page = await openPage(t, await sharedBrowser(), await servePages(t, { '/': BLANK }))
  await page.run(
    `
    Object.assign(globalThis, await import(arg + '/lib/networkwebsockets.js'))
    globalThis.ws = new NetworkWebSocket('room', null, { endpoint: arg })
    const text = data => typeof data === 'string' ? data : data instanceof Blob ? 'Blob ' + data.size : 'ArrayBuffer ' + new Uint8Array(data)
    ws.onopen = () => console.log('open ' + ws.id)
    ws.onclose = ({ code }) => console.log('close ' + code)
    ws.onmessage = ({ data, senderId }) => console.log('message ' + senderId + ' ' + text(data))
    ws.addEventListener('connect', ({ detail: { target } }) => {
      console.log('connect ' + target.id)
      target.onmessage = ({ data }) => console.log('direct ' + target.id + ' ' + text(data))
    })
    ws.ondisconnect = ({ detail: { target } }) => console.log('disconnect ' + target.id)`,
    url
  )
  return page
}

const idOf = async (page: TestPage): Promise<string> => (await page.said('open ')).slice(5)

t.test('three pages of different origins talk to each other', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const pages = await Promise.all([openMember(t, url), openMember(t, url), openMember(t, url)])
  const [a, b, c] = pages
  const [idA, idB, idC] = [await idOf(a), await idOf(b), await idOf(c)]
  await Promise.all([
    a.said(`connect ${idB}`),
    a.said(`connect ${idC}`),
    b.said(`connect ${idA}`),
    b.said(`connect ${idC}`),
    c.said(`connect ${idA}`),
    c.said(`connect ${idB}`)
  ])
  t.equal(new Set(await Promise.all(pages.map(page => page.run('location.origin')))).size, 3)

  await c.run("ws.binaryType = 'arraybuffer'")
  await a.run(`
    ws.send('hello')
    ws.send(new Uint8Array([1, 2]))
    ws.send(new Blob(['blob']))
    ws.send('after')`)
  for (const [page, bytes] of [
    [b, 'Blob 2'],
    [c, 'ArrayBuffer 1,2']
  ] as const) {
    t.strictSame(
      [await page.said('message'), await page.said('message'), await page.said('message'), await page.said('message')],
      ['hello', bytes, bytes.startsWith('Blob') ? 'Blob 4' : 'ArrayBuffer 98,108,111,98', 'after'].map(
        text => `message ${idA} ${text}`
      )
    )
  }
  await b.run("ws.peers.get(arg).send('psst')", idC)
  t.equal(await c.said('direct'), `direct ${idB} psst`)
  t.strictSame(await a.run('[ws.readyState, ws.peers.length, ws instanceof EventTarget, ws.peers[0].readyState]'), [
    1,
    2,
    true,
    1
  ])

  await b.page.close()
  await Promise.all([a.said(`disconnect ${idB}`), c.said(`disconnect ${idB}`)])
  await c.run('ws.close()')
  t.equal(await c.said('close'), 'close 1005')
  await a.said(`disconnect ${idC}`)
  t.strictSame(a.console, [])
})

t.test('a page of the proxy itself needs no endpoint', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t)
  const page = await openPage(t, await sharedBrowser(), `${url}/console`)
  t.equal(
    await page.run(`
    const { NetworkWebSocket } = await import('/lib/networkwebsockets.js')
    const socket = new NetworkWebSocket('room')
    await new Promise(resolve => { socket.onopen = resolve })
    return socket.url`),
    `${ws}/room?binary=1`
  )
})

t.test(
  'a copy of the library on a server that is no proxy looks for the proxy of this machine',
  needsBrowser,
  async t => {
    const { port, url } = await buildTestApp(t)
    const library = await (await fetch(`${url}/lib/namedwebsockets.js`)).text()
    const origin = await servePages(t, {
      '/examples/chat.html': `${BLANK}<script src="../lib/namedwebsockets.js"></script>`,
      '/lib/namedwebsockets.js': library
    })
    const page = await openPage(t, await sharedBrowser(), `${origin}/examples/chat.html`, { localPort: port })
    t.strictSame(
      await page.run(`
    const socket = new NetworkWebSocket('room')
    const first = socket.url
    await new Promise(resolve => { socket.onopen = resolve })
    return [first, socket.url]`),
      [`${origin.replace('http', 'ws')}/room?binary=1`, 'ws://localhost:9009/room?binary=1']
    )
  }
)

t.test('the classic scripts define the globals on pages of other origins', needsBrowser, async t => {
  const { url, ws, port } = await buildTestApp(t)
  for (const file of ['namedwebsockets.js', 'networkwebsockets.global.js']) {
    const origin = await servePages(t, { '/': `${BLANK}<script src="${url}/lib/${file}"></script>` })
    const page = await openPage(t, await sharedBrowser(), origin, { localPort: port })
    t.strictSame(
      await page.run(
        `
      const socket = NetworkWebSocket('room', 'chat')
      await new Promise(resolve => { socket.onopen = resolve })
      const local = new LocalWebSocket('room', null, { endpoint: arg })
      await new Promise(resolve => { local.onopen = resolve })
      return [typeof BroadcastWebSocket, typeof NetworkBroadcastChannel, typeof NetworkWebSocket.peerConnection, socket.url, socket.protocol, local.url]`,
        ws
      ),
      ['function', 'function', 'function', 'ws://localhost:9009/room?binary=1', 'chat', `${ws}/local/room`],
      file
    )
  }
})

// The snippets of the ancestor's READMEs, as they stand there but for comments and typos.
const create = 'var ws = new NetworkWebSocket("myChannelName");'
const onopen = `ws.onopen = function() {
  console.log('Our channel peer is now connected to the \`myChannelName\` web socket network');
};`
const onmessage = `ws.onmessage = function(event) {
  console.log("Broadcast message received: " + event.data);
};`
const send = "ws.send('This is a broadcast message to *all* other channel peers');"
const onconnect = `ws.onconnect = function(event) {
  console.log('Another peer has been discovered and connected to our \`myChannelName\` web socket network!');
};`
const sendDirect = `ws.onconnect = function(event) {
  var peerWS = event.detail.target;
  peerWS.onopen = function() {
    peerWS.send('This is a direct message to the new channel peer *only*');
  };
};`
const exchangeDirect = `ws.onconnect = function(event) {
  var peerWS = event.detail.target;
  peerWS.onopen = function() {
    peerWS.onmessage = function(event) {
      console.log("Direct message received from [" + peerWS.id + "]: " + event.data);
    }
    peerWS.send('This is a direct message to the new channel peer *only*');
  };
};`

/** Opens a page that has loaded the ancestor's file and can add scripts to it. */
async function openOldPage(
  t: Test,
  url: string,
  port: number
): Promise<TestPage & { script: (text: string) => Promise<unknown> }> {
  const origin = await servePages(t, { '/': `${BLANK}<script src="${url}/lib/namedwebsockets.js"></script>` })
  const page = await openPage(t, await sharedBrowser(), origin, { localPort: port })
  return { ...page, script: async text => await page.page.addScriptTag({ content: text }) }
}

t.test('the snippets of the second and third README run', needsBrowser, async t => {
  const { url, port } = await buildTestApp(t)
  const [a, b] = await Promise.all([openOldPage(t, url, port), openOldPage(t, url, port)])
  // In one script, as a reader would have them: what comes before a handler is set, a handler does not hear.
  await a.script([create, onopen, onmessage, onconnect].join('\n'))
  await a.said('Our channel peer is now connected')
  await b.script([create, onopen, onmessage, exchangeDirect].join('\n'))
  await a.said('Another peer has been discovered')
  await b.said('Our channel peer is now connected')
  await a.script(send)
  t.equal(
    await b.said('Broadcast'),
    'Broadcast message received: This is a broadcast message to *all* other channel peers'
  )
  await a.script(exchangeDirect)
  const c = await openOldPage(t, url, port)
  await c.script([create, sendDirect].join('\n'))
  for (const page of [a, b])
    t.match(
      await page.said('Direct'),
      /^Direct message received from \[[\w-]{22}\]: This is a direct message to the new channel peer \*only\*$/
    )
})

t.test('the snippets of the first README run, and meet the others', needsBrowser, async t => {
  const { url, port } = await buildTestApp(t)
  const [a, b] = await Promise.all([openOldPage(t, url, port), openOldPage(t, url, port)])
  for (const page of [a, b]) {
    await page.script('var localWS = new LocalWebSocket("myServiceName");')
    await page.script('var broadcastWS = new BroadcastWebSocket("myServiceName");')
    await page.run(
      'await Promise.all([localWS, broadcastWS].map(ws => ws.readyState === 1 || new Promise(resolve => { ws.onopen = resolve })));'
    )
  }
  await b.script(`localWS.onmessage = function(event) { console.log("local " + event.data) };
    broadcastWS.onmessage = function(event) { console.log("broadcast " + event.data) };
    var newer = new NetworkWebSocket("myServiceName");
    newer.onmessage = function(event) { console.log("newer " + event.data + " " + event.senderId.length) };
    newer.onopen = function() { console.log("newer is open") };`)
  await b.said('newer is open')
  await a.script('localWS.send("one"); broadcastWS.send("two");')
  t.equal(await b.said('local'), 'local one')
  t.equal(await b.said('broadcast'), 'broadcast two')
  t.equal(await b.said('newer'), 'newer two 22')
})

t.test('wrong names throw as WebSocket does', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await openMember(t, url)
  t.strictSame(
    await page.run(`
    const names = []
    for (const make of [() => new NetworkWebSocket('a b'), () => new LocalWebSocket(''), () => new NetworkBroadcastChannel('ä'), () => new WebSocket('ws://[')]) {
      try { make() } catch (error) { names.push(error.name + ' ' + (error instanceof DOMException)) }
    }
    return names`),
    Array<string>(4).fill('SyntaxError true')
  )
})
