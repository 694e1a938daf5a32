// Hashing in its thread: what fits, the queue's end, the thread's end.
import t from 'tap'
import { createPasswords, QUEUE_LENGTH } from '../../../../src/plugins/bonevalue/accounts/passwords.ts'

t.test('a hash fits its password alone, and nobody has the hash of nobody', async t => {
  const passwords = createPasswords({ idleMs: 10 })
  t.teardown(() => passwords.close())
  const hash = await passwords.hash('pässword')
  t.match(hash, /^\$argon2id\$v=19\$m=65536,t=2,p=1\$/, 'interactive limits')
  t.equal(await passwords.verify(hash, 'pässword'), true)
  t.equal(await passwords.verify(hash, 'password'), false)
  t.equal(await passwords.verify(undefined, 'password'), false)
  t.equal(await passwords.verify('no hash at all', 'password'), false)
})

t.test('32 wait behind one, the next is told that it is busy, and who is gone is passed over', async t => {
  const passwords = createPasswords()
  let wanted = true
  const waiting = Array.from({ length: 1 + QUEUE_LENGTH }, () => passwords.verify(undefined, 'x', () => wanted))
  await t.rejects(passwords.verify(undefined, 'x'), { code: 'NWS_ERR_BV_BUSY' })
  wanted = false
  t.strictSame(
    await Promise.all(waiting),
    waiting.map(() => false)
  )
  const refused = t.rejects(passwords.verify(undefined, 'x'), { code: 'NWS_ERR_SHUTTING_DOWN' })
  await passwords.close()
  await refused
  await t.rejects(passwords.hash('x'), { code: 'NWS_ERR_SHUTTING_DOWN' })
})
