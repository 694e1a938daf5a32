// The addresses of a laptop that invites phones: none, several, and one that changes while a guest is in.
import t from 'tap'
import { needs } from '../support/needs.ts'
import { createPair, isIn, pageOf, scan } from '../support/phone.ts'

const CHANNEL = 'addresses'

t.test(
  'without a private address the dialog says so; of several it offers a choice; a new one makes a new code',
  { ...needs('chromium', 'namespaces'), timeout: 200_000 },
  async t => {
    const { laptop, phonePage, desktop } = await createPair(t)
    const address = (change: 'add' | 'del', value: string): void => {
      laptop.exec('ip', ['address', change, value, 'dev', 'eth0'])
    }
    const desk = await pageOf(t, await desktop())
    await desk.goto('http://localhost:9009/console')
    await desk.fill('#channel', CHANNEL)
    await desk.click('#join button')
    const invite = desk.getByRole('button', { name: 'Invite a phone' })

    address('del', '192.168.77.1/24')
    await invite.click()
    await desk.locator('#phone-error').getByText('no private address that a phone can reach. Connect it').waitFor()
    await desk.getByRole('button', { name: 'Done' }).click()

    address('add', '192.168.77.1/24')
    address('add', '10.20.30.40/24')
    await invite.click()
    const choice = desk.locator('#phone-address')
    await choice.waitFor()
    t.same(await choice.locator('option').allTextContents(), ['192.168.77.1:9010', '10.20.30.40:9010'])
    await choice.selectOption('10.20.30.40:9010')
    t.match(await scan(desk), /^http:\/\/10\.20\.30\.40:9010\/start\/#/)
    await choice.selectOption('192.168.77.1:9010')
    const first = (await scan(desk))!
    t.match(first, /^http:\/\/192\.168\.77\.1:9010\//)
    await phonePage.goto(first)
    await isIn(phonePage)
    await desk.getByText('1 guest in.').waitFor()
    const guest = await desk.locator('#phone-guests li span').textContent()

    // Another address in place of the first. The phone knows only the old one, and looks after its connection.
    address('del', '10.20.30.40/24')
    address('del', '192.168.77.1/24')
    address('add', '192.168.77.9/24')
    await desk.locator('#phone-link', { hasText: '192.168.77.9' }).waitFor()
    const second = (await scan(desk))!
    t.equal(second, first.replace('77.1', '77.9'), 'the same invitation under the new address')
    await phonePage.fill('#text', 'from the old address')
    await phonePage.keyboard.press('Enter')
    await phonePage.evaluate(() => dispatchEvent(new Event('online')))
    await phonePage.getByText('The connection is lost since').waitFor()
    t.equal(await desk.locator('#phone-guests li span').textContent(), guest, 'the membership waits')

    // The old address is back beside the new one.
    address('add', '192.168.77.1/24')
    await phonePage.getByText('Connected with').waitFor()
    await desk.getByRole('button', { name: 'Done' }).click()
    await desk.locator('.line', { hasText: 'from the old address' }).waitFor()
    t.equal(await desk.locator('.line', { hasText: 'has gone' }).count(), 0, 'the others did not see it go')
    await invite.click()
    await desk.getByText('1 guest in.').waitFor()
    t.equal(await desk.locator('#phone-guests li span').textContent(), guest, 'it is the same guest')
  }
)
