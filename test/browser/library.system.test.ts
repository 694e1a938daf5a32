// What only a browser shows: reconnection of pages, data channels by the WebRTC helper, the shape of BroadcastChannel.
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, servePages, sharedBrowser, type TestPage } from '../support/browser.ts'
import { freePort } from '../support/ports.ts'

const BLANK = '<!doctype html><meta charset="utf-8"><title>test</title>'

/** A page of an origin of its own that has the library's exports as globals. */
async function openLoaded(t: Test, url: string): Promise<TestPage> {
  const page = await openPage(t, await sharedBrowser(), await servePages(t, { '/': BLANK }))
  await page.run(
    "Object.assign(globalThis, await import(arg + '/lib/networkwebsockets.js'), await import(arg + '/lib/networkwebsockets-webrtc.js'))",
    url
  )
  return page
}

t.test('pages come back when the proxy does', needsBrowser, async t => {
  const start = async (port: number) => {
    const app = await buildApp({ port, discovery: 'off', shutdownTimeoutMs: 500 })
    t.teardown(() => app.close())
    return { app, port: await app.listener.listen() }
  }
  const first = await start(await freePort())
  const url = `http://localhost:${first.port}`
  const pages = await Promise.all([openLoaded(t, url), openLoaded(t, url)])
  const [a, b] = pages
  for (const page of pages) {
    await page.run(
      `
      globalThis.ws = new NetworkWebSocket('room', { endpoint: arg, reconnect: { initialDelayMs: 20, maxDelayMs: 100 } })
      ws.onreconnecting = ({ detail }) => { if (detail.attempt === 1) console.log('reconnecting ' + detail.reason) }
      ws.onconnect = () => console.log('connect')
      ws.ondisconnect = () => console.log('disconnect')
      ws.onmessage = ({ data }) => console.log('message ' + data)
      ws.onerror = ({ code }) => console.log('error ' + code)`,
      url
    )
  }
  await Promise.all(pages.map(page => page.said('connect')))
  await first.app.close()
  for (const page of pages) {
    t.equal(await page.said('reconnecting'), 'reconnecting NWS_ERR_SHUTTING_DOWN')
    t.equal(await page.said('error'), 'error NWS_CLIENT_NOT_RUNNING')
  }
  await a.run("ws.send('said while nobody listened')")
  await start(first.port)
  await Promise.all(pages.map(page => page.said('connect')))
  await Promise.all(pages.map(page => page.said('disconnect')))
  await a.run("ws.send('again')")
  t.equal(await b.said('message again'), 'message again')
  t.strictSame(await b.run('[ws.readyState, ws.peers.length]'), [1, 1])
})

t.test("the helper makes data channels, and the application's direct messages stay its own", needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const pages = await Promise.all([openLoaded(t, url), openLoaded(t, url)])
  const [a, b] = pages
  await Promise.all(
    pages.map(page =>
      page.run(
        `
    await navigator.mediaDevices.getUserMedia({ audio: true })
    globalThis.ws = new NetworkWebSocket('room', { endpoint: arg })
    await new Promise(resolve => {
      ws.onconnect = ({ detail: { target } }) => {
        globalThis.peer = target
        peer.onmessage = ({ data }) => console.log('direct ' + data)
        resolve()
      }
    })`,
        url
      )
    )
  )
  const connect = `
    globalThis.connection = peerConnection(peer)
    connection.ondatachannel = ({ channel }) => { channel.onmessage = ({ data }) => console.log('channel ' + channel.label + ' ' + data) }
    connection.onconnectionstatechange = () => console.log('state ' + connection.connectionState)`
  const offer = "const channel = connection.createDataChannel(arg); channel.onopen = () => channel.send('hello')"
  // One end begins before the other is there: its signals wait.
  await a.run(`${connect}; ${offer}`, 'early')
  await a.run("peer.send('between the signals')")
  t.equal(await b.said('direct'), 'direct between the signals')
  await b.run(`
    const port = peer[Symbol.for('networkwebsockets.signals')]
    const send = port.send
    port.send = signal => { globalThis.session ??= signal?.session; send(signal) }
    ${connect}`)
  t.equal(await b.said('channel early'), 'channel early hello')
  // Both offer at once.
  await Promise.all([a.run(offer, 'from a'), b.run(offer, 'from b')])
  t.equal(await b.said('channel from a'), 'channel from a hello')
  t.equal(await a.said('channel from b'), 'channel from b hello')
  for (const page of pages) {
    t.strictSame(
      page.console.filter(line => line.startsWith('direct')),
      [],
      'no signal is seen'
    )
    t.equal(await page.run('connection.signalingState'), 'stable')
  }
  // Nonsense from a peer harms nobody.
  await b.run(`
    for (const signal of [null, 1, 'x', [], {}, { description: 1 }, { description: { type: 'offer', sdp: 'nonsense' } }, { candidate: { candidate: 'nonsense' } }, { candidate: [] }]) {
      peer[Symbol.for('networkwebsockets.signals')].send(signal && typeof signal === 'object' ? { session: globalThis.session, ...signal } : signal)
    }
    peer.send('still here')`)
  t.equal(await a.said('direct still'), 'direct still here')

  // Closing one end closes the other, and both may begin anew.
  await a.run('connection.close()')
  t.equal(await b.said('state closed'), 'state closed')
  await b.run(`${connect}; ${offer}`, 'anew')
  await a.run(connect)
  t.equal(await a.said('channel anew'), 'channel anew hello')
  await b.run('ws.close()')
  t.equal(await a.said('state closed'), 'state closed')
})

t.test('both ends begin at once, many times, and always meet', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await openLoaded(t, url)
  t.strictSame(
    await page.run(
      `
    await navigator.mediaDevices.getUserMedia({ audio: true })
    const sockets = [0, 1].map(() => new NetworkWebSocket('room', { endpoint: arg }))
    const peers = await Promise.all(sockets.map(socket => new Promise(resolve => { socket.onconnect = ({ detail }) => resolve(detail.target) })))
    const heard = []
    for (let round = 0; round < 5; round++) {
      const connections = peers.map(peer => peerConnection(peer))
      const messages = connections.map(connection => new Promise(resolve => {
        connection.ondatachannel = ({ channel }) => { channel.onmessage = ({ data }) => resolve(data) }
      }))
      connections.forEach((connection, index) => {
        const channel = connection.createDataChannel('x')
        channel.onopen = () => channel.send(round + ' of ' + index)
      })
      heard.push((await Promise.all(messages)).join())
      connections[round % 2].close()
      connections[1 - round % 2].connectionState === 'closed' || await new Promise(resolve => { connections[1 - round % 2].onconnectionstatechange = () => resolve() })
    }
    return heard`,
      url
    ),
    [0, 1, 2, 3, 4].map(round => `${round} of 1,${round} of 0`)
  )
})

t.test('NetworkBroadcastChannel does what BroadcastChannel does, across origins', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const pages = await Promise.all([openLoaded(t, url), openLoaded(t, url)])
  const values = "['text', 1.5, true, null, [1, [2]], { a: { b: 'c' } }, '', 0]"
  const script = `
    const make = name => arg === null ? new BroadcastChannel(name) : new NetworkBroadcastChannel(name, { endpoint: arg })
    const sender = make('news')
    const receiver = make('news')
    const other = make('other')
    const log = []
    other.onmessage = () => log.push('wrong channel')
    sender.onmessage = () => log.push('to oneself')
    const all = new Promise(resolve => {
      receiver.onmessage = function (event) {
        log.push(JSON.stringify([event.type, event.data, event instanceof MessageEvent, this === receiver, event.target === receiver]))
        if (event.data === 0) resolve()
      }
    })
    return { sender, receiver, other, log, all }`
  const body = `
    const { sender, receiver, other, log, all } = await (async () => {${script}})()
    if (arg !== null) {
      // Whoever is not there yet hears nothing, across machines as anywhere.
      const watcher = new NetworkWebSocket('news', { endpoint: arg })
      while (watcher.peers.length < 2) await new Promise(resolve => watcher.addEventListener('connect', resolve, { once: true }))
      watcher.close()
    }
    for (const value of ${values}) sender.postMessage(value)
    await all
    log.push(sender.name, typeof sender.close, sender instanceof EventTarget, sender.onmessageerror)
    for (const bad of [() => {}, Symbol('x')]) try { sender.postMessage(bad) } catch (error) { log.push(error.name) }
    for (const channel of [sender, receiver, other]) channel.close()
    try { sender.postMessage('late') } catch (error) { log.push(error.name) }
    return log`
  const expected = await pages[0].run<unknown[]>(body)
  t.equal(expected.length, 8 + 4 + 3)
  t.strictSame(await pages[0].run(body, url), expected)

  await pages[1].run(
    "globalThis.channel = new NetworkBroadcastChannel('across', { endpoint: arg }); channel.onmessage = ({ data }) => console.log('heard ' + JSON.stringify(data))",
    url
  )
  await pages[0].run(
    `
    const watcher = new NetworkWebSocket('across', { endpoint: arg })
    await new Promise(resolve => { watcher.onconnect = resolve })
    new NetworkBroadcastChannel('across', { endpoint: arg }).postMessage({ from: location.port.length })`,
    url
  )
  t.match(await pages[1].said('heard'), /^heard \{"from":\d\}$/)
})
