// docs/BONEVALUE.md, "An app in five minutes": its page and its lines run exactly as they are.
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { buildTestApp } from '../support/app.ts'
import { PASSWORD, rendezvousOptions } from '../support/bonevalue.ts'
import { needsBrowser, openPage, sharedBrowser, type TestPage } from '../support/browser.ts'
import { addUser } from '../support/rendezvous.ts'

const text = readFileSync(new URL('../../docs/BONEVALUE.md', import.meta.url), 'utf8')
const codeOf = (title: string): string =>
  new RegExp(`^\`\`\`\\w+ title=${title}\\n([^]*?)^\`\`\`$`, 'm').exec(text)![1]!

/** Opens the app and answers its questions. */
async function openApp(t: Test, address: string, user: string): Promise<TestPage> {
  const page = await openPage(t, await sharedBrowser(), 'about:blank')
  await page.page.addInitScript('navigator.mediaDevices?.getUserMedia({ audio: true })')
  page.page.on('dialog', dialog => void dialog.accept(dialog.message() === 'Password' ? PASSWORD : user))
  await page.page.goto(address)
  await page.page.waitForFunction('$BV.getId() !== null')
  return page
}

t.test('the app of docs/BONEVALUE.md', needsBrowser, async t => {
  const webRoot = t.testdir({ 'index.html': codeOf('p2p') })
  const { app, url } = await buildTestApp(t, { ...rendezvousOptions, bvListen: 'localhost:0', webRoot })
  for (const user of ['ann', 'ben']) await addUser(url, user)
  const address = app.rendezvousListener.url!
  const [ann, ben] = [await openApp(t, address, 'ann'), await openApp(t, address, 'ben')]
  const token = ann.page.waitForEvent('console', line => /^[\w-]{20,}$/.test(line.text()))
  await ann.run(`${codeOf('token')};`)
  await ben.run(`${codeOf('claim').replace('the token', (await token).text())};`)
  t.equal(await ann.said('Ben'), 'Ben says Not Friday, Ann')
  t.equal(await ben.said('Ann'), 'Ann says Not Friday, Ben')
})
