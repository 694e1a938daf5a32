// A proxy's accounts under work until they are killed: makes users and trust as fast as it can and prints a line of JSON
// for each thing once it is acknowledged. Not a test: test/plugins/bonevalue/accounts/kill.system.test.ts kills it and looks at the rest.
import { createHash, randomBytes } from 'node:crypto'
import { isRefusal } from '../../../src/core/bonevalue/store.ts'
import { openDatabase } from '../../../src/plugins/bonevalue/accounts/database.ts'
import { createStore } from '../../../src/plugins/bonevalue/accounts/store.ts'

const directory = process.argv[2]!
const run = process.argv[3]!
const store = createStore(await openDatabase(directory), Date.now)
const secret = (): string => randomBytes(16).toString('base64url')
const hash = (text: string): string => createHash('sha256').update(text).digest('base64url')

process.stdout.on('error', () => process.exit(1)) // Nobody listens any more.

/** Written at once: the parent reads only acknowledged things. */
function acknowledge(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

acknowledge({ event: 'open' })
let previous: { id: number; name: string } | undefined
for (let n = 0; ; n++) {
  const now = Date.now()
  const invitation = secret()
  await store.createInvitation({
    hash: hash(invitation),
    suggestion: '',
    invitedBy: undefined,
    resets: undefined,
    now,
    expiresAt: now + 3_600_000,
    limit: 16
  })
  const user = await store.acceptInvitation(hash(invitation), { name: `user-${run}-${n}`, passwordHash: 'x' }, now)
  if (isRefusal(user)) throw new Error(user.refusal)
  acknowledge({ event: 'user', id: user.id, name: user.name })
  const spare = secret()
  await store.createToken({
    hash: hash(spare),
    userId: user.id,
    alias: 'spare',
    now,
    expiresAt: now + 3_600_000,
    limit: 16
  })
  acknowledge({ event: 'token', hash: hash(spare), user: user.id })
  if (previous !== undefined) {
    const token = secret()
    await store.createToken({
      hash: hash(token),
      userId: previous.id,
      alias: user.name,
      now,
      expiresAt: now + 3_600_000,
      limit: 16
    })
    const claim = await store.claimToken({ hash: hash(token), userId: user.id, alias: previous.name, now })
    if (isRefusal(claim)) throw new Error(claim.refusal)
    acknowledge({ event: 'trust', users: claim.users.map(({ id }) => id), token: hash(token) })
  }
  previous = user
  if (n % 10 === 0) await new Promise(resolve => setImmediate(resolve)) // Lets the lines out.
}
