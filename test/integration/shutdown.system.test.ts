// The end of the real process: what clients hear, and that nobody can hold it up.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { openSocket, requestBytes, UPGRADE } from '../support/app.ts'
import { startTimedServer } from '../support/process.ts'

/** Milliseconds that a measured time may be longer. */
const SLACK = 2000

async function join(t: Test, port: number, path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${path}`)
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`after ${signal} clients hear 1001 with a reason, and the process ends with 0`, async t => {
    const server = startTimedServer(t, {})
    const port = await server.port()
    const sockets = await Promise.all(['a', 'a', 'b'].map(path => join(t, port, path)))
    const closed = Promise.all(sockets.map(socket => once(socket, 'close')))
    server.child.kill(signal)
    for (const [code, reason] of await closed) t.match([code, String(reason)], [1001, 'NWS_ERR_SHUTTING_DOWN'])
    t.match(await server.ended, { code: 0, signal: null, stderr: '' })
    t.ok(server.stoppedIn() < SLACK, 'at once, since all of them answered')
  })
}

t.test('nobody holds up the end: silent, slow and half-done connections, clients that never answer', async t => {
  const server = startTimedServer(t, { NWS_SHUTDOWN_TIMEOUT_MS: '4000' })
  const port = await server.port()
  const frozen = await openSocket(t, port)
  frozen.write(requestBytes(port, 'GET', '/room', UPGRADE))
  await once(frozen, 'data')
  frozen.pause() // A member that reads nothing and answers nothing.
  const flood = await join(t, port, 'room')
  for (let i = 0; i < 100; i++) flood.send(JSON.stringify({ action: 'broadcast', data: 'x'.repeat(10_000) }))
  const stream = await openSocket(t, port)
  stream.write(requestBytes(port, 'GET', '/api/channels/room/events', { Accept: 'text/event-stream' }))
  await once(stream, 'data')
  stream.pause()
  for (const bytes of ['', 'GET /', requestBytes(port, 'GET', '/room', UPGRADE).slice(0, -4)])
    (await openSocket(t, port)).write(bytes)
  for (const host of ['127.0.0.1', '::1'])
    (await openSocket(t, port, host)).write(requestBytes(port, 'GET', '/a/b', { Connection: 'keep-alive' }))
  for (let i = 0; i < 2; i++)
    (await openSocket(t, port)).write(
      requestBytes(
        port,
        'POST',
        '/api/channels/other/messages',
        { 'Content-Type': 'application/json', 'Content-Length': '100' },
        '{'
      )
    )
  const publish = await openSocket(t, port)
  publish.write(
    requestBytes(
      port,
      'POST',
      '/api/channels/other/messages?waitMs=60000',
      { 'Content-Type': 'application/json' },
      '{"data":1}'
    )
  )

  server.child.kill('SIGTERM')
  const end = await server.ended
  t.match(end, { code: 0, signal: null })
  const took = server.stoppedIn()
  t.ok(took < 4000 + SLACK, `${Math.round(took)} ms`)
})

t.test('by default all is closed within 5 s, with a client that never answers the close', async t => {
  const server = startTimedServer(t, {})
  const port = await server.port()
  const frozen = await openSocket(t, port)
  frozen.write(requestBytes(port, 'GET', '/room', UPGRADE))
  await once(frozen, 'data')
  frozen.pause()
  server.child.kill('SIGTERM')
  const end = await server.ended
  t.match(end, { code: 0, signal: null })
  const took = server.stoppedIn()
  t.ok(took < 5000, `${Math.round(took)} ms`)
})

t.test('a second signal ends the process at once', async t => {
  const server = startTimedServer(t, { NWS_SHUTDOWN_TIMEOUT_MS: '60000' })
  const port = await server.port()
  const frozen = await openSocket(t, port)
  frozen.write(requestBytes(port, 'GET', '/room', UPGRADE))
  await once(frozen, 'data')
  frozen.pause()
  const heard = await join(t, port, 'other')
  server.child.kill('SIGTERM')
  await once(heard, 'close')
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 1 })
  t.ok(server.stoppedIn() < SLACK)
})

t.test('whoever ends npm start ends the proxy too, though npm tells only the shell between them', async t => {
  const npm = spawn('npm', ['start', '--ignore-scripts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NWS_PORT: '0', NWS_DISCOVERY: 'off' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true // A group of its own, so that nothing of it outlives the test.
  })
  t.teardown(() => {
    try {
      process.kill(-npm.pid!, 'SIGKILL')
    } catch {} // It has ended.
  })
  let output = ''
  const ended = once(npm.stdout, 'end') // When the last of those that write to it has gone.
  const port = await new Promise<number>(resolve => {
    npm.stdout.on('data', chunk => {
      output += String(chunk)
      const line = /is running: http:\/\/localhost:(\d+)/.exec(output)
      if (line !== null) resolve(Number(line[1]))
    })
  })
  const closed = once(await join(t, port, 'room'), 'close')
  npm.kill('SIGTERM')
  const [code, reason] = await closed
  t.match([code, String(reason)], [1001, 'NWS_ERR_SHUTTING_DOWN'])
  await ended
})
