// A rendezvous with users who trust each other in a ring, for bench/bonevalue.ts. Measures itself when it is asked.
import { createHash, randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { buildApp } from '../../dist/app.js'

const { users, neighbours, dataDir, hashes } = JSON.parse(process.env.BENCH_SETTINGS)
// The thread that hashes shares the processors: to see the other cost of a login, nothing is hashed.
const seams = hashes ? {} : { authenticate: async ({ name }) => name }
const app = await buildApp({ port: 0, discovery: 'off', bv: 'on', dataDir, rendezvous: seams })
const port = await app.listener.listen()
const store = await app.rendezvous.service.store()
const hashOf = secret => createHash('sha256').update(secret).digest('base64url')
const secret = () => randomBytes(16).toString('base64url')
const passwordHash = await app.accounts.passwords.hash('correct horse battery')

const sessions = []
const ids = []
const soon = { now: Date.now(), expiresAt: Date.now() + 3_600_000, limit: 1000 }
for (let n = 0; n < users; n++) {
  const invitation = secret()
  await store.createInvitation({ hash: hashOf(invitation), suggestion: '', invitedBy: undefined, ...soon })
  const user = await store.acceptInvitation(hashOf(invitation), { name: `user${n}`, passwordHash }, soon.now)
  ids.push(user.id)
  const session = secret()
  await store.createSession({ hash: hashOf(session), id: session.slice(0, 8), userId: user.id, origin: null, ...soon })
  sessions.push(session)
}
for (let n = 0; n < users; n++) {
  for (let step = 1; step <= neighbours / 2; step++) {
    const other = (n + step) % users
    const token = secret()
    await store.createToken({ hash: hashOf(token), userId: ids[n], alias: `user${other}`, ...soon })
    await store.claimToken({ hash: hashOf(token), userId: ids[other], alias: `user${n}`, now: soon.now })
  }
}

process.on('message', () => {
  // Up to here, and from here on: the cost of the measuring itself lies between.
  const activeMs = performance.eventLoopUtilization().active
  globalThis.gc()
  setImmediate(() => {
    globalThis.gc()
    const { rss } = process.memoryUsage()
    process.send({
      rss,
      activeMs,
      activeFromMs: performance.eventLoopUtilization().active,
      presence: app.rendezvous.service.directory.presenceMessages,
      peers: app.rendezvous.service.directory.size
    })
  })
})
process.send({ port, sessions })
