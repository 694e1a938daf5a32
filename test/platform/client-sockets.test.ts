// The sockets of one kind of clients: their goodbye at shutdown, and signs of life.
import t from 'tap'
import type { ErrorCode } from '../../src/core/errors.ts'
import { ClientSockets } from '../../src/platform/client-sockets.ts'

/** A client that records what happens to it. */
class Client {
  readonly queuedBytes: number
  readonly heard: (ErrorCode | 'cut off')[] = []
  checked: () => void = () => {}

  constructor(queuedBytes = 0) {
    this.queuedBytes = queuedBytes
  }

  checkAlive(): void {
    this.checked()
  }

  forgiven = 0

  forgiveSilence(): void {
    this.forgiven++
  }

  end(code: ErrorCode): void {
    this.heard.push(code)
  }

  terminate(): void {
    this.heard.push('cut off')
  }
}

t.test('the goodbye is over when the last client has closed', async t => {
  const sockets = new ClientSockets<Client>()
  const clients = [new Client(), new Client()] as const
  for (const client of clients) sockets.add(client)
  let isOver = false
  const goodbye = sockets.goodbye(60_000).then(() => {
    isOver = true
  })
  for (const client of clients) {
    t.strictSame(client.heard, ['NWS_ERR_SHUTTING_DOWN'])
    await Promise.resolve()
    t.notOk(isOver)
    sockets.delete(client)
  }
  await goodbye
  t.equal(sockets.size, 0)
})

t.test('a client that does not close is cut off', async t => {
  const sockets = new ClientSockets<Client>()
  const client = new Client()
  sockets.add(client)
  await sockets.goodbye(0)
  t.strictSame(client.heard, ['NWS_ERR_SHUTTING_DOWN', 'cut off'])
})

t.test('the goodbye to no clients is over at once, and a client that comes after it is ended', async t => {
  const sockets = new ClientSockets<Client>()
  await sockets.goodbye(60_000)
  const late = new Client()
  sockets.add(late)
  t.strictSame(late.heard, ['NWS_ERR_SHUTTING_DOWN'])
})

t.test('open clients are checked for signs of life, and their queues are known', async t => {
  const sockets = new ClientSockets<Client>()
  const gone = new Client(1)
  const open = new Client(2)
  sockets.add(gone)
  sockets.add(open)
  t.strictSame(sockets.queues(), [1, 2])
  sockets.delete(gone)
  gone.checked = () => t.fail('it is closed')
  const checked = new Promise<void>(resolve => {
    open.checked = resolve
  })
  sockets.start({ pingIntervalMs: 10, peerTimeoutMs: 60_000 })
  // The timer does not keep the process alive.
  const alive = setInterval(() => {}, 1000)
  await checked
  clearInterval(alive)
  await sockets.goodbye(0)
})
