// The examples with a canvas at work: whiteboard and game, with two and three pages, through one proxy and through
// two that are linked. Not how they look (examples-display.test.ts).
import t from 'tap'
import type { Page } from 'playwright-core'
import { needsBrowser } from '../support/browser.ts'
import { joinChannel } from '../support/channel.ts'
import { enter, gather, meets, openExample, rightHasMissed, sameCanvas } from '../support/examples.ts'
import { buildProxies, press, tabTo } from '../support/pages.ts'

/** Draws a stroke over the board, from one part of its size to another. */
async function stroke(page: Page, [fromX, fromY, toX, toY]: readonly [number, number, number, number]): Promise<void> {
  await page.locator('#board').scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await page.locator('#board').boundingBox())!
  await page.mouse.move(x + fromX * width, y + fromY * height)
  await page.mouse.down()
  await page.mouse.move(x + toX * width, y + toY * height, { steps: 4 })
  await page.mouse.up()
}

for (const count of [1, 2] as const) {
  const through = count === 1 ? 'one proxy' : 'two linked proxies'

  t.test(`whiteboard through ${through}`, needsBrowser, async t => {
    const proxies = await buildProxies(t, count)
    // Somebody who is there and never answers keeps nobody from the picture.
    await joinChannel(t, proxies[0]!.ws, 'whiteboard')
    const pages = await Promise.all([0, 1].map(i => openExample(t, proxies, 'whiteboard', i)))
    const [a, b] = pages as [Page, Page]
    await enter(a, 1)
    await enter(b, 2, { hand: 'keyboard' })
    await meets(a, 2)
    await stroke(a, [0.2, 0.2, 0.8, 0.6])
    await sameCanvas([a, b])
    await press(b, b.getByRole('button', { name: 'red' }), 'keyboard')
    await tabTo(b, b.locator('#size'))
    await b.keyboard.press('End')
    await tabTo(b, b.locator('#board'))
    for (const key of ['ArrowLeft', ' ', 'ArrowLeft', 'ArrowLeft', 'ArrowUp', ' ', 'ArrowDown'])
      await b.keyboard.press(key)
    await b.locator('#pen', { hasText: /^The pen is up, \d+ % from the left and 50 % from the top\.$/ }).waitFor()
    const isRed = (): boolean => {
      const { data } = document.querySelector('canvas')!.getContext('2d')!.getImageData(760, 500, 1, 1)
      return data[0] === 0xd6 && data[1] === 0x2f
    }
    for (const page of [a, b]) await page.waitForFunction(isRed)
    await sameCanvas([a, b])
    const c = await openExample(t, proxies, 'whiteboard', 2)
    await enter(c, 3)
    await c.waitForFunction(isRed)
    await sameCanvas([a, b, c])
    // Undo removes a whole stroke, and none of the others.
    await stroke(c, [0.8, 0.2, 0.2, 0.9])
    const hasStroke = (wanted: boolean): boolean => {
      const { data } = document.querySelector('canvas')!.getContext('2d')!.getImageData(792, 540, 16, 20)
      return data.some(value => value > 0) === wanted
    }
    await b.waitForFunction(hasStroke, true)
    await sameCanvas([a, b, c])
    await press(c, c.getByRole('button', { name: 'Undo' }), 'keyboard')
    for (const page of [a, b, c]) await page.waitForFunction(hasStroke, false)
    for (const page of [a, b, c]) await page.waitForFunction(isRed)
    await sameCanvas([a, b, c])
    await press(a, a.getByRole('button', { name: 'Clear for all' }), 'keyboard')
    await sameCanvas([a, b, c], true)
    // The strokes of one channel are not taken into another.
    await stroke(c, [0.1, 0.1, 0.3, 0.9])
    await sameCanvas([a, b, c])
    await press(c, c.getByRole('button', { name: 'Leave' }), 'pointer')
    await enter(c, 0, { channel: 'another.board' })
    await sameCanvas([c], true)
    await press(c, c.getByRole('button', { name: 'Leave' }), 'pointer')
    await enter(c, 3, { channel: 'whiteboard' })
    await sameCanvas([a, b, c])
    // One page keeps the picture when all others leave.
    await Promise.all([a.close(), b.close()])
    await meets(c, 1)
    const d = await openExample(t, proxies, 'whiteboard', 0)
    await enter(d, 2)
    await sameCanvas([c, d])
  })

  t.test(`game through ${through}`, needsBrowser, async t => {
    const proxies = await buildProxies(t, count)
    const [a, b] = (await gather(t, proxies, 'game', 2)) as [Page, Page]
    await press(a, a.getByRole('button', { name: 'Sit left' }), 'pointer')
    await a.getByText('Waiting for a player on the other side.').waitFor()
    await b.getByRole('button', { name: 'Taken' }).waitFor()
    await press(b, b.getByRole('button', { name: 'Sit right' }), 'keyboard')
    for (const page of [a, b]) await page.getByText('Your paddle is the blue one').waitFor()
    t.ok(
      await b.locator('#field').evaluate(field => field === document.activeElement),
      'the keys reach the paddle at once'
    )
    const c = await openExample(t, proxies, 'game', 2)
    await enter(c, 2)
    await c.getByText('You are watching.').waitFor()
    // The ball comes straight to the middle of the right side: a paddle that goes away misses it.
    const seen = Promise.all([a, b, c].map(rightHasMissed))
    await b.keyboard.down('ArrowDown')
    await seen
    await b.keyboard.up('ArrowDown')
    for (const page of [a, b]) await page.locator('#latency', { hasText: /^[\d.]+ ms$/ }).waitFor()
    for (const page of [a, b])
      await page.locator('#spread', { hasText: /^best [\d.]+ ms, middle [\d.]+ ms$/ }).waitFor()
    await press(a, a.getByRole('button', { name: 'Stand up' }), 'keyboard')
    for (const page of [b, c]) await page.getByRole('button', { name: 'Sit left' }).waitFor()
    await press(c, c.getByRole('button', { name: 'Sit left' }), 'pointer')
    for (const page of [b, c]) await page.getByText('Your paddle is the blue one').waitFor()
    await a.getByText('You are watching.').waitFor()
    await b.close()
    for (const page of [a, c]) await page.getByRole('button', { name: 'Sit right' }).waitFor()
  })
}
