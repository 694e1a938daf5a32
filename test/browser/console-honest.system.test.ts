// The console says what happened to a message: to whom it went, and whether it went at all.
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { joinChannel } from '../support/channel.ts'
import { button, join, line, part } from '../support/console.ts'
import { visit } from '../support/pages.ts'

t.test('what is written to one peer goes to nobody else when that peer leaves', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t)
  const a = await visit(t, url)
  await join(a, 'room')
  const [bob, carol] = [await joinChannel(t, ws, 'room'), await joinChannel(t, ws, 'room')]
  await a.locator('button.peer', { hasText: bob.id.slice(0, 6) }).click()
  await part(a, 'text').fill('for bob only')
  bob.socket.close()
  await part(a, 'gone')
    .getByText(`${bob.id.slice(0, 6)} has left.`)
    .waitFor()
  await part(a, 'text').press('Enter')
  t.ok(await button(a, 'Send').isDisabled())
  t.equal(await part(a, 'text').inputValue(), 'for bob only', 'the text stays')
  t.equal(await line(a, 'for bob only').count(), 0)
  await part(a, 'target').selectOption('')
  await part(a, 'text').press('Enter')
  await line(a, 'for bob only').waitFor()
  t.match(await carol.nextOf('broadcast'), { data: 'for bob only' }, 'the first thing that the third one hears')
})
