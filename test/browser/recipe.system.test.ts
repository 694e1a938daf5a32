// The recipe of README.md, "Play Pong with a phone in 60 seconds": each step as it stands there, by a laptop and a phone.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import t from 'tap'
import { START_ARGUMENTS } from '../../tools/start-command.mjs'
import { needs } from '../support/needs.ts'
import { keepPicture } from '../support/pages.ts'
import { createPair, pageOf, scanText } from '../support/phone.ts'

const root = new URL('../../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')
const [, recipe = ''] = /^## Play Pong with a phone in 60 seconds\n([^]*?)^## /m.exec(readme) ?? []
const steps = [...recipe.matchAll(/^\d\. ([^]*?)(?=^\d\. |^$)/gm)].map(([, step]) => step!.replaceAll(/\s+/g, ' '))

const codes = (step: string): string[] => [...step.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
const buttons = (step: string): string[] => [...step.matchAll(/\*\*([^*]+)\*\*/g)].map(([, name]) => name!)

async function press(page: Page, names: readonly string[]): Promise<void> {
  for (const name of names) await page.getByRole('button', { name, exact: true }).click()
}

/** Resolves when the right paddle is drawn at the bottom of the field. */
async function paddleIsDown(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const field = document.querySelector('canvas')!
    const pixel = field.getContext('2d')!.getImageData(field.width - 18, field.height - 12, 1, 1)
    return pixel.data[3] === 255
  })
}

t.test('the recipe for Pong with a phone', { ...needs('chromium', 'namespaces'), timeout: 200_000 }, async t => {
  t.equal(steps.length, 3)
  const [first, second, third] = steps as [string, string, string]

  t.same(codes(first), ['npm start'])
  const { laptop, phonePage, desktop } = await createPair(t, START_ARGUMENTS)
  const desk = await pageOf(t, await desktop())
  await desk.goto(/<(http:[^>]+)>/.exec(first)![1]!)
  await press(desk, buttons(first))

  const [command] = codes(second)
  t.match(command, /^npx nws /)
  const share = laptop.node('dist/cli/nws.js', command!.split(' ').slice(2))
  const [, url] = await share.printed(/^(http:\S+)[^]*Ctrl-C/m)
  for (const line of share.output().split('\n')) if (/^[█▀▄ ]+$/.test(line)) t.ok(line.length <= 80, 'the code fits')
  t.equal(scanText(share.output()), url)

  await phonePage.goto(scanText(share.output())!)
  await press(phonePage, buttons(third))
  for (const page of [desk, phonePage]) await page.getByText('Your paddle is the blue one').waitFor()
  await keepPicture(phonePage, 'guests-game')
  await phonePage.setViewportSize({ width: 844, height: 390 })
  await keepPicture(phonePage, 'guests-game-landscape')

  // A finger on the phone moves the paddle on the laptop.
  const { x, y, width, height } = (await phonePage.locator('#field').boundingBox())!
  const devtools = await phonePage.context().newCDPSession(phonePage)
  const touch = async (type: 'touchStart' | 'touchMove', share: number): Promise<void> => {
    await devtools.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: [{ x: x + width / 2, y: y + height * share }]
    })
  }
  await touch('touchStart', 0.5)
  await touch('touchMove', 0.7)
  await touch('touchMove', 0.95)
  await paddleIsDown(desk)
  t.pass('the paddle has moved')
  await share.kill('SIGINT')
  await phonePage.getByText('The invitation is over.').waitFor()
})
