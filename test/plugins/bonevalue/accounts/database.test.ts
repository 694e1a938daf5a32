// The database's file: who may read it, one process at a time, its versions.
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { closeDatabase, migrations, openDatabase } from '../../../../src/plugins/bonevalue/accounts/database.ts'

t.test('only this user may read it, and it is one file when it is closed', async t => {
  const directory = join(t.testdir(), 'deep', 'er')
  const database = await openDatabase(directory)
  t.equal(statSync(join(directory, 'accounts.db')).mode & 0o777, 0o600)
  t.equal(statSync(directory).mode & 0o777, 0o700)
  t.strictSame(
    ['journal_mode', 'synchronous', 'foreign_keys'].map(
      name => Object.values(database.prepare(`PRAGMA ${name}`).get() as object)[0] as unknown
    ),
    ['wal', 2, 1]
  )
  closeDatabase(database)
  closeDatabase(database)
  t.throws(() => statSync(join(directory, 'accounts.db-wal')))
  const again = await openDatabase(directory)
  t.equal((again.prepare('SELECT count(*) AS count FROM users').get() as { count: number }).count, 0)
  closeDatabase(again)
})

t.test('tables of a newer version, a file that is none, a folder that cannot be', async t => {
  const directory = t.testdir()
  const database = await openDatabase(directory)
  database.exec('PRAGMA user_version = 99')
  closeDatabase(database)
  await t.rejects(openDatabase(directory), { code: 'NWS_ERR_BV_STORE', message: /version 99/ })
  const other = join(t.testdirName, 'other')
  mkdirSync(other)
  writeFileSync(join(other, 'accounts.db'), 'x'.repeat(8192))
  await t.rejects(openDatabase(other), { code: 'NWS_ERR_BV_STORE' })
  await t.rejects(openDatabase('/dev/null/here'), { code: 'NWS_ERR_BV_STORE' })
})

t.test('a file that others may read is closed to them, a folder that others may write is refused', async t => {
  const directory = t.testdir()
  closeDatabase(await openDatabase(directory))
  const file = join(directory, 'accounts.db')
  chmodSync(file, 0o644)
  const database = await openDatabase(directory)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal(statSync(`${file}-wal`).mode & 0o777, 0o600)
  closeDatabase(database)
  chmodSync(directory, 0o777)
  await t.rejects(openDatabase(directory), { code: 'NWS_ERR_BV_STORE', message: /chmod go-w/ })
  chmodSync(directory, 0o755)
  if (process.getuid?.() !== 0) return
  chownSync(directory, 1234, 1234)
  await t.rejects(openDatabase(directory), { code: 'NWS_ERR_BV_STORE', message: /belongs to another user/ })
})

t.test('a failed open leaves no lock: the next one says the same, and works when the file is mended', async t => {
  const directory = t.testdir()
  const database = await openDatabase(directory)
  database.exec('PRAGMA user_version = 99')
  closeDatabase(database)
  for (let i = 0; i < 3; i++)
    await t.rejects(openDatabase(directory), { code: 'NWS_ERR_BV_STORE', message: /version 99/ })
  const { default: Libsql } = await import('libsql')
  const repair = new Libsql(join(directory, 'accounts.db'))
  repair.exec(`PRAGMA user_version = ${migrations.length}`)
  repair.close()
  closeDatabase(await openDatabase(directory))
})
