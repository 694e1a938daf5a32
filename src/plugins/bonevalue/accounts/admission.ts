// The part of the built-in store for invitations and sessions. Users, trust and tokens are in store.ts.
import { lookOf, loginKey } from '../../../core/bonevalue/names.ts'
import type { AccountStore, Invitation, Refusal, SessionSummary } from '../../../core/bonevalue/store.ts'
import { transact, type Database } from './database.ts'

type InvitationPart = Pick<AccountStore, 'createInvitation' | 'findInvitation' | 'acceptInvitation'>
type SessionPart = Pick<AccountStore, 'createSession' | 'findSession' | 'renewSession' | 'sessions' | 'revokeSessions'>

/** A session is written again only if it gains so much, milliseconds. */
const LEAST_GAIN_MS = 3_600_000

/** How long a used or expired invitation is remembered, so that its page can tell the reason, milliseconds. */
const INVITATION_MEMORY_MS = 30 * 86_400_000

interface InvitationRow {
  readonly suggestion: string
  readonly expires_at: number
  readonly used_at: number | null
  readonly id: number | null
  readonly name: string | null
  readonly resets: number | null
  readonly resets_name: string | null
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
    'INSERT INTO invitations (hash, suggestion, invited_by, resets, expires_at) VALUES (?, ?, ?, ?, ?)'
  )
  const find = database.prepare(`
    SELECT suggestion, expires_at, used_at, inviter.id, inviter.name, resets, reset.name AS resets_name FROM invitations
    LEFT JOIN users AS inviter ON inviter.id = invited_by LEFT JOIN users AS reset ON reset.id = resets WHERE hash = ?`)
  const use = database.prepare('UPDATE invitations SET used_at = ? WHERE hash = ?')
  const byLook = database.prepare('SELECT id FROM users WHERE name_key = ? OR look = ?')
  const addUser = database.prepare(
    'INSERT INTO users (name, name_key, look, password, created_at) VALUES (?, ?, ?, ?, ?)'
  )
  const setPassword = database.prepare('UPDATE users SET password = ? WHERE id = ?')
  const endSessions = database.prepare('DELETE FROM sessions WHERE user_id = ?')

  const findOpen = (hash: string, now: number): Invitation | Refusal => {
    const row = find.get(hash) as InvitationRow | undefined
    if (row === undefined) return { refusal: 'NWS_ERR_BV_INVITE_UNKNOWN' }
    if (row.used_at !== null) return { refusal: 'NWS_ERR_BV_INVITE_USED' }
    if (row.expires_at <= now) return { refusal: 'NWS_ERR_BV_INVITE_EXPIRED' }
    return {
      suggestion: row.suggestion,
      invitedBy: row.id === null || row.name === null ? undefined : { id: row.id, name: row.name },
      resets: row.resets === null ? undefined : { id: row.resets, name: row.resets_name ?? '' }
    }
  }
  return {
    createInvitation: async ({ hash, suggestion, invitedBy, resets, now, expiresAt, limit }) =>
      transact(database, () => {
        if (invitedBy !== undefined && (open.get(invitedBy, now) as { count: number }).count >= limit)
          return { refusal: 'NWS_ERR_BV_TOO_MANY' }
        forget.run(now - INVITATION_MEMORY_MS)
        insert.run(hash, suggestion, invitedBy ?? null, resets ?? null, expiresAt)
        return undefined
      }),
    findInvitation: async (hash, now) => findOpen(hash, now),
    acceptInvitation: async (hash, { name, passwordHash }, now) =>
      transact(database, () => {
        const invitation = findOpen(hash, now)
        if ('refusal' in invitation) return invitation
        const { resets } = invitation
        if (resets !== undefined) {
          use.run(now, hash)
          setPassword.run(passwordHash ?? null, resets.id)
          endSessions.run(resets.id)
          return resets
        }
        const [key, look] = [loginKey(name), lookOf(name)]
        if (byLook.get(key, look) !== undefined) return { refusal: 'NWS_ERR_BV_NAME_TAKEN' }
        use.run(now, hash)
        return { id: Number(addUser.run(name, key, look, passwordHash ?? null, now).lastInsertRowid), name }
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
  const renew = database.prepare('UPDATE sessions SET expires_at = ? WHERE user_id = ? AND id = ? AND expires_at < ?')
  const end = database.prepare('DELETE FROM sessions WHERE user_id = ? AND id = ?')
  // A lost session costs only a login. A wait for the disk at each login would stop all clients.
  const withoutWaiting = (work: () => void): void => {
    database.exec('PRAGMA synchronous = NORMAL')
    try {
      work()
    } finally {
      database.exec('PRAGMA synchronous = FULL')
    }
  }
  return {
    createSession: async ({ hash, id, userId, origin, now, expiresAt, limit }) =>
      withoutWaiting(() =>
        transact(database, () => {
          forget.run(now)
          insert.run(hash, id, userId, origin, now, expiresAt)
          endOldest.run(userId, limit)
        })
      ),
    renewSession: async (userId, id, expiresAt) =>
      withoutWaiting(() => void renew.run(expiresAt, userId, id, expiresAt - LEAST_GAIN_MS)),
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
    revokeSessions: async (userId, id, except) =>
      transact(database, () => {
        const ids = (ofUser.all(userId, 0) as SessionRow[])
          .map(row => row.id)
          .filter(each => (id === undefined || each === id) && each !== except)
        for (const each of ids) end.run(userId, each)
        return ids
      })
  }
}

/** Invitations and sessions over an open database. */
export function admissionPart(database: Database): InvitationPart & SessionPart {
  return { ...invitationPart(database), ...sessionPart(database) }
}
