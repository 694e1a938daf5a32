// The process as a service: its words to systemd, and its log with and without a terminal.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { needs } from '../support/needs.ts'
import { startServer } from '../support/process.ts'
import { statusOf } from '../support/http.ts'

const { skip } = needs('systemd-notify', 'python3')

const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    for line in s.recv(4096).decode().split('\\n'):
        print(line, flush=True)
`

/** A socket as systemd has it; \`next(word)\` resolves when that word has come. */
async function receiver(t: Test): Promise<{ path: string; next: (word: string) => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'nws-notify-'))
  const path = join(folder, 'socket')
  const child = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (word: string): Promise<void> => {
    for (;;) {
      const { value, done } = (await lines.next()) as { value: string; done?: boolean }
      if (done === true) throw new Error(`the receiver ended before ${word}`)
      if (value === word) return
    }
  }
  await next('bound')
  return { path, next }
}

t.test('tells systemd when it listens, lives and ends', { skip }, async t => {
  const { path, next } = await receiver(t)
  const server = startServer(t, { NOTIFY_SOCKET: path, WATCHDOG_USEC: '400000' })
  await next('READY=1')
  await server.port()
  await next('WATCHDOG=1')
  await next('WATCHDOG=1')
  server.child.kill('SIGTERM')
  await next('STOPPING=1')
  t.match(await server.ended, { code: 0 })
})

t.test('a watchdog that watches another process is not told', { skip }, async t => {
  const { path, next } = await receiver(t)
  const server = startServer(t, { NOTIFY_SOCKET: path, WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' })
  await next('READY=1')
  server.child.kill('SIGTERM')
  await next('STATUS=Listening')
  await next('STOPPING=1')
  t.match(await server.ended, { code: 0, stderr: '' })
})

t.test('says once that systemd cannot be told, and goes on', async t => {
  const server = startServer(t, { NOTIFY_SOCKET: '/nowhere/at/all', PATH: '/nowhere', WATCHDOG_USEC: '20000' })
  const port = await server.port()
  await server.line(/systemd could not be told/)
  t.equal(await statusOf(`http://localhost:${port}/api/health`), 200)
  server.child.kill('SIGTERM')
  const { code, stdout } = await server.ended
  t.equal(code, 0)
  t.equal(stdout.split('systemd could not be told').length, 2)
})

/** Runs the server as \`script\` would have it run on a terminal, until its first line. */
async function onTerminal(t: Test, environment: Record<string, string>): Promise<string> {
  const child = spawn('script', ['-qec', `${process.execPath} dist/server.js`, '/dev/null'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', NWS_PORT: '0', NWS_DISCOVERY: 'off', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true
  })
  const ended = new Promise(resolve => child.once('close', resolve))
  t.teardown(async () => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      /* it has ended */
    }
    child.stdin.destroy()
    await ended
  })
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('is running')) return line
  throw new Error('it ended without a line')
}

t.test('on a terminal the log is words', needs('script'), async t => {
  t.match(
    await onTerminal(t, { NO_COLOR: '1' }),
    /^\d\d:\d\d:\d\d Network Web Sockets is running: http:\/\/localhost:\d+/
  )
  t.match(await onTerminal(t, {}), /^\u001b\[90m\d\d:\d\d:\d\d\u001b\[0m Network/)
})

t.test('elsewhere it is JSON', async t => {
  const server = startServer(t, {})
  const line = await server.line(/is running/)
  t.match(JSON.parse(line), { level: 30, msg: /is running/ })
})

t.test('a terminal that is closed ends the proxy', needs('script'), async t => {
  // The proxy holds the far end of the fourth pipe for as long as it lives.
  const child = spawn('script', ['-qec', `${process.execPath} dist/server.js`, '/dev/null'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', NWS_PORT: '0', NWS_DISCOVERY: 'off' },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    detached: true
  })
  const held = child.stdio[3]!
  const released = new Promise<void>(resolve => {
    held.once('close', resolve)
  })
  ;(held as NodeJS.ReadableStream).resume()
  for await (const line of createInterface({ input: child.stdout! })) if (line.includes('is running')) break
  child.kill('SIGKILL') // as when the window is closed: the terminal is gone, and whoever ran on it gets SIGHUP
  await released
  t.pass('it has ended')
})
