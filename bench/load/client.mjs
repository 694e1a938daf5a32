// The load: opens connections to one server, sends with a window, counts what arrives. A process of its own, so that it
// can have a processor of its own; commands and results go over IPC. Reads plain TCP: frames are not parsed, a delivery
// is recognised by the mark that every payload begins with.
//
// Payload: `^^` | 16 hex digits, nanoseconds of the monotonic clock | 4 hex digits, sender | padding `x`.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { dialects } from './dialects.mjs'

// Two bytes that no header of a frame of the measured sizes has.
const MARK = Buffer.from('^^')
const MARK_LENGTH = 22
const AT_ONCE = 50

/** Opens one connection and says hello. */
async function open(port, dialect, path = dialect.path) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${dialect.protocol ? `Sec-WebSocket-Protocol: ${dialect.protocol}\r\n` : ''}\r\n`
  )
  let seen = ''
  let wake = () => {}
  const collect = chunk => {
    seen += chunk.toString('latin1')
    wake()
  }
  socket.on('data', collect)
  const until = async expected => {
    while (!seen.includes(expected))
      await new Promise(resolve => {
        wake = resolve
      })
    seen = seen.slice(seen.indexOf(expected) + expected.length)
  }
  await until('\r\n\r\n')
  for (const { send, until: expected } of dialect.hello) {
    if (send !== undefined) socket.write(send)
    await until(expected)
  }
  socket.off('data', collect)
  socket.pause()
  return socket
}

/** Opens many connections, some at once: a server may answer each only at its next look. */
async function openAll(count, atOnce, openOne) {
  const sockets = []
  while (sockets.length < count) {
    const first = sockets.length
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(atOnce, count - first) }, (_, i) => openOne(first + i))))
    )
  }
  return sockets
}

/**
 * One measurement: `connections`, of which the first `senders` send; all hear. With several `ports` the connections go
 * to them in turn, to servers that pass messages on to each other; with several `targets` they speak these in turn; with
 * several `channels` of this project each channel has an equal part of the connections and of the senders.
 */
async function run({
  target,
  targets = [target],
  port,
  ports = [port],
  connections,
  senders,
  window,
  bytes,
  warmUpMs,
  measureMs,
  channels = 1
}) {
  const dialectOf = i => dialects[targets[i % targets.length]]
  const dialect = dialectOf(0)
  const sockets = await openAll(connections, AT_ONCE, async i => {
    const { companion, path, ...own } = dialectOf(i)
    if (companion !== undefined) (await open(ports[i % ports.length], { hello: [] }, companion(i))).resume()
    return await open(
      ports[i % ports.length],
      own,
      channels > 1 ? `${path}${i % channels}` : typeof path === 'function' ? path(i) : path
    )
  })
  const padding = 'x'.repeat(bytes - MARK_LENGTH)
  const outstanding = new Array(senders).fill(0)
  const latencies = []
  let deliveries = 0
  let measuring = false
  let over = false
  let firstMeasured
  const measured = new Promise(resolve => (firstMeasured = resolve))

  const send = sender => {
    if (over) return
    const frames = []
    while (outstanding[sender] < window) {
      outstanding[sender]++
      const now = process.hrtime.bigint().toString(16).padStart(16, '0')
      frames.push(dialect.publish(`^^${now}${sender.toString(16).padStart(4, '0')}${padding}`))
    }
    if (frames.length > 0) sockets[sender].write(frames.length === 1 ? frames[0] : Buffer.concat(frames))
  }

  // The last connection of a channel that is no sender judges; where all send, each is judged by its neighbour.
  const judgeOf = sender =>
    senders < connections ? connections - channels + (sender % channels) : (sender + 1) % connections
  const judgesOf = sockets.map(() => new Set())
  for (let sender = 0; sender < senders; sender++) judgesOf[judgeOf(sender)].add(sender)
  sockets.forEach((socket, index) => {
    const judges = judgesOf[index]
    let tail = Buffer.alloc(0)
    let split = false
    socket.resume()
    socket.on('data', chunk => {
      if (judges.size === 0) {
        if (split && chunk[0] === MARK[0]) deliveries++
        for (let at = chunk.indexOf(MARK); at >= 0; at = chunk.indexOf(MARK, at + 2)) deliveries++
        split = chunk[chunk.length - 1] === MARK[0] && chunk[chunk.length - 2] !== MARK[0]
        return
      }
      const data = tail.length > 0 ? Buffer.concat([tail, chunk]) : chunk
      const woken = new Set()
      let rest = data[data.length - 1] === MARK[0] ? data.length - 1 : data.length
      for (let at = data.indexOf(MARK); at >= 0; at = data.indexOf(MARK, at + 2)) {
        if (at + MARK_LENGTH > data.length) {
          rest = at
          break
        }
        deliveries++
        const sender = Number.parseInt(data.latin1Slice(at + 18, at + 22), 16)
        if (!judges.has(sender)) continue
        outstanding[sender]--
        woken.add(sender)
        if (measuring) {
          latencies.push(Number(process.hrtime.bigint() - BigInt(`0x${data.latin1Slice(at + 2, at + 18)}`)) / 1000)
          firstMeasured()
        }
      }
      tail = data.subarray(rest)
      for (const sender of woken) send(sender)
    })
  })

  for (let sender = 0; sender < senders; sender++) send(sender)
  await new Promise(resolve => setTimeout(resolve, warmUpMs))
  process.send({ phase: 'begin' })
  measuring = true
  deliveries = 0
  const started = process.hrtime.bigint()
  // A machine that is busy may deliver nothing for longer than a short measurement.
  await Promise.all([new Promise(resolve => setTimeout(resolve, measureMs)), measured])
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const result = { deliveries, seconds }
  process.send({ phase: 'end', ...result })
  over = true
  latencies.sort((a, b) => a - b)
  const quantile = q => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))]
  for (const socket of sockets) socket.destroy()
  process.send({ phase: 'done', ...result, p50: quantile(0.5), p99: quantile(0.99) })
}

/** Opens connections that stay idle, then waits to be told to close them. */
async function idle({ target, port, connections, channels = 1, atOnce = AT_ONCE }) {
  const dialect = dialects[target]
  const started = process.hrtime.bigint()
  const sockets = await openAll(connections, atOnce, i =>
    open(port, dialect, target === 'nws' && channels > 1 ? `/idle${i % channels}` : dialect.path)
  )
  for (const socket of sockets) socket.resume()
  process.send({ phase: 'idle', milliseconds: Number(process.hrtime.bigint() - started) / 1e6 })
  await once(process, 'message')
  for (const socket of sockets) socket.destroy()
  process.send({ phase: 'done' })
}

process.on('message', command => {
  if (command.do === 'run') void run(command)
  if (command.do === 'idle') void idle(command)
})
process.send({ phase: 'ready' })
