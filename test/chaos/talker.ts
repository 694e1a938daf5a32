// A client that counts aloud in a channel and checks the words of the others: each one's `connect` first, then its
// numbers without gap, repeat or change of order, then its `disconnect`. Comes again when its proxy has gone. Not a test:
// prints what is wrong as events.
//   talker.ts <ws url of the channel> <ms between two numbers>
//   {"do":"state"}   state    {"do":"pause"}   {"do":"say"}   said
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

/** The words of another one between its connect and its disconnect. */
interface Span {
  first: number | undefined
  last: number | undefined
  /** Numbers heard since its connect. */
  heard: number
}

const RETRY_MS = 200
const [url = '', interval = '100'] = process.argv.slice(2)
let socket: WebSocket | undefined
let id = ''
let sent = 0
let paused = false
let spans = new Map<string, Span>()
/** Ids of others that have gone while this one stayed. */
const lost = new Set<string>()
let joins = 0
/** How often another one came. */
let connects = 0

const print = (event: Record<string, unknown>) => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
const wrong = (what: string, facts: Record<string, unknown>) => print({ event: 'wrong', what, own: id, ...facts })

function say(): void {
  if (socket?.readyState !== WebSocket.OPEN || id === '') return
  socket.send(`{"action":"broadcast","data":${sent}}`)
  sent++
}

function hear(action: string, source: string, target: string, data: unknown): void {
  if (action === 'connect') {
    if (spans.has(target)) wrong('connect twice', { peer: target })
    spans.set(target, { first: undefined, last: undefined, heard: 0 })
    connects++
  } else if (action === 'disconnect') {
    if (!spans.delete(target)) wrong('disconnect of nobody', { peer: target })
    lost.add(target)
  } else if (action === 'broadcast') {
    const span = spans.get(source)
    if (span === undefined) {
      wrong('a number of nobody', { peer: source, data })
      return
    }
    if (span.last !== undefined && data !== span.last + 1)
      wrong('not the next number', { peer: source, last: span.last, data })
    span.first ??= data as number
    span.last = data as number
    span.heard++
  } else if (action === 'error') {
    wrong('an error', { data })
  }
}

function join(): void {
  const made = new WebSocket(url, { perMessageDeflate: false })
  socket = made
  made.on('open', () => made.send('{"action":"status"}'))
  made.on('message', message => {
    const {
      action,
      source = '',
      target = '',
      data,
      code
    } = JSON.parse((message as Buffer).toString()) as {
      action: string
      source?: string
      target?: string
      data?: unknown
      code?: string
    }
    if (action === 'status' && id === '') {
      id = source
      joins++
      print({ event: 'joined', id })
    } else {
      hear(action, source, target, code ?? data)
    }
  })
  made.on('error', () => {})
  made.on('close', code => {
    if (![1001, 1005, 1006].includes(code)) wrong('closed', { code })
    id = ''
    sent = 0
    spans = new Map()
    setTimeout(join, RETRY_MS)
  })
}

createInterface({ input: process.stdin }).on('line', line => {
  const command = JSON.parse(line) as { do: string; ask: number }
  if (command.do === 'state')
    print({
      event: 'state',
      ask: command.ask,
      id,
      sent,
      lost: [...lost],
      joins,
      connects,
      peers: Object.fromEntries(spans)
    })
  if (command.do === 'pause') paused = true
  if (command.do === 'say') say()
})
setInterval(() => {
  if (!paused) say()
}, Number(interval))
join()
