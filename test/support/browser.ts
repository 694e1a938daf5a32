// Headless Chromium for tests: one browser a process of the runner, pages served from localhost, each server an origin of
// its own. Waits for events, never for time.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { findProgram, needs } from './needs.ts'
import { keepOpen } from './runner/resources.ts'

/** How long anything may take in a browser on a busy machine. */
const PATIENCE_MS = 60_000
/** A name of this machine that is no secure context in the browser, such as a phone has. */
export const INSECURE_HOST = 'proxy.test'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Few pictures a second: each one is encoded, and decoded by every other page.
  '--use-fake-device-for-media-stream=fps=5',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`
]

/**
 * Options of a test that needs the browser. The headless shell needs half the time of the whole browser; its WebRTC finds
 * no peers on other machines by mDNS.
 */
export const needsBrowser = needs('chromium-headless-shell')

/** Starts a browser. @param executablePath another program that becomes one */
export async function launchBrowser(executablePath = findProgram('chromium-headless-shell')!): Promise<Browser> {
  return await chromium.launch({ executablePath, args: FLAGS, timeout: 2 * PATIENCE_MS })
}

let launched: Promise<Browser> | undefined

/** The browser of this process, for all files that run in it. The first caller starts it. */
export async function sharedBrowser(): Promise<Browser> {
  launched ??= keepOpen(async () => {
    const browser = await launchBrowser()
    browser.once('disconnected', () => (launched = undefined))
    return browser
  })
  return await launched
}

/** Serves pages and scripts by path, as HTML or by the ending of the path, from an origin of its own until the test ends. */
export async function servePages(
  t: Test,
  files: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {}
): Promise<string> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0]!
    const body = files[path]
    if (path === '/favicon.ico') return response.writeHead(204).end()
    if (body === undefined) return response.writeHead(404).end('nothing here')
    return response
      .writeHead(200, {
        'content-type': path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8',
        ...headers
      })
      .end(body)
  })
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

/** A page, with the lines of its console. */
export interface TestPage {
  readonly page: Page
  readonly console: string[]
  /** Runs an expression or the body of an async function in the page, with one JSON argument named `arg`. */
  readonly run: <Result = unknown>(code: string, arg?: unknown) => Promise<Result>
  /** The next line on the console that begins with this. */
  readonly said: (start: string) => Promise<string>
}

/** Opens an address in a context of its own. An error that the page does not catch fails the test. */
export async function openPage(
  t: Test,
  browser: Browser,
  address: string,
  { localPort, permissions }: { localPort?: number; permissions?: string[] } = {}
): Promise<TestPage> {
  const context = await browser.newContext(permissions === undefined ? {} : { permissions })
  context.setDefaultTimeout(PATIENCE_MS)
  t.teardown(() => context.close())
  const page = await context.newPage()
  const lines: string[] = []
  const waiting = new Set<() => void>()
  page.on('console', message => {
    lines.push(message.text())
    for (const look of waiting) look()
  })
  page.on('pageerror', error => t.fail(`uncaught in the page: ${error.message}`))
  // Pages of 2014 know one address only.
  if (localPort !== undefined) {
    await page.addInitScript(port => {
      const Native = WebSocket
      globalThis.WebSocket = class extends Native {
        constructor(url: string | URL, protocols?: string | string[]) {
          super(String(url).replace('localhost:9009', `localhost:${port}`), protocols)
        }
      }
    }, localPort)
  }
  await page.goto(address)
  return {
    page,
    console: lines,
    run: async (code, arg) =>
      await page.evaluate(
        `(async arg => { ${/\breturn\b|;|\n/.test(code) ? code : `return ${code}`} })(${JSON.stringify(arg ?? null)})`
      ),
    said: async start =>
      await new Promise(resolve => {
        const look = (): void => {
          const index = lines.findIndex(line => line.startsWith(start))
          if (index < 0) return
          waiting.delete(look)
          resolve(lines.splice(index, 1)[0]!)
        }
        waiting.add(look)
        look()
      })
  }
}
