// Pages and accounts for tests of BoneValue in a browser. Asserts nothing.
import type { Browser } from 'playwright-core'
import type { Test } from 'tap'
import { openPage, servePages, sharedBrowser, type TestPage } from './browser.ts'
import { addUser, exchangeToken, logIn, PASSWORD } from './rendezvous.ts'

export { PASSWORD } from './rendezvous.ts'

/** Settings of a proxy that is a rendezvous and keeps nothing. */
export const rendezvousOptions = { bv: 'on', dataDir: ':memory:' } as const

/** Makes two users who trust each other, each by the other's name. */
export async function addFriends(t: Test, url: string, one: string, other: string): Promise<void> {
  await addUser(url, one)
  await addUser(url, other)
  await befriend(t, url, one, other)
}

/** Makes two users trust each other. */
export async function befriend(t: Test, url: string, one: string, other: string): Promise<void> {
  const ws = url.replace('http', 'ws')
  const clients = [await logIn(t, ws, one), await logIn(t, ws, other)] as const
  await exchangeToken(clients[0], clients[1], { ofClaimer: other, ofIssuer: one })
  for (const client of clients) await client.close()
}

/** Opens a page whose browser may use all addresses of the machine for WebRTC. */
export async function openRtcPage(t: Test, address: string, browser?: Browser): Promise<TestPage> {
  const page = await openPage(t, browser ?? (await sharedBrowser()), 'about:blank')
  // Without an interface that has a default route Chromium offers no address unless a microphone was allowed.
  await page.page.addInitScript('globalThis.allowed = navigator.mediaDevices?.getUserMedia({ audio: true })')
  await page.page.goto(address)
  return page
}

/** What every page of `openUser` has: events and requests on its console, an echo, a module that never answers. */
const PAGE = `
  const { BoneValue } = await import(arg.url + '/lib/bonevalue.js')
  await allowed
  globalThis.$BV = new BoneValue(arg.options)
  for (const name of ['connect', 'disconnect', 'newuser', 'peerdisconnect', 'userremove']) $BV.on(name, value => console.log([name, value].join(' ')))
  $BV.on('peerconnect', ({ name, id }) => console.log('peerconnect ' + name + ' ' + id))
  $BV.on('error', ({ code }) => console.log('error ' + code))
  $BV.module('echo', e => { console.log('asked by ' + e.name + ' ' + e.peer); e.callback(e.request) })
  $BV.module('never', e => { console.log('never asked by ' + e.peer) })
  /** The answers of all asked peers, or of the first so many. */
  globalThis.ask = (query, module, data, keepAlive = true, count = $BV.get(query).peers().length) => new Promise(resolve => {
    const answers = []
    $BV.get(query).message(module, data, keepAlive, (response, peer) => { answers.push({ response, peer }); if (answers.length === count) resolve(answers) })
  })
  return await $BV.connect(arg.url, arg.user, arg.password)`

/**
 * To be run in a page before it has any connection: counts its RTCPeerConnections and what it sends to have them. `made` and
 * `open` are the connections, `most` how many there were at once, `sent` the types of its signals; `hold()` keeps back what
 * the page sends from its next offer on, and says so on the console, until `release()`.
 */
export const WATCH = `
  Object.assign(globalThis, { made: [], open: new Set(), most: 0, sent: [] })
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor (...args) {
      super(...args)
      made.push(this)
      open.add(this)
      most = Math.max(most, open.size)
    }
    close () {
      super.close()
      if (open.delete(this)) console.log('closed ' + made.indexOf(this))
    }
  }
  const send = WebSocket.prototype.send
  let held
  globalThis.hold = () => { held = [] }
  globalThis.release = () => {
    const ready = held
    held = undefined
    for (const go of ready) go()
  }
  WebSocket.prototype.send = function (text) {
    const { type } = JSON.parse(text)
    if (/^peer(Request|Response)$/.test(type)) sent.push(type)
    if (held === undefined || (held.length === 0 && type !== 'peerRequest')) return send.call(this, text)
    held.push(() => send.call(this, text))
    if (held.length === 1) console.log('holds an offer')
  }`

/** A page of an origin of its own that is logged in. Its id is `id`. */
export async function openUser(
  t: Test,
  url: string,
  user: string,
  options: Readonly<Record<string, unknown>> = {}
): Promise<TestPage & { id: string }> {
  return await enter(
    await openRtcPage(t, await servePages(t, { '/': '<!doctype html><meta charset="utf-8"><title>test</title>' })),
    url,
    user,
    options
  )
}

/** Logs a page in that `openRtcPage` has opened. */
export async function enter(
  page: TestPage,
  url: string,
  user: string,
  options: Readonly<Record<string, unknown>> = {}
): Promise<TestPage & { id: string }> {
  return { ...page, id: await page.run<string>(PAGE, { url, user, password: PASSWORD, options }) }
}
