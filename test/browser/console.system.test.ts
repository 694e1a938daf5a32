// Every action of the console in a channel, by pointer and by keyboard alone.
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { attach, button, copied, join, joinRaw, line, panel, part, save, say, tab } from '../support/console.ts'
import { press, tabTo, visit, write } from '../support/pages.ts'

for (const hand of ['pointer', 'keyboard'] as const) {
  t.test(`everything that one does in channels, by ${hand}`, needsBrowser, async t => {
    const { url } = await buildTestApp(t)
    const [a, b] = await Promise.all([visit(t, url), visit(t, `${url}/console`)])
    const idA = await join(a, 'room', { hand })
    await part(a, 'alone').waitFor() // Who is alone is told what to do.
    const idB = await join(b, 'room', { hand })
    t.match(idA, /^[a-z]+ [a-z]+$/)
    await line(a, `${idB}is here`).waitFor()
    await panel(a).getByText('1 other peer').waitFor()
    await part(a, 'peers').getByText('this computer').waitFor()
    await part(a, 'alone').waitFor({ state: 'hidden' })

    await say(a, 'hello to all', hand)
    await line(b, `${idA}hello to all`).waitFor()
    await line(a, 'youhello to all').waitFor()
    // To one alone: by the list of peers, or by the choice above the field.
    if (hand === 'pointer') {
      await part(b, 'peers').getByRole('button').click()
    } else {
      await tabTo(b, part(b, 'target'))
      await b.keyboard.press('ArrowDown')
    }
    t.equal(await part(b, 'target').locator('option:checked').textContent(), `${idA} alone`)
    await say(b, 'for you', hand)
    await line(a, `${idB} → youfor you`).waitFor()

    // Values of JSON, and bytes. What is none of them is not sent.
    const format = async (name: string, key: string): Promise<void> => {
      const radio = panel(a).getByRole('radio', { name, exact: true })
      if (hand === 'pointer') return await radio.click()
      await tabTo(a, panel(a).locator('[data-part=formats] :checked'))
      await a.keyboard.press(key)
      t.ok(await radio.isChecked())
    }
    await format('JSON', 'ArrowRight')
    await say(a, '{"level": 0.50', hand)
    await part(a, 'problem').getByText('This is not JSON.').waitFor()
    await say(a, '{"level": 0.50}', hand)
    await line(b, `${idA}{"level": 0.50}`).waitFor()
    await say(a, '7', hand)
    await line(b, `${idA}number7`).waitFor()
    await say(a, '{"level": 0.75}', hand)
    await line(b, `${idA}{"level": 0.75}`).waitFor()
    await press(b, line(b, '0.75').locator('summary'), hand)
    await press(b, button(b, 'Plot level'), hand)
    await part(b, 'plot').getByText(`${idA} · level: 0.75 now, 0.5 to 0.75 since`).waitFor()
    await press(b, button(b, 'Close the plot'), hand)
    await press(b, button(b, 'Compare with the one before'), hand)
    await line(b, /value 7 → {"level":0\.75}/).waitFor()
    await format('Hex', 'ArrowRight')
    await say(a, '01 f', hand)
    await part(a, 'problem').getByText('One digit is missing.').waitFor()
    await say(a, '01 FE', hand)
    await line(b, `${idA}binary, 2 bytes: 01 fe`).waitFor()
    await format('Text', 'ArrowRight')
    await say(a, '7', hand)
    await line(b, `${idA}text"7"`).waitFor()

    const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, i) => (i * i) % 251))
    await attach(b, hand, 'notes.html', bytes)
    const saved = await save(a, a.getByRole('button', { name: 'Save notes.html' }), hand)
    t.equal(saved.name, 'notes.html')
    t.ok(saved.bytes.equals(bytes), 'a file of several parts arrives as it was')

    // The log.
    await write(a, part(a, 'filter'), hand, 'FOR YOU')
    await line(a, 'hello to all').waitFor({ state: 'hidden' })
    await line(a, 'for you').waitFor()
    await press(a, part(a, 'copy'), hand)
    await part(a, 'copy').getByText('Copied').waitFor()
    t.match(await copied(a), new RegExp(`^\\d\\d:\\d\\d:\\d\\d  ${idB} → you  for you$`))
    await write(a, part(a, 'filter'), hand, '')
    await line(a, 'hello to all').waitFor()
    await press(a, part(a, 'pause'), hand)
    for (const n of [1, 2]) await say(b, `while paused ${n}`)
    await panel(a).getByRole('button', { name: 'Go on, 2 new' }).waitFor()
    t.equal(await line(a, 'while paused').count(), 0)
    await press(a, part(a, 'pause'), hand)
    await line(a, 'while paused 2').waitFor()
    await say(b, `${'long '.repeat(1000)}end`)
    await press(a, panel(a).getByRole('button', { name: 'Show all of it, 5 kB' }), hand)
    await line(a, 'long end').waitFor()
    await press(a, part(a, 'clear'), hand)
    t.equal(await panel(a).locator('.line').count(), 0)

    // Several channels at once, one of them of this computer only.
    await join(a, 'room', { hand, local: true })
    await part(a, 'state').getByText('this computer only').waitFor()
    await panel(a).getByText('1 peer, you among them').waitFor()
    const raw = await joinRaw(t, url, 'room')
    await panel(a).getByText('2 peers, you among them').waitFor()
    raw.send('raw words')
    await line(a, 'somebodyraw words').waitFor()
    await say(a, 'raw answer', hand)
    t.equal(await raw.next(), 'raw answer')
    t.ok(await part(a, 'attach').isHidden(), 'raw channels carry no files')
    t.equal(await part(b, 'peers').getByRole('listitem').count(), 1, 'and the channel of the network is another one')
    await say(b, 'meanwhile', hand)
    await tab(a, '1 new').waitFor()
    if (hand === 'pointer') {
      await tab(a, '1 new').click()
    } else {
      await tabTo(a, tab(a, 'here'))
      await a.keyboard.press('ArrowLeft')
    }
    await line(a, `${idB} → youmeanwhile`).waitFor()
    t.equal(await tab(a, 'new').count(), 0)

    await press(b, part(b, 'leave'), hand)
    await line(a, `${idB}has gone`).waitFor()
    await b.locator('#hero').waitFor() // The page is as at the beginning.
    t.ok(
      await b.locator('#channel').evaluate(element => element === document.activeElement),
      'and the focus is where one goes on'
    )
    // From the list of open channels.
    await press(b, b.locator('#open-list').getByRole('button', { name: /^room 1 peer$/ }), hand)
    await line(b, 'Joined.').waitFor()
    await line(a, 'is here').waitFor()
    t.equal(await line(a, 'is here').count(), 1)
  })
}
