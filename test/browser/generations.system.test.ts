// Pages of every generation in one channel, in a real browser, each of an origin of its own: through one proxy and through
// two that are linked. The pages speak the wire of their time by hand; what the wires mean row by row is in
// test/integration/generation-*.test.ts.
import t, { type Test } from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, servePages, sharedBrowser, type TestPage } from '../support/browser.ts'
import { createTestMesh, openLinks, until } from '../support/mesh.ts'

const BLANK = '<!doctype html><meta charset="utf-8"><title>test</title>'

/** The code of a page of each generation; each then has `say(text)` and writes `heard <text>`. */
const GENERATIONS = {
  first: `
    const socket = new WebSocket(arg + '/broadcast/room')
    socket.onmessage = ({ data }) => console.log('heard ' + data)
    globalThis.say = text => socket.send(text)
    socket.onopen = () => console.log('open')`,
  second: `
    const id = String(Math.floor(Math.random() * 1e15)).padStart(4, '1')
    const data = new WebSocket(arg + '/network/room/' + id)
    const control = new WebSocket(arg + '/control/network/room/' + id)
    const opened = socket => new Promise(resolve => { socket.onopen = resolve })
    data.onmessage = ({ data: text }) => console.log('heard ' + text)
    control.onmessage = ({ data: text }) => {
      const { Action, Target, Payload } = JSON.parse(text)
      if (Action === 'message') console.log('heard privately ' + Payload)
      else console.log(Action + ' ' + typeof Target)
    }
    globalThis.say = text => data.send(text)
    Promise.all([opened(data), opened(control)]).then(() => console.log('open'))`,
  third: `
    const socket = new WebSocket(arg + '/room')
    globalThis.peers = new Set()
    socket.onmessage = ({ data: text }) => {
      const { action, target, data } = JSON.parse(text)
      if (action === 'broadcast') console.log('heard ' + data)
      if (action === 'connect') { peers.add(target); console.log('connect ' + peers.size) }
      if (action === 'disconnect') { peers.delete(target); console.log('disconnect ' + peers.size) }
    }
    globalThis.say = text => socket.send(JSON.stringify({ action: 'broadcast', data: text }))
    globalThis.tell = text => { for (const target of peers) socket.send(JSON.stringify({ action: 'message', target, data: text })) }
    socket.onopen = () => console.log('open')`,
  today: `
    const { NetworkWebSocket } = await import(arg.replace('ws', 'http') + '/lib/networkwebsockets.js')
    const socket = new NetworkWebSocket('room', null, { endpoint: arg })
    socket.onmessage = ({ data }) => console.log('heard ' + data)
    socket.addEventListener('connect', () => console.log('connect ' + socket.peers.length))
    globalThis.say = text => socket.send(text)
    socket.onopen = () => console.log('open')`
} as const

/** Opens a page of each generation at the given proxies, has each say something, and looks who hears it. */
async function talk(t: Test, addresses: readonly string[]): Promise<void> {
  const names = Object.keys(GENERATIONS) as (keyof typeof GENERATIONS)[]
  const pages: TestPage[] = []
  for (const [index, name] of names.entries()) {
    const page = await openPage(t, await sharedBrowser(), await servePages(t, { '/': BLANK }))
    await page.run(GENERATIONS[name], addresses[index % addresses.length])
    await page.said('open')
    pages.push(page)
  }
  const [, second, third, today] = pages as [TestPage, TestPage, TestPage, TestPage]
  await third.said('connect 3')
  await today.said('connect 3')
  for (let others = 0; others < 3; others++)
    t.equal(await second.said('connect'), 'connect number', 'the second generation knows its peers by number')

  for (const [index, speaker] of pages.entries()) {
    const text = `${names[index]} says é😀`
    await speaker.run('say(arg)', text)
    for (const [other, listener] of pages.entries())
      if (other !== index)
        t.equal(await listener.said('heard'), `heard ${text}`, `${names[other]} hears ${names[index]}`)
  }
  await third.run("tell('for you')")
  t.equal(await second.said('heard privately'), 'heard privately for you')
  await second.page.close()
  await third.said('disconnect 2')
  for (const [index, page] of pages.entries())
    if (index !== 1)
      t.notOk(
        page.console.some(line => line.startsWith('heard ')),
        `${names[index]} hears nothing twice`
      )
}

t.test('pages of every generation talk to each other through one proxy', needsBrowser, async t => {
  const { ws } = await buildTestApp(t)
  await talk(t, [ws])
})

t.test('pages of every generation talk to each other through two linked proxies', needsBrowser, async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  await until(() => openLinks(one!) === 1 && openLinks(two!) === 1)
  await talk(t, [one!.ws, two!.ws])
})
