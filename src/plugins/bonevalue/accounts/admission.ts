// The part of the built-in store for invitations and sessions. Users, trust and tokens are in store.ts.
import { loginKey } from '../../../core/bonevalue/names.ts'
import type { AccountStore, Invitation, Refusal, SessionSummary } from '../../../core/bonevalue/store.ts'
import { transact, type Database } from './database.ts'

type InvitationPart = Pick<AccountStore, 'createInvitation' | 'findInvitation' | 'acceptInvitation'>
type SessionPart = Pick<AccountStore, 'createSession' | 'findSession' | 'sessions' | 'revokeSessions'>

/** How long a used or expired invitation is remembered, so that its page can tell the reason, milliseconds. */
const INVITATION_MEMORY_MS = 30 * 86_400_000

interface InvitationRow {
  readonly suggestion: string
  readonly expires_at: number
  readonly used_at: number | null
  readonly id: number | null
  readonly name: string | null
}

interface SessionRow {
  readonly id: string
  readonly user_id: number
  readonly name: string
  readonly origin: string | null
  readonly created_at: number
  readonly expires_at: number
}

function invitationPart(database: Database): InvitationPart {
  const forget = database.prepare('DELETE FROM invitations WHERE expires_at < ?')
  const open = database.prepare(
    'SELECT count(*) AS count FROM invitations WHERE invited_by = ? AND used_at IS NULL AND expires_at > ?'
  )
  const insert = database.prepare(
    'INSERT INTO invitations (hash, suggestion, invited_by, expires_at) VALUES (?, ?, ?, ?)'
  )
  const find = database.prepare(
    'SELECT suggestion, expires_at, used_at, users.id, name FROM invitations LEFT JOIN users ON users.id = invited_by WHERE hash = ?'
  )
  const use = database.prepare('UPDATE invitations SET used_at = ? WHERE hash = ?')
  const byName = database.prepare('SELECT id FROM users WHERE name_key = ?')
  const addUser = database.prepare('INSERT INTO users (name, name_key, password, created_at) VALUES (?, ?, ?, ?)')

  const findOpen = (hash: string, now: number): Invitation | Refusal => {
    const row = find.get(hash) as InvitationRow | undefined
    if (row === undefined) return { refusal: 'NWS_ERR_BV_INVITE_UNKNOWN' }
    if (row.used_at !== null) return { refusal: 'NWS_ERR_BV_INVITE_USED' }
    if (row.expires_at <= now) return { refusal: 'NWS_ERR_BV_INVITE_EXPIRED' }
    return {
      suggestion: row.suggestion,
      invitedBy: row.id === null || row.name === null ? undefined : { id: row.id, name: row.name }
    }
  }
  return {
    createInvitation: async ({ hash, suggestion, invitedBy, now, expiresAt, limit }) =>
      transact(database, () => {
        if (invitedBy !== undefined && (open.get(invitedBy, now) as { count: number }).count >= limit)
          return { refusal: 'NWS_ERR_BV_TOO_MANY' }
        forget.run(now - INVITATION_MEMORY_MS)
        insert.run(hash, suggestion, invitedBy ?? null, expiresAt)
        return undefined
      }),
    findInvitation: async (hash, now) => findOpen(hash, now),
    acceptInvitation: async (hash, { name, passwordHash }, now) =>
      transact(database, () => {
        const invitation = findOpen(hash, now)
        if ('refusal' in invitation) return invitation
        if (byName.get(loginKey(name)) !== undefined) return { refusal: 'NWS_ERR_BV_NAME_TAKEN' }
        use.run(now, hash)
        return { id: Number(addUser.run(name, loginKey(name), passwordHash ?? null, now).lastInsertRowid), name }
      })
  }
}

function sessionPart(database: Database): SessionPart {
  const forget = database.prepare('DELETE FROM sessions WHERE expires_at <= ?')
  const insert = database.prepare(
    'INSERT INTO sessions (hash, id, user_id, origin, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)'
  )
  const endOldest = database.prepare(`
    DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE user_id = ? ORDER BY created_at DESC LIMIT -1 OFFSET ?)`)
  const find = database.prepare(`
    SELECT sessions.id, user_id, name, expires_at FROM sessions JOIN users ON users.id = user_id
    WHERE hash = ? AND expires_at > ? AND disabled = 0`)
  const ofUser = database.prepare(
    'SELECT id, origin, created_at, expires_at FROM sessions WHERE user_id = ? AND expires_at > ? ORDER BY created_at'
  )
  const end = database.prepare('DELETE FROM sessions WHERE user_id = ? AND id = ?')
  const endAll = database.prepare('DELETE FROM sessions WHERE user_id = ?')
  return {
    createSession: async ({ hash, id, userId, origin, now, expiresAt, limit }) => {
      // A lost session costs only a login. A wait for the disk at each login would stop all clients.
      database.exec('PRAGMA synchronous = NORMAL')
      try {
        transact(database, () => {
          forget.run(now)
          insert.run(hash, id, userId, origin, now, expiresAt)
          endOldest.run(userId, limit)
        })
      } finally {
        database.exec('PRAGMA synchronous = FULL')
      }
    },
    findSession: async (hash, now) => {
      const row = find.get(hash, now) as SessionRow | undefined
      return row === undefined
        ? undefined
        : { user: { id: row.user_id, name: row.name }, id: row.id, expiresAt: row.expires_at }
    },
    sessions: async (userId, now) =>
      (ofUser.all(userId, now) as SessionRow[]).map(
        ({ id, origin, created_at: createdAt, expires_at: expiresAt }): SessionSummary => ({
          id,
          origin,
          createdAt,
          expiresAt
        })
      ),
    revokeSessions: async (userId, id) =>
      transact(database, () => {
        const ids = (ofUser.all(userId, 0) as SessionRow[])
          .map(row => row.id)
          .filter(each => id === undefined || each === id)
        if (id === undefined) endAll.run(userId)
        else end.run(userId, id)
        return ids
      })
  }
}

/** Invitations and sessions over an open database. */
export function admissionPart(database: Database): InvitationPart & SessionPart {
  return { ...invitationPart(database), ...sessionPart(database) }
}
