// How the console looks: all widths and colours, for everybody. Pictures are kept under artefacts/ for people to judge.
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { joinChannel } from '../support/channel.ts'
import { button, join, line, panel, part, say, tab } from '../support/console.ts'
import { inspectPage, visit } from '../support/pages.ts'

t.test('for everybody: at any width, light and dark, with a screen reader', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const others = await Promise.all(['webchat', 'webchat', 'scores'].map(name => joinChannel(t, ws, name)))
  for (const [width, dark] of [
    [1280, false],
    [1280, true],
    [360, false],
    [360, true]
  ] as const) {
    const at = `${width}-${dark ? 'dark' : 'light'}`
    const page = await visit(t, url, { width, dark })
    await page.locator('#picture .node.channel').first().waitFor()
    await page.locator('#examples-card').waitFor()
    const loaded = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .map(({ name }) => new URL(name).pathname)
        .filter(path => !/^\/(?:api|examples)\//.test(path))
    )
    t.strictSame(loaded.toSorted(), ['/console/console.css', '/console/console.js', '/console/icon.svg'])
    await inspectPage(t, page, `console-start-${at}`)
    await button(page, 'Make a private channel …').click()
    await inspectPage(t, page, `console-private-${at}`)
    await page.keyboard.press('Escape')
    await join(page, 'webchat')
    others[0]!.send({ action: 'broadcast', data: 'Dinner is ready' })
    others[1]!.send({ action: 'broadcast', data: { lamp: 'kitchen', on: true, level: 0.8 } })
    await line(page, 'kitchen').waitFor()
    await panel(page)
      .locator('[data-part=spoken]', { hasText: /is here|Dinner|kitchen/ })
      .waitFor({ state: 'attached' })
    await part(page, 'peers').getByRole('button').first().click()
    await say(page, 'Coming!')
    await join(page, 'kitchen.timer', { local: true })
    await tab(page, 'webchat').click()
    await part(page, 'peers').getByText('this computer').first().waitFor()
    const [leave, name] = [(await part(page, 'leave').boundingBox())!, (await part(page, 'name').boundingBox())!]
    t.ok(leave.x + leave.width <= width, `${at}: all buttons of the channel can be pressed`)
    t.ok(name.width > name.height, `${at}: its name stands in one line`)
    await inspectPage(t, page, `console-busy-${at}`)
    t.equal(await page.title(), 'Network Web Sockets', 'no name in the title')
  }
})
