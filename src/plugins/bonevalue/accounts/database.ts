// Opens the SQLite database of the accounts: for one process at a time, durable, with the newest version of its tables.
import { chmodSync, existsSync, mkdirSync, openSync, closeSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type Libsql from 'libsql'
import { NwsError } from '../../../core/errors.ts'
import { IN_MEMORY } from '../../../platform/data-folder.ts'

/** A database. All its calls are synchronous. */
export type Database = Libsql.Database

const FILE = 'accounts.db'
/** How long to wait for the lock of another process, milliseconds. */
const LOCK_WAIT_MS = 1000

/**
 * Versions of the tables: entry n leads from version n to n + 1. Never change a released entry: add one. Times are milliseconds
 * since 1970, hashes are base64url. `name_key` is the form that all spellings of a login name share, `look` that of all names that
 * look like it; NULL is filled in at the next opening.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, password TEXT,
    disabled INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE contacts (
    user_id INTEGER NOT NULL REFERENCES users(id), other_id INTEGER NOT NULL REFERENCES users(id), alias TEXT NOT NULL,
    PRIMARY KEY (user_id, other_id), UNIQUE (user_id, alias), CHECK (user_id <> other_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tokens (
    hash TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id), alias TEXT NOT NULL,
    expires_at INTEGER NOT NULL, used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tokens_of_user ON tokens (user_id, expires_at);
  CREATE TABLE invitations (
    hash TEXT PRIMARY KEY, suggestion TEXT NOT NULL, invited_by INTEGER REFERENCES users(id),
    expires_at INTEGER NOT NULL, used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX invitations_of_user ON invitations (invited_by, expires_at);
  CREATE TABLE sessions (
    hash TEXT PRIMARY KEY, id TEXT NOT NULL, user_id INTEGER NOT NULL REFERENCES users(id), origin TEXT,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_of_user ON sessions (user_id, created_at);
`,
  `
  ALTER TABLE invitations ADD COLUMN resets INTEGER REFERENCES users(id);
  ALTER TABLE users ADD COLUMN look TEXT;
  CREATE INDEX users_by_look ON users (look);
`
]

/** Runs `work` in one transaction: all of it, or nothing if it throws. */
export function transact<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Brings the tables to the newest version. */
function migrate(database: Database): void {
  transact(database, () => {
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version > migrations.length)
      throw new NwsError('NWS_ERR_BV_STORE', `Its tables are of version ${version}, which is newer than this program.`)
    for (const step of migrations.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${migrations.length}`)
  })
}

/** Write permission of group or others. */
const WRITABLE_BY_OTHERS = 0o022

/** @throws NwsError `NWS_ERR_BV_STORE` if another user can change the files */
function checkOwner(path: string): void {
  const { mode, uid } = statSync(path)
  if (process.platform === 'win32') return // It has no such bits.
  if (uid !== process.getuid?.() && uid !== 0)
    throw new NwsError('NWS_ERR_BV_STORE', `${path} belongs to another user.`)
  if ((mode & WRITABLE_BY_OTHERS) !== 0)
    throw new NwsError('NWS_ERR_BV_STORE', `Other users may write ${path}. Forbid it with chmod go-w.`)
}

/** Makes a file that only this user may read, also if it exists. */
function createFile(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  checkOwner(directory)
  const path = join(directory, FILE)
  closeSync(openSync(path, 'a', 0o600))
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (!existsSync(file)) continue
    checkOwner(file)
    chmodSync(file, 0o600)
  }
  return path
}

/**
 * Opens the database and locks it against other processes until it is closed; a process that dies leaves no lock.
 *
 * @param directory the folder of `accounts.db`, made if it is missing; `:memory:` for none
 * @throws NwsError `NWS_ERR_BV_LOCKED`, `NWS_ERR_BV_STORE`
 */
export async function openDatabase(directory: string): Promise<Database> {
  let database: Database | undefined
  try {
    // libsql's loader asks Node.js for a report, which looks up the names of all connected addresses. Without an answer of the
    // name server that takes a minute.
    Object.assign(process.report, { excludeNetwork: true })
    const { default: Libsql } = await import('libsql') // Native code, loaded only if needed.
    database = new Libsql(directory === IN_MEMORY ? IN_MEMORY : createFile(directory), { timeout: LOCK_WAIT_MS })
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL') // A commit is on the disk when it returns.
    database.exec('PRAGMA foreign_keys = ON')
    migrate(database)
    return database
  } catch (error) {
    closeBroken(database)
    if (error instanceof NwsError) throw error
    const code = (error as { code?: unknown }).code
    if (code === 'SQLITE_BUSY') throw new NwsError('NWS_ERR_BV_LOCKED')
    throw new NwsError(
      'NWS_ERR_BV_STORE',
      `It is ${join(directory, FILE)} (${typeof code === 'string' ? code : String(error)}).`
    )
  }
}

/** Closes the database. Its main file then has everything, and another process may open it. */
export function closeDatabase(database: Database): void {
  if (!database.open) return
  try {
    releaseLock(database)
  } finally {
    database.close()
  }
}

/** Closes a database that may be damaged. */
function closeBroken(database: Database | undefined): void {
  if (database === undefined) return
  try {
    closeDatabase(database)
  } catch {
    // The caller has the first error.
  }
}

function releaseLock(database: Database): void {
  // The library releases a connection, and its lock, only when its statements are collected. So the lock is released here.
  // A lock that was taken before WAL can be released only outside WAL.
  database.exec('PRAGMA journal_mode = DELETE')
  database.exec('PRAGMA locking_mode = NORMAL')
  database.prepare('SELECT count(*) FROM sqlite_schema').get()
}
