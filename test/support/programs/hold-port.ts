// Holds UDP port 5353 for itself alone, as some programs do, as a process. Ends when told to on stdin.
import { createSocket } from 'node:dgram'

const socket = createSocket({ type: 'udp4', reuseAddr: false })
socket.on('error', error => {
  process.stdout.write(`${JSON.stringify({ event: 'failed', message: error.message })}\n`)
  process.exit(1)
})
socket.bind({ port: 5353, exclusive: true }, () => {
  process.stdout.write(`${JSON.stringify({ event: 'holding' })}\n`)
})
process.stdin.on('data', () => process.exit(0))
