// The built-in store: users, trust and tokens in SQLite; sessions and invitations are in admission.ts. Each call is synchronous
// inside, so that two calls cannot mix.
import { tmpdir } from 'node:os'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { aliasKey, lookOf, loginKey } from '../../../core/bonevalue/names.ts'
import type { AccountStore, Contact, StoredUser, Trust, User, UserSummary } from '../../../core/bonevalue/store.ts'
import { admissionPart } from './admission.ts'
import { closeDatabase, transact, type Database } from './database.ts'

/** How long a used or expired token is remembered, so that a late claim gets the reason, milliseconds. */
const TOKEN_MEMORY_MS = 86_400_000

interface UserRow {
  readonly id: number
  readonly name: string
  readonly password: string | null
  readonly disabled: number
}

interface TokenRow {
  readonly user_id: number
  readonly name: string
  readonly alias: string
  readonly expires_at: number
  readonly used_at: number | null
}

const storedUser = ({ id, name, password, disabled }: UserRow): StoredUser => ({
  id,
  name,
  disabled: disabled !== 0,
  passwordHash: password ?? undefined
})

type UserPart = Pick<
  AccountStore,
  'findUser' | 'ensureUser' | 'users' | 'setDisabled' | 'setPassword' | 'deleteUser' | 'contacts'
>
type TrustPart = Pick<AccountStore, 'createToken' | 'claimToken' | 'removeTrust'>

function userPart(database: Database, now: () => number): UserPart {
  const find = database.prepare('SELECT id, name, password, disabled FROM users WHERE name_key = ?')
  const insert = database.prepare('INSERT INTO users (name, name_key, look, created_at) VALUES (?, ?, ?, ?)')
  const all = database.prepare(`
    SELECT id, name, disabled, created_at, (SELECT count(*) FROM sessions WHERE user_id = users.id AND expires_at > ?) AS sessions
    FROM users ORDER BY name_key`)
  const disable = database.prepare('UPDATE users SET disabled = ? WHERE id = ?')
  const endSessions = database.prepare('DELETE FROM sessions WHERE user_id = ?')
  const setPassword = database.prepare('UPDATE users SET password = ? WHERE id = ?')
  const name = database.prepare('SELECT name FROM users WHERE id = ?')
  const trusts = database.prepare(`
    SELECT own.other_id AS id, name, own.alias, theirs.alias AS own_alias FROM contacts AS own
    JOIN contacts AS theirs ON theirs.user_id = own.other_id AND theirs.other_id = own.user_id
    JOIN users ON users.id = own.other_id WHERE own.user_id = ?`)
  // Names that were stored before their look was.
  const fill = database.prepare('UPDATE users SET look = ? WHERE id = ?')
  for (const user of database.prepare('SELECT id, name FROM users WHERE look IS NULL').all() as User[])
    fill.run(lookOf(user.name), user.id)
  const remove = [
    'DELETE FROM contacts WHERE user_id = ?',
    'DELETE FROM contacts WHERE other_id = ?',
    'DELETE FROM tokens WHERE user_id = ?',
    'DELETE FROM sessions WHERE user_id = ?',
    'DELETE FROM invitations WHERE resets = ?',
    'UPDATE invitations SET invited_by = NULL WHERE invited_by = ?',
    'DELETE FROM users WHERE id = ?'
  ].map(statement => database.prepare(statement))
  const contacts = database.prepare(
    'SELECT other_id AS id, name, alias FROM contacts JOIN users ON users.id = other_id WHERE user_id = ?'
  )
  const findUser = (name: string): StoredUser | undefined => {
    const row = find.get(loginKey(name)) as UserRow | undefined
    return row === undefined ? undefined : storedUser(row)
  }
  return {
    findUser: async name => findUser(name),
    ensureUser: async name =>
      transact(database, () => {
        if (findUser(name) === undefined) insert.run(name, loginKey(name), lookOf(name), now())
        return findUser(name)!
      }),
    users: async at =>
      (all.all(at) as (UserRow & { created_at: number; sessions: number })[]).map(
        ({ id, name, disabled, created_at: createdAt, sessions }): UserSummary => ({
          id,
          name,
          disabled: disabled !== 0,
          createdAt,
          sessions
        })
      ),
    setDisabled: async (userId, disabled) =>
      transact(database, () => {
        if (disabled) endSessions.run(userId)
        return disable.run(disabled ? 1 : 0, userId).changes > 0
      }),
    setPassword: async (userId, passwordHash) => void setPassword.run(passwordHash, userId),
    deleteUser: async userId =>
      transact(database, () => {
        const user = { id: userId, name: (name.get(userId) as { name: string }).name }
        const ended = (trusts.all(userId) as (Contact & { own_alias: string })[]).map(
          ({ id, name: other, alias, own_alias: ownAlias }): Trust => ({
            users: [user, { id, name: other }],
            aliases: [alias, ownAlias]
          })
        )
        for (const statement of remove) statement.run(userId)
        return ended
      }),
    contacts: async userId => (contacts.all(userId) as Contact[]).map(({ id, name, alias }) => ({ id, name, alias }))
  }
}

function trustPart(database: Database): TrustPart {
  const forget = database.prepare('DELETE FROM tokens WHERE expires_at < ?')
  const open = database.prepare(
    'SELECT count(*) AS count FROM tokens WHERE user_id = ? AND used_at IS NULL AND expires_at > ?'
  )
  const insert = database.prepare('INSERT INTO tokens (hash, user_id, alias, expires_at) VALUES (?, ?, ?, ?)')
  const find = database.prepare(
    'SELECT user_id, name, alias, expires_at, used_at FROM tokens JOIN users ON users.id = user_id WHERE hash = ?'
  )
  const use = database.prepare('UPDATE tokens SET used_at = ? WHERE hash = ?')
  const userById = database.prepare('SELECT id, name FROM users WHERE id = ?')
  const byAlias = database.prepare('SELECT other_id FROM contacts WHERE user_id = ? AND alias = ?')
  const aliasesOf = database.prepare('SELECT alias FROM contacts WHERE user_id = ?')
  const aliasOf = database.prepare('SELECT alias FROM contacts WHERE user_id = ? AND other_id = ?')
  const trust = database.prepare('INSERT INTO contacts (user_id, other_id, alias) VALUES (?, ?, ?)')
  const distrust = database.prepare('DELETE FROM contacts WHERE user_id = ? AND other_id = ?')

  const user = (id: number): User => {
    const row = userById.get(id) as User
    return { id: row.id, name: row.name }
  }
  const aliasFor = (userId: number, otherId: number): string | undefined =>
    (aliasOf.get(userId, otherId) as { alias: string } | undefined)?.alias
  const isTaken = (userId: number, alias: string): boolean => {
    const look = lookOf(alias)
    return (aliasesOf.all(userId) as { alias: string }[]).some(other => lookOf(other.alias) === look)
  }

  return {
    createToken: async ({ hash, userId, alias, now, expiresAt, limit }) =>
      transact(database, () => {
        if (isTaken(userId, alias)) return { refusal: 'NWS_ERR_BV_ALIAS_TAKEN' }
        if ((open.get(userId, now) as { count: number }).count >= limit) return { refusal: 'NWS_ERR_BV_TOO_MANY' }
        forget.run(now - TOKEN_MEMORY_MS)
        insert.run(hash, userId, alias, expiresAt)
        return undefined
      }),
    claimToken: async ({ hash, userId, alias, now }) =>
      transact(database, () => {
        const token = find.get(hash) as TokenRow | undefined
        if (token === undefined) return { refusal: 'NWS_ERR_BV_TOKEN_UNKNOWN' }
        if (token.used_at !== null) return { refusal: 'NWS_ERR_BV_TOKEN_USED' }
        if (token.expires_at <= now) return { refusal: 'NWS_ERR_BV_TOKEN_EXPIRED' }
        if (token.user_id === userId) return { refusal: 'NWS_ERR_BV_TOKEN_OWN' }
        const users = [{ id: token.user_id, name: token.name }, user(userId)] as const
        const known = [aliasFor(token.user_id, userId), aliasFor(userId, token.user_id)] as const
        if (known[0] !== undefined && known[1] !== undefined) {
          use.run(now, hash)
          return { users, aliases: [known[0], known[1]], isNew: false }
        }
        if (isTaken(token.user_id, token.alias) || isTaken(userId, alias)) return { refusal: 'NWS_ERR_BV_ALIAS_TAKEN' }
        use.run(now, hash)
        trust.run(token.user_id, userId, token.alias)
        trust.run(userId, token.user_id, alias)
        return { users, aliases: [token.alias, alias], isNew: true }
      }),
    removeTrust: async (userId, alias) =>
      transact(database, () => {
        const contact = (byAlias.get(userId, alias) ?? byAlias.get(userId, aliasKey(alias))) as
          | { other_id: number }
          | undefined
        if (contact === undefined) return undefined
        const { other_id: otherId } = contact
        const others = aliasFor(otherId, userId) ?? ''
        distrust.run(userId, otherId)
        distrust.run(otherId, userId)
        return { users: [user(userId), user(otherId)], aliases: [alias, others] }
      })
  }
}

/** The store over an open database. `close` closes the database. @param now milliseconds since 1970 */
export function createStore(database: Database, now: () => number): AccountStore {
  return {
    ...userPart(database, now),
    ...trustPart(database),
    ...admissionPart(database),
    backup: async () => {
      // The database cannot be copied while it is open: most of it is in its log.
      const folder = mkdtempSync(join(tmpdir(), 'nws-backup-'))
      try {
        const file = join(folder, 'accounts.db')
        database.prepare('VACUUM INTO ?').run(file)
        return readFileSync(file)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    close: async () => closeDatabase(database)
  }
}
