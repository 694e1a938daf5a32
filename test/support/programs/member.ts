// A client of a channel as a program of its own, so that it can run in another network namespace: prints what arrives
// as events, sends what it is told on stdin. Not a test.
//   member.ts <ws url of the channel>
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

const socket = new WebSocket(process.argv[2]!)
const print = (event: Record<string, unknown>) => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

socket.on('open', () => {
  print({ event: 'open' })
  socket.send('{"action":"status"}')
})
socket.on('message', data => {
  const message = JSON.parse((data as Buffer).toString()) as Record<string, unknown>
  print({ event: String(message.action), at: Date.now(), ...message })
})
socket.on('error', error => print({ event: 'error', message: error.message }))
socket.on('close', code => {
  print({ event: 'close', code })
  process.exit()
})
createInterface({ input: process.stdin }).on('line', line => socket.send(line))
