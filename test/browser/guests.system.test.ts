// A phone in the network of a laptop: it scans the code on the screen, and is in. Two browsers in two network namespaces, so
// that the phone has the means of a phone: an address of the network, and pages from an insecure origin.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { startCapture } from '../support/capture.ts'
import { needs } from '../support/needs.ts'
import { keepPicture } from '../support/pages.ts'
import { createPair, isIn, pageOf, scan } from '../support/phone.ts'

const CHANNEL = 'name-that-no-other-packet-has'
const WORDS = 'words that no other packet has'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Whether anything is drawn on the whiteboard. */
const ink = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => {
    const canvas = document.querySelector('canvas')!
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    return data.some(value => value !== 0)
  })

async function draw(page: Page): Promise<void> {
  const box = (await page.locator('#board').boundingBox())!
  await page.mouse.move(box.x + 30, box.y + 30)
  await page.mouse.down()
  await page.mouse.move(box.x + 150, box.y + 90, { steps: 5 })
  await page.mouse.up()
}

t.test(
  'scan, draw, send files, lose the socket, be told of the end; and the network learns nothing',
  { ...needs('chromium', 'namespaces', 'iptables', 'tcpdump'), timeout: 280_000 },
  async t => {
    const { laptop, phonePage, desktop } = await createPair(t)
    const capture = await startCapture(t, laptop)
    const laptopContext = await desktop()
    const desk = await pageOf(t, laptopContext)
    await desk.goto('http://localhost:9009/console')
    await desk.fill('#channel', CHANNEL)
    await desk.click('#join button')
    await desk.getByRole('button', { name: 'Invite a phone' }).click()
    await desk.locator('#phone-code svg').waitFor()
    await keepPicture(desk, 'guests-dialog')
    const url = (await scan(desk))!
    t.match(url, /^http:\/\/192\.168\.77\.1:9010\/start\/#[\w-]{22}$/)

    // A phone: 4 times slower, 20 ms and 10 Mbit/s away.
    const devtools = await phonePage.context().newCDPSession(phonePage)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
    await devtools.send('Network.enable')
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 20,
      downloadThroughput: 1_250_000,
      uploadThroughput: 1_250_000
    })
    const began = performance.now()
    await phonePage.goto(url)
    await isIn(phonePage)
    t.comment(`from scan to joined: ${Math.round(performance.now() - began)} ms`)
    await devtools.detach()
    t.equal(await phonePage.evaluate(() => isSecureContext), false)
    t.notMatch(phonePage.url(), /#/, 'the secret has left the address bar')
    await desk.getByText('1 guest in.').waitFor()
    await keepPicture(phonePage, 'guests-start')
    await phonePage.fill('#text', WORDS)
    await phonePage.keyboard.press('Enter')

    // A file each way, with its hash.
    const other = await pageOf(t, laptopContext)
    await other.goto('http://localhost:9009/examples/whiteboard/')
    await other.evaluate(`(async () => {
      const { NetworkWebSocket } = await import('/lib/networkwebsockets.js')
      const socket = new NetworkWebSocket('${CHANNEL}')
      const got = new Promise(resolve => {
        socket.onfile = offer => offer.accept().then(([file]) => resolve(file.sha256))
      })
      await new Promise(resolve => socket.addEventListener('open', resolve))
      Object.assign(globalThis, { socket, got })
    })()`)
    const file = Buffer.alloc(700_000, WORDS)
    await phonePage.locator('#file').setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: file })
    t.equal(await other.evaluate('got'), sha256(file))
    // The console has not answered the offer, so this does not wait for its end.
    await other.evaluate(`void socket.sendFile(new File(['${WORDS}'.repeat(9000)], 'talk.txt')).catch(() => {})`)
    await phonePage.getByRole('button', { name: 'Take' }).click()
    const [download] = await Promise.all([
      phonePage.waitForEvent('download'),
      phonePage.getByText('Save talk.txt').click()
    ])
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
    t.equal(sha256(Buffer.concat(chunks)), sha256(Buffer.from(WORDS.repeat(9000))))

    // The phone's socket breaks, and its page comes back as the same guest.
    const port = ['-p', 'tcp', '-i', 'eth0', '--dport', '9010', '-j', 'REJECT', '--reject-with', 'tcp-reset']
    laptop.exec('iptables', ['-w', '-I', 'INPUT', ...port])
    await phonePage.fill('#text', 'from the dark')
    await phonePage.keyboard.press('Enter')
    await phonePage.getByText('The connection is lost since').waitFor()
    laptop.exec('iptables', ['-w', '-D', 'INPUT', ...port])
    await phonePage.getByText('Connected with').waitFor()
    await desk.getByRole('button', { name: 'Done' }).click()
    await desk.locator('.line', { hasText: 'from the dark' }).waitFor()
    t.equal(await desk.locator('.line', { hasText: 'has gone' }).count(), 0, 'the others did not see it go')

    // Ink on the laptop.
    await other.reload()
    await other.fill('#channel', CHANNEL)
    await other.getByRole('button', { name: 'Join' }).click()
    await isIn(other)
    await phonePage.getByText('Draw').click()
    await isIn(phonePage)
    await phonePage.getByText('Connected with').waitFor()
    await draw(phonePage)
    await ink(other)
    await keepPicture(phonePage, 'guests-whiteboard')
    await phonePage.setViewportSize({ width: 844, height: 390 })
    await phonePage.emulateMedia({ colorScheme: 'dark' })
    await keepPicture(phonePage, 'guests-whiteboard-landscape-dark')

    // The end of the invitation.
    await desk.getByRole('button', { name: 'Invite a phone' }).click()
    await desk.getByRole('button', { name: 'Close the invitation' }).click()
    await phonePage.getByText('The invitation is over.').waitFor()
    await keepPicture(phonePage, 'guests-over')

    await capture.settle()
    await capture.stop()
    const bytes = capture.bytes()
    t.ok(bytes.length > 500_000, 'the run was recorded')
    for (const secret of [CHANNEL, WORDS, new URL(url).hash.slice(1)])
      t.equal(bytes.includes(secret), false, 'the network has not carried it')
    t.equal(bytes.includes(Buffer.from(new URL(url).hash.slice(1), 'base64url')), false, 'nor the bytes of the secret')
  }
)

t.test(
  'nws share --app serves a folder, whose page works unchanged',
  { ...needs('chromium', 'namespaces'), timeout: 200_000 },
  async t => {
    const { folder, laptop, phonePage } = await createPair(t)
    const app = join(folder, 'app')
    mkdirSync(app)
    writeFileSync(
      join(app, 'index.html'),
      `<!doctype html><title>mine</title><script type="module">
        import { NetworkWebSocket } from '/lib/networkwebsockets.js'
        const { channel } = await NetworkWebSocket.invitation
        const socket = new NetworkWebSocket(channel)
        socket.onopen = () => { document.body.append('I am in ', channel) }
        new NetworkWebSocket('another').onerror = ({ code }) => { document.body.append(' ', code) }
      </script>`
    )
    writeFileSync(join(app, '.env'), 'TOKEN=1')
    const share = laptop.node('dist/cli/nws.js', ['share', CHANNEL, '--app', app, '--guests', '3', '--json'])
    const [, url] = await share.printed(/"change":"open".*?"url":"([^"]+)"/)
    t.match(url, /^http:\/\/192\.168\.77\.1:9010\/app\/#/)
    await phonePage.goto(url!)
    await phonePage.getByText(`I am in ${CHANNEL}`).waitFor()
    await phonePage.getByText('NWS_CLIENT_NOT_INVITED').waitFor()
    await share.printed(/"change":"came".*"now":1,"max":3/)
    const hidden = await phonePage.goto(new URL('.env', url).href)
    t.equal(hidden?.status(), 404)
    await share.kill('SIGINT')
    t.match(share.output(), /"change":"closed"/)
  }
)
