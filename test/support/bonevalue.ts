// Pages and accounts for tests of BoneValue in a browser. Asserts nothing.
import type { Test } from 'tap'
import { openPage, servePages, sharedBrowser } from './browser.ts'
import type { TestPage } from './browser.ts'
import { addUser, exchangeToken, logIn, PASSWORD } from './rendezvous.ts'

export { PASSWORD } from './rendezvous.ts'

/** Settings of a proxy that is a rendezvous and keeps nothing. */
export const rendezvousOptions = { bv: 'on', dataDir: ':memory:' } as const

/** Makes two users who trust each other, each by the other's name. */
export async function addFriends (t: Test, url: string, one: string, other: string): Promise<void> {
  await addUser(url, one)
  await addUser(url, other)
  await befriend(t, url, one, other)
}

/** Makes two users trust each other. */
export async function befriend (t: Test, url: string, one: string, other: string): Promise<void> {
  const ws = url.replace('http', 'ws')
  const clients = [await logIn(t, ws, one), await logIn(t, ws, other)] as const
  await exchangeToken(clients[0], clients[1], { ofClaimer: other, ofIssuer: one })
  for (const client of clients) await client.close()
}

/** Opens a page whose browser may use all addresses of the machine for WebRTC. */
export async function openRtcPage (t: Test, address: string): Promise<TestPage> {
  const page = await openPage(t, await sharedBrowser(), 'about:blank')
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
  /** The answers of all who are asked, or of the first so many. */
  globalThis.ask = (query, module, data, keepAlive = true, count = $BV.get(query).peers().length) => new Promise(resolve => {
    const answers = []
    $BV.get(query).message(module, data, keepAlive, (response, peer) => { answers.push({ response, peer }); if (answers.length === count) resolve(answers) })
  })
  return await $BV.connect(arg.url, arg.user, arg.password)`

/** A page of an origin of its own that is logged in. Its id is `id`. */
export async function openUser (t: Test, url: string, user: string, options: Readonly<Record<string, unknown>> = {}): Promise<TestPage & { id: string }> {
  const page = await openRtcPage(t, await servePages(t, { '/': '<!doctype html><meta charset="utf-8"><title>test</title>' }))
  const id = await page.run<string>(PAGE, { url, user, password: PASSWORD, options })
  return { ...page, id }
}
