// The rendezvous under load: memory of a peer, the cost of a login for the event loop, presence per second, and whether a login
// tells by its time which names exist. `npm run bench:bonevalue` writes docs/PERFORMANCE.md. Peers only read; what passes
// between browsers is not measured here.
import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Attempts } from '../src/core/bonevalue/attempts.ts'
import { openDatabase } from '../src/plugins/bonevalue/accounts/database.ts'
import { createPasswords } from '../src/plugins/bonevalue/accounts/passwords.ts'
import { createStore } from '../src/plugins/bonevalue/accounts/store.ts'
import { RendezvousService } from '../src/plugins/bonevalue/rendezvous/service.ts'
import { circumstances, writeSection } from './section.ts'

const BEGIN = '<!-- bonevalue results: written by npm run bench:bonevalue -->'
const END = '<!-- end of bonevalue results -->'
const USERS = 1000
const PEERS_PER_USER = 10
const NEIGHBOURS = 10
/** Logins that go on at a time. */
const AT_ONCE = 50
const PASSWORD_LOGINS = 200
const CHURN = 2000
const PASSWORD = 'correct horse battery'

interface Measure {
  readonly rss: number
  /** Milliseconds that the event loop was busy, up to the measuring and after it. */
  readonly activeMs: number
  readonly activeFromMs: number
  readonly presence: number
  readonly peers: number
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** A masked text frame, as clients send it. */
function frame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message))
  const mask = randomBytes(4)
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index & 3]!)])
}

/** Opens a socket, logs in, and reads and forgets the rest; plain TCP, so that the load costs little. */
async function logIn(port: number, credentials: object): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    `GET /bv/socket HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`
  )
  await once(socket, 'data')
  socket.write(frame({ type: 'login', data: credentials }))
  for (let text = ''; !text.includes('"peerList"');) {
    const [chunk] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [Buffer | boolean]
    if (typeof chunk === 'boolean' || /"type":"error"/.test((text += chunk.toString())))
      throw new Error(`login failed: ${text}`)
  }
  socket.resume()
  return socket
}

async function measure(child: ChildProcess): Promise<Measure> {
  child.send('measure')
  return ((await once(child, 'message')) as [Measure])[0]
}

/** Runs `work` for each index, so many at a time. */
async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) await work(next++)
    })
  )
}

/** Times of wrong passwords for a name that exists and one that does not, in turn; milliseconds. */
async function compareNames(directory: string): Promise<{ known: number; unknown: number }> {
  const database = await openDatabase(directory)
  const store = createStore(database, Date.now)
  const passwords = createPasswords()
  const free = { burst: 1e9, perSecond: 1 }
  const service = new RendezvousService({
    accounts: { failed: false, open: async () => store, passwords, handOver: async () => '' },
    seams: {},
    attempts: new Attempts({ name: free, address: free }),
    endSockets: () => {}
  })
  const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] }
  for (let n = -2; n < 50; n++) {
    for (const which of n % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)) {
      const started = performance.now()
      await service.logIn(which === 'known' ? `user${n + 2}` : `nobody${n}`, 'wrong password', {
        address: '127.0.0.1',
        origin: undefined,
        isOpen: () => true
      })
      if (n >= 0) times[which].push(performance.now() - started)
    }
  }
  await passwords.close()
  await store.close()
  return { known: median(times.known), unknown: median(times.unknown) }
}

const directory = mkdtempSync(join(tmpdir(), 'nws-bench-'))
const child = fork('bench/targets/bonevalue.mjs', {
  execArgv: ['--expose-gc'],
  env: {
    ...process.env,
    BENCH_SETTINGS: JSON.stringify({ users: USERS, neighbours: NEIGHBOURS, dataDir: directory, hashes: false })
  }
})
const [{ port, sessions }] = (await once(child, 'message')) as [{ port: number; sessions: string[] }]

// Password logins: their cost for the event loop besides the hash, which is another thread's (here nothing is hashed).
for (const socket of await Promise.all(Array.from({ length: 30 }, (_, n) => logIn(port, { session: sessions[n] }))))
  socket.destroy()
const beforePasswords = await measure(child)
for (let n = 0; n < PASSWORD_LOGINS; n++)
  (await logIn(port, { user: `user${(n * 5) % USERS}`, password: PASSWORD })).destroy()
const afterPasswords = await measure(child)
const passwordLoginMs = (afterPasswords.activeMs - beforePasswords.activeFromMs) / PASSWORD_LOGINS

// All online.
const before = await measure(child)
const sockets: Socket[] = []
await inParallel(USERS * PEERS_PER_USER, async index => {
  sockets[index] = await logIn(port, { session: sessions[index % USERS] })
})
const online = await measure(child)
if (online.peers !== USERS * PEERS_PER_USER) throw new Error(`${online.peers} peers are online`)
const kibPerPeer = (online.rss - before.rss) / online.peers / 1024
const sessionLoginMs = (online.activeMs - before.activeFromMs) / online.peers

// Some go and come again; everybody whom they may talk to hears of both.
const started = performance.now()
await inParallel(CHURN, async index => {
  sockets[index]!.destroy()
  sockets[index] = await logIn(port, { session: sessions[index % USERS] })
})
const churned = await measure(child)
const seconds = (performance.now() - started) / 1000
const presencePerSecond = (churned.presence - online.presence) / seconds
const busy = (churned.activeMs - online.activeFromMs) / 1000 / seconds

for (const socket of sockets) socket.destroy()
child.kill('SIGTERM')
await once(child, 'exit')
const { known, unknown } = await compareNames(directory)
rmSync(directory, { recursive: true })

const difference = (Math.abs(known - unknown) / Math.min(known, unknown)) * 100
const rows = [
  ['a peer online, of 10 000 of 1000 users who trust 10 others each', `${kibPerPeer.toFixed(1)} KiB`, '≤ 20 KiB'],
  ['event loop for a login with password, besides the hash', `${passwordLoginMs.toFixed(2)} ms`, '≤ 2 ms'],
  ['event loop for a login with session, with some 55 others told', `${sessionLoginMs.toFixed(2)} ms`, '≤ 2 ms'],
  [
    `presence while peers go and come (event loop ${(busy * 100).toFixed(0)} % busy; the load shares the processors)`,
    `${Math.round(presencePerSecond / 1000)} 000 messages/s`,
    '≥ 50 000'
  ],
  [
    'wrong password: name known, name unknown (medians of 50, Argon2id)',
    `${known.toFixed(0)} ms, ${unknown.toFixed(0)} ms: ${difference.toFixed(1)} %`,
    '≤ 10 %'
  ]
]
writeSection(
  BEGIN,
  END,
  `${circumstances()}\n\n| what | measured | wanted |\n| --- | --- | --- |\n${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}\n`
)
for (const row of rows) console.log(row.join(' | '))
