// Everything that is known to hurt a proxy, at once and again and again, as a program of its own: its work must not delay those
// who measure. Ends with its parent or after a time, and then prints how often each thing was done, as one line of JSON. Not a
// test.
//   hostiles.ts {"port":1,"meshPort":2,"bvPort":3,"token":"…","seconds":60,"acts":["crowd"]}     no acts: all of them
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'

const { port, meshPort, bvPort, token, seconds, acts } = JSON.parse(process.argv[2]!) as {
  port: number
  meshPort: number
  bvPort: number
  token: string
  seconds: number
  acts: readonly string[]
}
const MIB = 2 ** 20
const HOST = '127.0.0.1'
const READERS = 250
const STALLED = 100
const UNFINISHED = 100
const STREAMS = 50
const CROWD = 2000
const WAITING = 2000
/** More than any listener takes beside all others. */
const IDLE = 2500
const LARGE = JSON.stringify({ action: 'broadcast', data: 'x'.repeat(MIB - 100) })

const counts: Record<string, number> = {}
const count = (what: string, times = 1): void => {
  counts[what] = (counts[what] ?? 0) + times
}

/** Opens a connection. Resolves when it is open or refused. */
async function dial(to: number): Promise<Socket> {
  const socket = connect(to, HOST)
  socket.on('error', () => {})
  await new Promise(resolve => void socket.once('connect', resolve).once('close', resolve))
  return socket
}

/** Joins a channel; undefined if the proxy refuses. */
async function join(path: string, to = port): Promise<WebSocket | undefined> {
  const socket = new WebSocket(`ws://${HOST}:${to}/${path}`, { perMessageDeflate: false })
  socket.on('error', () => {})
  const isOpen = await new Promise<boolean>(resolve => {
    socket.once('open', () => resolve(true)).once('close', () => resolve(false))
  })
  return isOpen ? socket : undefined
}

async function joinAll(path: string, size: number): Promise<WebSocket[]> {
  const all = await Promise.all(Array.from({ length: size }, async () => await join(path)))
  return all.filter(socket => socket !== undefined)
}

const post = (path: string, body: string, bearer = token): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${bearer}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Readers that read, and a message of 1 MiB as soon as all have the last one. */
async function wideBroadcasts(): Promise<void> {
  const [sender, ...readers] = await joinAll('wide', READERS + 1)
  if (sender === undefined || readers.length === 0) return
  let left = 0
  let served = (): void => {}
  for (const reader of readers) {
    // Parsing what is read would take more of the processor than the proxy has.
    const stream = (reader as unknown as { _socket: Socket })._socket
    let bytes = 0
    stream.removeAllListeners('data').resume()
    stream.on('data', chunk => {
      bytes += chunk.length
      if (bytes < MIB - 100) return
      bytes = 0
      if (--left === 0) served()
    })
    stream.once('close', () => {
      served()
    })
  }
  for (let i = 0; i < 20 && readers.every(({ readyState }) => readyState === WebSocket.OPEN); i++) {
    left = readers.length
    await new Promise<void>(resolve => {
      served = resolve
      sender.send(LARGE)
    })
    count('wide broadcasts')
  }
  for (const socket of [sender, ...readers]) socket.terminate()
}

/** Readers that do not read, by WebSocket and by event stream, until the proxy ends them. */
async function slowReaders(): Promise<void> {
  const readers = await joinAll('stalled', STALLED)
  for (const reader of readers) reader.pause()
  const streams = await Promise.all(Array.from({ length: STREAMS }, async () => await dial(port)))
  for (const stream of streams)
    stream
      .pause()
      .write(
        `GET /api/channels/stalled/events HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${token}\r\n` +
          'Accept: text/event-stream\r\n\r\n'
      )
  const sender = await join('stalled')
  for (let i = 0; i < 12 && sender?.readyState === WebSocket.OPEN; i++) {
    sender.send(LARGE)
    count('messages to slow readers')
    await pause(200)
  }
  for (const socket of [...readers, ...(sender === undefined ? [] : [sender])]) socket.terminate()
  for (const stream of streams) stream.destroy()
}

async function unfinishedMessages(): Promise<void> {
  const sockets = await joinAll('unfinished', UNFINISHED)
  for (const socket of sockets) socket.send('x'.repeat(MIB - 1), { fin: false })
  count('unfinished messages', sockets.length)
  await pause(5000)
  for (const socket of sockets) socket.terminate()
}

/** Many peers come to one channel at once, and go at once. */
async function crowd(): Promise<void> {
  const peers = await joinAll('crowd', CROWD)
  count('joins of the crowd', peers.length)
  await pause(2000)
  for (const peer of peers) peer.terminate()
  await pause(10_000)
}

/** Requests that wait for a receiver. A listener releases them all at once, or they give up. */
async function waitingPublishers(): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: WAITING }, async () => await dial(port)))
  for (const socket of sockets) {
    socket.resume()
    socket.write(post('/api/channels/waiting/messages?waitMs=60000', '{"data":"x"}'))
  }
  count('waiting publishers', sockets.length)
  await pause(10_000)
  const listener = await join('waiting')
  await pause(3000)
  listener?.terminate()
  for (const socket of sockets) socket.destroy()
}

/** Connections that say nothing, more than a listener takes. */
async function idleConnections(): Promise<void> {
  for (const to of [port, meshPort, bvPort]) {
    const sockets = await Promise.all(Array.from({ length: IDLE }, async () => await dial(to)))
    count('idle connections', sockets.length)
    await pause(3000)
    for (const socket of sockets) socket.destroy()
  }
  await pause(5000)
}

async function wrongTokens(): Promise<void> {
  const socket = await dial(port)
  let answered = (): void => {}
  socket.on('data', () => answered()).once('close', () => answered())
  for (let i = 0; i < 100 && !socket.destroyed; i++) {
    socket.write(post('/api/channels/wide/messages', '{"data":1}', `wrong-${i}`))
    await new Promise<void>(resolve => {
      answered = resolve
    })
    count('wrong tokens')
  }
  socket.destroy()
  await pause(100)
}

/** Wrong passwords: the hash takes a thread. */
async function wrongPasswords(): Promise<void> {
  const socket = await join('bv/socket', bvPort)
  if (socket === undefined) return await pause(500)
  const closed = new Promise(resolve => {
    socket.once('close', resolve)
  })
  socket.send(JSON.stringify({ type: 'login', data: { user: `u${Math.random()}`, password: 'not the password' } }))
  count('wrong passwords')
  await Promise.race([closed, pause(6000)])
  socket.terminate()
}

async function noiseToTheMesh(): Promise<void> {
  const socket = await dial(meshPort)
  socket.resume().write(randomBytes(2000))
  count('noise to the mesh')
  await pause(200)
  socket.destroy()
}

const end = performance.now() + seconds * 1000
async function again(act: () => Promise<void>): Promise<void> {
  while (performance.now() < end) {
    await act()
    // A proxy that refuses at once must not make this a busy loop.
    await pause(100)
  }
}
process.on('disconnect', () => process.exit())
for (const act of [
  wideBroadcasts,
  slowReaders,
  unfinishedMessages,
  crowd,
  waitingPublishers,
  idleConnections,
  wrongTokens,
  wrongPasswords,
  noiseToTheMesh
])
  if (acts.length === 0 || acts.includes(act.name)) void again(act)
await pause(end - performance.now())
process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit())
