// Broken requests by the thousand: the proxy stays up, answers only its usual answers, and leaves nothing open.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { buildTestApp, openSocket, request, requestBytes, UPGRADE } from '../support/app.ts'
import { seededRandom } from '../support/random.ts'

const SPLICES = [
  '\r\n',
  '\r\n\r\n',
  '\0',
  '%',
  '%00',
  '%E4',
  '%2e%2e',
  '/',
  '//',
  '\\',
  ':',
  ' ',
  '\t',
  '?',
  '#',
  '[::1]',
  '@',
  ',',
  '\u00ff',
  'chunked',
  '\r\nHost: evil.example',
  '\r\nTransfer-Encoding: chunked',
  '\r\nContent-Length: 5',
  '\r\nUpgrade: h2c',
  '\r\nExpect: 100-continue',
  '\r\nConnection: close, upgrade',
  '__proto__',
  '{"a":'.repeat(50),
  'a'.repeat(3000)
]

/** One to four changes of a request, at random places. */
function mutate(text: string, random: () => number): Buffer {
  let bytes = text
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
    const at = Math.floor(random() * bytes.length)
    const until = at + Math.floor(random() ** 4 * 40)
    const inserted =
      random() < 0.5 ? SPLICES[Math.floor(random() * SPLICES.length)]! : String.fromCharCode(Math.floor(random() * 256))
    bytes = bytes.slice(0, at) + (random() < 0.3 ? '' : inserted) + bytes.slice(until)
  }
  return Buffer.from(bytes, 'latin1')
}

t.test('[R16] 5000 mutated requests and handshakes', async t => {
  const seed = 20260101
  const random = seededRandom(seed)
  const { app, port, log } = await buildTestApp(t)
  const open = new Set<Socket>()
  app.server.on('connection', socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  const seeds = [
    requestBytes(port, 'GET', '/room', UPGRADE),
    requestBytes(port, 'GET', '/room', { ...UPGRADE, Origin: 'https://a.example' }),
    requestBytes(port, 'GET', '/api/channels'),
    requestBytes(port, 'GET', '/console/console.js'),
    requestBytes(
      port,
      'POST',
      '/api/channels/room/messages',
      { 'Content-Type': 'application/json' },
      '{"data":{"a":[1,2,3]}}'
    ),
    requestBytes(port, 'GET', '/api/channels/room/events', { Accept: 'text/event-stream' })
  ]
  const statuses = new Map<string, number>()
  async function one(): Promise<void> {
    const socket = await openSocket(t, port)
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
    })
    socket.write(mutate(seeds[Math.floor(random() * seeds.length)]!, random))
    socket.end()
    // A member that has gone is told nothing; what was never closed would run into the time limit of the test.
    await once(socket, 'close')
    const status = text.slice(0, 12)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  for (let batch = 0; batch < 100; batch++) await Promise.all(Array.from({ length: 50 }, one))
  while (open.size > 0)
    await Promise.all(Array.from(open, socket => new Promise(resolve => socket.once('close', resolve))))

  t.equal(
    [...statuses.values()].reduce((sum, count) => sum + count, 0),
    5000
  )
  for (const status of statuses.keys())
    t.match(
      status,
      /^$|^HTTP\/1\.1 (100|101|200|400|401|403|404|405|406|408|413|414|415|426|431)$/,
      `"${status}" (seed ${seed})`
    )
  t.ok((statuses.get('HTTP/1.1 400') ?? 0) > 100 && (statuses.get('HTTP/1.1 403') ?? 0) > 100, 'the changes hit')
  t.notMatch(log(), /"level":[56]0/, 'no error of ours')
  t.strictSame(app.channelRegistry.channels(), [], 'no member is left')
  t.equal((await request(port, 'GET', '/api/health')).status, 200)
})
