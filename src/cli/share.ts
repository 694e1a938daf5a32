// `nws share <channel>`: invites guests without a proxy, shows the QR code, and reports joins and leaves. Ctrl-C closes the
// invitation.
import { createReadStream } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { friendlyWords } from '../core/friendly-words.ts'
import { fileInFolder } from '../platform/app-folder.ts'
import { mediaType } from '../platform/media-types.ts'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { CliError } from './errors.ts'
import { countOf } from './numbers.ts'
import { note, styled, write, writeJson } from './output.ts'
import { proxyOf, request, withProxy, type Proxy, type ProxyOptions } from './proxy.ts'
import { codeFor } from './qr.ts'

interface ShareOptions extends ProxyOptions, ChannelOptions {
  readonly app?: string
  readonly example?: string
  readonly for: string
  readonly guests: string
  readonly json?: true
  readonly qr: boolean
}

/** An invitation in the answers of the API. */
interface Shown {
  readonly id: string
  readonly url: string
  readonly urls: readonly string[]
  readonly expiresAt: string
  readonly guests: { readonly now: number; readonly max: number; readonly list: readonly { readonly id: string }[] }
}

/** Time between two looks at the guests, milliseconds. */
const POLL_MS = 1000
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

export function shareCommand(): Command {
  return withProxy(withChannel(new Command('share').description('invite phones and other devices without a proxy')))
    .option(
      '--example <name>',
      'page that guests see: chat, whiteboard, notes, game, pubsub or webrtc (default: a start page)'
    )
    .option('--app <folder or address>', 'your own pages: a folder, or the address of a server on this computer')
    .option('--for <time>', 'time until the invitation ends, such as 30m or 2h', '2h')
    .option('--guests <number>', 'devices that may be in at once', '8')
    .option('--json', 'print one JSON object per line: the invitation, and guests who come and leave')
    .option('--no-qr', 'print no QR code')
    .action(share)
}

/** Seconds of a text such as `90s`, `30m`, `2h`. @throws CliError `NWS_CLI_USAGE` */
function secondsOf(text: string): number {
  const [, amount, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? []
  const seconds = Number(amount) * (UNITS[unit] ?? NaN)
  if (!(seconds <= 30 * 86_400))
    throw new CliError('NWS_CLI_USAGE', '--for takes a time such as 90s, 30m, 2h or 1d, up to 30d.')
  return seconds
}

async function share(channel: string | undefined, options: ShareOptions): Promise<void> {
  const { name } = await takeChannel([channel], options)
  if (options.app !== undefined && options.example !== undefined)
    throw new CliError('NWS_CLI_USAGE', '--app and --example exclude each other.')
  const proxy = proxyOf(options)
  const app = options.app === undefined ? undefined : await serveApp(options.app)
  const body = JSON.stringify({
    channel: name,
    expiresInSeconds: secondsOf(options.for),
    guests: countOf('--guests', options.guests, 1000),
    ...(app === undefined ? {} : { page: 'app', app }),
    ...(options.example === undefined ? {} : { page: options.example })
  })
  const made = await request<Shown>(proxy, '/api/invitations', { method: 'POST', body })
  if (options.json === true) await writeJson({ change: 'open', ...made })
  else await show(made, options.qr)
  const ended = once(process, 'SIGINT').then(() => 'end' as const)
  const terminated = once(process, 'SIGTERM').then(() => 'end' as const)
  const over = await watch(proxy, made, options, Promise.race([ended, terminated]))
  if (over === 'end') await request(proxy, `/api/invitations/${made.id}`, { method: 'DELETE' })
  if (options.json === true) await writeJson({ change: 'closed', id: made.id })
  else note(over === 'end' ? 'The invitation is closed.' : 'The invitation is over.')
  process.exit() // The server of --app may have open connections.
}

/** Prints link and code. */
async function show({ url, urls }: Shown, qr: boolean): Promise<void> {
  await write(`${url}\n`)
  if (qr) note(await codeFor(url))
  note('Scan the code with the camera of a phone in the same network. Everyone who has the link can join.')
  const others = urls.filter(each => each !== url)
  if (others.length > 0) note(`If nothing opens, try another address of this computer:\n${others.join('\n')}`)
  note(styled('Ctrl-C closes the invitation.', 'dim'))
}

/** Reports joins and leaves. @returns `end` after a signal, `over` if the invitation has ended */
async function watch(
  proxy: Proxy,
  made: Shown,
  { json, qr }: ShareOptions,
  ended: Promise<'end'>
): Promise<'end' | 'over'> {
  let before = new Set<string>()
  let { url } = made
  for (;;) {
    const pause = new AbortController()
    const what = await Promise.race([ended, sleep(POLL_MS, 'again' as const, { signal: pause.signal })])
    pause.abort()
    if (what === 'end') return what
    const all = await request<Shown[]>(proxy, '/api/invitations')
    const now = all.find(({ id }) => id === made.id)
    if (now === undefined) return 'over'
    if (now.url !== url && now.url !== '') {
      ;({ url } = now)
      if (json === true) await writeJson({ change: 'address', url, urls: now.urls })
      else {
        note('The address of this computer has changed. Guests need the new code:')
        await show(now, qr)
      }
    }
    const guests = new Set(now.guests.list.map(({ id }) => id))
    for (const id of guests) if (!before.has(id)) await tell(json, 'came', id, now)
    for (const id of before) if (!guests.has(id)) await tell(json, 'left', id, now)
    before = guests
  }
}

async function tell(json: true | undefined, change: 'came' | 'left', peer: string, { guests }: Shown): Promise<void> {
  if (json === true) await writeJson({ change, peer, now: guests.now, max: guests.max })
  else
    note(
      `${friendlyWords(peer)} ${change === 'came' ? 'has come' : 'has left'}. ${guests.now} of ${guests.max} guests.`
    )
}

/**
 * Serves a folder to the proxy, on an address that only this command knows: the proxy may run as another user, and must not
 * open files for those who ask.
 *
 * @returns the address, for the proxy
 */
async function serveApp(app: string): Promise<string> {
  if (/^https?:\/\//.test(app)) return app
  const folder = resolve(app)
  if ((await fileInFolder(folder, '')) === undefined)
    throw new CliError(
      'NWS_CLI_USAGE',
      '--app takes a folder with an index.html, or an address such as http://localhost:5173.'
    )
  const prefix = `/${randomBytes(16).toString('hex')}/`
  const server = createServer((incoming, response) => {
    const path = pathOf(incoming.url ?? '', prefix)
    void (path === undefined ? Promise.resolve(undefined) : fileInFolder(folder, path)).then(file => {
      if (file === undefined) return response.writeHead(404).end()
      response.writeHead(200, { 'content-type': mediaType(file) })
      return createReadStream(file)
        .on('error', () => response.destroy())
        .pipe(response)
    })
  })
  server.unref()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`
}

function pathOf(url: string, prefix: string): string | undefined {
  const path = url.split('?', 1)[0]!
  try {
    return path.startsWith(prefix) ? decodeURIComponent(path.slice(prefix.length)) : undefined
  } catch {
    return undefined
  }
}
