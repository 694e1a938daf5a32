// How the examples look: all widths and colours, for everybody. Pictures are kept under artefacts/ for people to judge.
import t, { type Test } from 'tap'
import type { Page } from 'playwright-core'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { enter, EXAMPLES, meets, openExample, sameNotes, seesVideos, type Example } from '../support/examples.ts'
import { inspectPage, visit } from '../support/pages.ts'

const LOOKS = [
  [1280, false],
  [1280, true],
  [360, true],
  [360, false]
] as const

/** Looks at a page at each width, light and dark. */
async function inspectLooks(t: Test, page: Page, name: string): Promise<void> {
  for (const [width, dark] of LOOKS) {
    await page.setViewportSize({ width, height: 860 })
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    await inspectPage(t, page, `${name}-${width}-${dark ? 'dark' : 'light'}`)
  }
}

/** Makes a page look as it does in use. */
const USE: Readonly<Record<Example, (page: Page, friend: Page) => Promise<void>>> = {
  async chat(page, friend) {
    await page.getByLabel('Your name').fill('Ada')
    await friend.getByLabel('Your name').fill('Grace')
    for (const [who, text] of [
      [page, 'Is the soup ready?'],
      [friend, 'In ten minutes. Bring bread!'],
      [page, 'On my way, with two loaves, a friend and a dog who says that soup is his favourite thing in the world 🐕']
    ] as const) {
      await who.locator('#text').fill(text)
      await who.keyboard.press('Enter')
      for (const each of [page, friend]) await each.locator('#messages', { hasText: text }).waitFor()
    }
  },
  async whiteboard(page) {
    const board = page.locator('#board')
    await board.scrollIntoViewIfNeeded()
    const { x, y, width, height } = (await board.boundingBox())!
    for (const [i, colour] of ['black', 'red', 'blue'].entries()) {
      await page.getByRole('button', { name: colour }).click()
      await page.mouse.move(x + width * 0.1, y + height * (0.3 + i * 0.1))
      await page.mouse.down()
      for (let step = 1; step <= 20; step++)
        await page.mouse.move(
          x + width * (0.1 + step * 0.035),
          y + height * (0.3 + i * 0.1 + 0.12 * Math.sin(step / 2))
        )
      await page.mouse.up()
    }
  },
  async notes(page, friend) {
    await page.getByLabel('Your name').fill('Ada')
    await friend.getByLabel('Your name').fill('Grace')
    await page.locator('.cm-content').click()
    await page.keyboard.insertText(
      'Soup for Saturday\n\n- leeks and potatoes\n- two loaves, for the dog who says that soup is his favourite'
    )
    await sameNotes([page, friend], /favourite$/)
    await friend.locator('.cm-content').click()
    await friend.keyboard.press('ControlOrMeta+Home')
    await friend.keyboard.press('Shift+End')
    await page.locator('.cm-ySelectionInfo', { hasText: 'Grace' }).waitFor()
  },
  async game(page, friend) {
    await page.getByRole('button', { name: 'Sit left' }).click()
    await friend.getByRole('button', { name: 'Sit right' }).click()
    await page.locator('#spread', { hasText: 'best' }).waitFor()
  },
  async webrtc(page) {
    await seesVideos(page, 2)
  },
  async pubsub(page, friend) {
    for (const name of ['weather', 'lights'])
      await page.locator('#topics li', { hasText: name }).getByRole('checkbox').check()
    await friend.locator('#topics li', { hasText: 'news' }).getByRole('checkbox').check()
    await friend.locator('#topics li', { hasText: 'lights' }).getByText('one other').waitFor()
    for (const [topic, value] of [
      ['weather', 'sunny'],
      ['lights', 'kitchen: on']
    ] as const) {
      await friend.locator('#topic').selectOption(topic)
      await friend.locator('#value').fill(value)
      await friend.keyboard.press('Enter')
      await page.locator('#received', { hasText: value }).waitFor()
    }
  }
}

for (const example of EXAMPLES) {
  t.test(`${example}, at any width, light and dark`, needsBrowser, async t => {
    const proxy = await buildTestApp(t)
    const page = await openExample(t, [proxy], example)
    await inspectPage(t, page, `${example}-start-1280-light`)
    await enter(page, 0)
    const friend = await openExample(t, [proxy], example)
    await enter(friend, 1)
    await meets(page, 1)
    await USE[example](page, friend)
    await inspectLooks(t, page, example)
  })
}

t.test('the list of the examples, at any width, light and dark', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  await inspectLooks(t, await visit(t, `${url}/examples/`), 'examples')
})
