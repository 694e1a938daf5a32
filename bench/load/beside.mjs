// Small messages one at a time between two sockets, while large ones go through another channel or nothing does: how long
// the small ones take. Arguments: port, bytes of a large message (0: none). Tells p50, p99 and max in microseconds.
import { WebSocket } from 'ws'

const [port, bytes] = process.argv.slice(2).map(Number)
const SMALL_MESSAGES = 4000
const EVERY_MS = 50
const RECEIVERS = 10

async function open(path) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return socket
}

if (bytes > 0) {
  const large = Buffer.alloc(bytes, 'x')
  const sender = await open('/broadcast/large')
  // Their own reading must not be what delays the small ones: the bytes are taken from the kernel and not looked at.
  for (let i = 0; i < RECEIVERS; i++) {
    const { _socket: socket } = await open('/broadcast/large')
    socket.removeAllListeners('data')
    socket.resume()
  }
  setInterval(() => sender.send(large), EVERY_MS)
}

const one = await open('/small')
const two = await open('/small')
const latencies = []
let heard = () => {}
two.on('message', data => {
  if (/** @type {Buffer} */ (data).includes('"broadcast"')) heard()
})
for (let n = 0; n < SMALL_MESSAGES; n++) {
  const begun = performance.now()
  await new Promise(resolve => {
    heard = resolve
    one.send(`{"action":"broadcast","data":${n}}`)
  })
  latencies.push((performance.now() - begun) * 1000)
}
const sorted = latencies.slice(200).sort((a, b) => a - b)
const quantile = share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
process.send({ p50: quantile(0.5), p99: quantile(0.99), max: sorted.at(-1) })
