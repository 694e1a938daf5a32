// The example of BoneValue as two people use it: strangers who exchange a token, ask each other and send a file. How it
// looks is kept under artefacts/ for people to judge.
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import type { Page } from 'playwright-core'
import { buildTestApp } from '../support/app.ts'
import { PASSWORD, rendezvousOptions } from '../support/bonevalue.ts'
import { needsBrowser } from '../support/browser.ts'
import { inspectPage, press, visit, write, type Hand } from '../support/pages.ts'
import { addUser } from '../support/rendezvous.ts'

const LOOKS = [
  [1280, false],
  [1280, true],
  [360, true],
  [360, false]
] as const

async function inspectLooks(t: Test, page: Page, name: string): Promise<void> {
  for (const [width, dark] of LOOKS) {
    await page.setViewportSize({ width, height: 860 })
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    await inspectPage(t, page, `${name}-${width}-${dark ? 'dark' : 'light'}`)
  }
}

/** Opens the example and logs in. */
async function enter(t: Test, url: string, user: string, hand: Hand): Promise<Page> {
  const page = await visit(t, `${url}/examples/bonevalue/`)
  await page.evaluate('navigator.mediaDevices.getUserMedia({ audio: true }).then(() => {})')
  await write(page, page.getByLabel('Login name'), hand, user)
  await write(page, page.getByLabel('Password'), hand, PASSWORD)
  await press(page, page.getByRole('button', { name: 'Log in' }), hand)
  await page.locator('#self', { hasText: `You are ${user}.` }).waitFor()
  return page
}

const logged = (page: Page, text: string | RegExp) => page.locator('#log p', { hasText: text })

t.test('two strangers trust each other, ask, send a file and show a screen', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  for (const user of ['ada', 'grace']) await addUser(url, user)
  const ada = await enter(t, url, 'ada', 'keyboard')
  const grace = await enter(t, url, 'grace', 'pointer')

  await write(ada, ada.locator('#make-alias'), 'keyboard', 'Grace')
  await press(ada, ada.getByRole('button', { name: 'Make a token' }), 'keyboard')
  const token = await ada.locator('#token', { hasText: /./ }).textContent()
  await write(grace, grace.locator('#claim-alias'), 'pointer', 'Ada')
  await write(grace, grace.locator('#claim-token'), 'pointer', token ?? '')
  await press(grace, grace.getByRole('button', { name: 'Claim it' }), 'pointer')
  await grace.getByText('You and Ada trust each other now.').waitFor()
  await ada.locator('#people', { hasText: 'Graceone page' }).waitFor()

  await write(ada, ada.locator('#text'), 'keyboard', 'Is the soup ready?')
  await ada.keyboard.press('Enter')
  await logged(grace, 'Ada: Is the soup ready?').waitFor()
  await logged(ada, /Grace heard it at .*; the answer took [\d.]+ ms/).waitFor()

  const bytes = randomBytes(1_500_000)
  const [chooser] = await Promise.all([
    ada.waitForEvent('filechooser'),
    press(ada, ada.getByRole('button', { name: 'Send a file …' }), 'keyboard')
  ])
  await chooser.setFiles({ name: 'recipe.bin', mimeType: 'application/octet-stream', buffer: bytes })
  await press(grace, grace.getByRole('button', { name: 'Take it' }), 'pointer')
  await logged(ada, "recipe.bin is at Grace's").waitFor()
  const [download] = await Promise.all([
    grace.waitForEvent('download'),
    press(grace, grace.getByRole('link', { name: 'Save recipe.bin' }), 'pointer')
  ])
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  t.ok(bytes.equals(Buffer.concat(chunks)), 'the file is the same at the other end')
  t.equal(download.suggestedFilename(), 'recipe.bin')

  const [again] = await Promise.all([
    grace.waitForEvent('filechooser'),
    press(grace, grace.getByRole('button', { name: 'Send a file …' }), 'pointer')
  ])
  await again.setFiles({ name: 'no.txt', mimeType: 'text/plain', buffer: Buffer.from('no') })
  await press(ada, ada.getByRole('button', { name: 'No', exact: true }), 'keyboard')
  await logged(grace, 'no.txt for Ada: The receiver does not want the file.').waitFor()

  // Headless browsers have no screen.
  await ada.evaluate(
    "navigator.mediaDevices.getDisplayMedia = async () => { const canvas = document.createElement('canvas'); canvas.getContext('2d').fillRect(0, 0, 9, 9); return canvas.captureStream(10) }"
  )
  await press(ada, ada.getByRole('button', { name: 'Show my screen' }), 'keyboard')
  await grace.getByLabel('The screen of Ada').waitFor()
  await press(ada, ada.getByRole('button', { name: 'Hide my screen' }), 'keyboard')
  await logged(grace, 'Ada shows it no more.').waitFor()
  await inspectLooks(t, ada, 'bonevalue')

  await grace.reload()
  await grace.locator('#self', { hasText: 'You are grace.' }).waitFor()
  await ada.locator('#people', { hasText: 'Graceone page' }).waitFor()
  await press(ada, ada.getByRole('button', { name: 'Trust no more: Grace' }), 'pointer')
  await grace.getByText('You trust nobody yet').waitFor()
  await press(ada, ada.getByRole('button', { name: 'Log out' }), 'pointer')
  await ada.getByLabel('Login name').waitFor()
})

t.test('what is wrong is said', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  await addUser(url, 'ada')
  const page = await visit(t, `${url}/examples/bonevalue/`)
  await page.getByLabel('Login name').fill('ada')
  await page.getByLabel('Password').fill('wrong password')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('#login-state', { hasText: /name|password/i }).waitFor()
  t.ok(await page.locator('#inside').isHidden())
  await page.getByRole('button', { name: 'Make a new account …' }).click()
  t.match(await page.getByRole('link', { name: 'this link' }).getAttribute('href'), /\/bv\/invite\/#./)
  await inspectLooks(t, page, 'bonevalue-start')

  const { url: off } = await buildTestApp(t)
  const without = await visit(t, `${off}/examples/bonevalue/`)
  await without.getByText('BoneValue is switched off on this proxy.').waitFor()
  t.ok(await without.locator('#login').isHidden())
})
