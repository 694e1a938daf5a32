// Clients of a proxy as a program of its own, so that they can run in another network namespace: members of channels,
// requests, raw connections, as told on stdin; prints answers as events. Not a test.
//   {"do":"join","as":"a","url":"ws://localhost:9009/name"}   joined, then message or binary for each that arrives, closed
//   {"do":"send","as":"a","text":"…"} or {"do":"send","as":"a","base64":"…"}
//   {"do":"leave","as":"a"}
//   {"do":"request","as":"1","method":"GET","url":"…","headers":{},"body":"…"}   answer
//   {"do":"raw","as":"2","host":"10.0.0.1","port":9010,"base64":"…"}             answer, once the other end has closed
import { lookup } from 'node:dns'
import { connect } from 'node:net'
import { request } from 'node:http'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

/** A line of stdin; which members it has depends on `do`. */
interface Command {
  readonly do: 'join' | 'send' | 'leave' | 'request' | 'raw'
  readonly as: string
  readonly url: string
  readonly text?: string
  readonly base64?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly host: string
  readonly port: number
}

const sockets = new Map<string, WebSocket>()
const print = (event: Record<string, unknown>) => {
  process.stdout.write(`${JSON.stringify({ ...event, at: Date.now() })}\n`)
}

function join(as: string, url: string): void {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  sockets.set(as, socket)
  let joined = false
  let messages = 0
  socket.on('open', () => socket.send('{"action":"status"}'))
  socket.on('message', (data, isBinary) => {
    const bytes = data as Buffer
    if (isBinary) {
      print({ event: 'binary', as, base64: bytes.toString('base64') })
      return
    }
    const message = JSON.parse(bytes.toString()) as Record<string, unknown>
    if (message.action === 'status' && !joined) {
      joined = true
      print({ event: 'joined', as, id: message.source })
    } else {
      messages += 1
      print({ event: 'message', as, n: messages, message })
    }
  })
  socket.on('error', error => print({ event: 'failed', as, message: error.message }))
  socket.on('close', (code, reason) => print({ event: 'closed', as, code, reason: reason.toString() }))
}

/** Looks `localhost` up itself, because it exists also if the system has only IPv6 to the outside. */
function ask({ as, url, method = 'GET', headers = {}, body }: Command): void {
  const asked = request(
    url,
    { method, headers, agent: false, lookup: (host, options, done) => lookup(host, { ...options, hints: 0 }, done) },
    response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk as Buffer))
      response.on('end', () =>
        print({
          event: 'answer',
          as,
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString()
        })
      )
    }
  )
  asked.on('error', error => print({ event: 'answer', as, status: 0, headers: {}, body: error.message }))
  asked.end(body)
}

function raw({ as, host, port, base64 = '' }: Command): void {
  const chunks: Buffer[] = []
  const socket = connect({ host, port }, () => {
    socket.write(Buffer.from(base64, 'base64'))
  })
  socket.on('data', chunk => chunks.push(chunk))
  socket.on('error', () => {})
  socket.on('close', () => {
    const answer = Buffer.concat(chunks).toString('latin1')
    print({
      event: 'answer',
      as,
      status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0),
      headers: {},
      body: answer
    })
  })
}

createInterface({ input: process.stdin }).on('line', line => {
  const command = JSON.parse(line) as Command
  switch (command.do) {
    case 'join':
      join(command.as, command.url)
      break
    case 'send':
      sockets.get(command.as)!.send(command.text ?? Buffer.from(command.base64!, 'base64'))
      break
    case 'leave':
      sockets.get(command.as)!.close()
      break
    case 'request':
      ask(command)
      break
    case 'raw':
      raw(command)
      break
  }
})
print({ event: 'ready' })
