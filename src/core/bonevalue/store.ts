// The seam between the rendezvous and the store of its accounts. The built-in store is in plugins/bonevalue/accounts.
//
// An implementation MUST do each call wholly or not at all, MUST have stored the result durably when the promise resolves, and
// MUST behave as if calls came one by one. Times are milliseconds since 1970. Secrets (tokens, links, sessions) come as hashes
// only (SHA-256, base64url). A plain hash is enough, because secrets are random.
import type { ErrorCode } from '../errors.ts'

/** A user, as others see it. */
export interface User {
  /** The id in the store. It never changes, and no other user ever gets it. */
  readonly id: number
  /** Login name in the chosen spelling. */
  readonly name: string
}

/** A user, as a login needs it. */
export interface StoredUser extends User {
  readonly disabled: boolean
  /** Hash of the password; undefined if another part authenticates the user. */
  readonly passwordHash: string | undefined
}

/** A user for lists. */
export interface UserSummary extends User {
  readonly disabled: boolean
  readonly createdAt: number
  /** Valid sessions. */
  readonly sessions: number
}

/** A trusted user. */
export interface Contact extends User {
  /** The user's alias for them. */
  readonly alias: string
}

/** A session for lists. */
export interface SessionSummary {
  /** Names the session. It is not the secret. */
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number
  /** Origin of the page that logged in; null: a program. */
  readonly origin: string | null
}

/** Two users who trust each other, with their aliases. */
export interface Trust {
  readonly users: readonly [User, User]
  /** The alias of the first for the second, and of the second for the first. */
  readonly aliases: readonly [string, string]
}

/** An open invitation. */
export interface Invitation {
  /** Suggested login name; empty: none. */
  readonly suggestion: string
  readonly invitedBy: User | undefined
  /** The user who gets a new password by it; undefined: it makes a new user. */
  readonly resets: User | undefined
}

/** The reason of a refusal, which is no failure of the store. */
export interface Refusal {
  readonly refusal: ErrorCode
}

/** Keeps accounts. If a method rejects, it has changed nothing. */
export interface AccountStore {
  /** Finds a user by login name. Case does not count. */
  findUser(name: string): Promise<StoredUser | undefined>
  /** The user of that login name. A missing one is made, without a password. */
  ensureUser(name: string): Promise<StoredUser>
  users(now: number): Promise<UserSummary[]>
  /** Disabling revokes all sessions. @returns false: the user does not exist */
  setDisabled(userId: number, disabled: boolean): Promise<boolean>
  setPassword(userId: number, passwordHash: string): Promise<void>
  /** Deletes a user with everything that belongs to them. @returns the trusts that ended; `users[0]` is the user */
  deleteUser(userId: number): Promise<Trust[]>
  /** The users that a user trusts. */
  contacts(userId: number): Promise<Contact[]>

  /** Refuses with `NWS_ERR_BV_TOO_MANY` if `invitedBy` has `limit` open ones. */
  createInvitation(invitation: {
    hash: string
    suggestion: string
    invitedBy: number | undefined
    /** The user who gets a new password. */
    resets: number | undefined
    now: number
    expiresAt: number
    limit: number
  }): Promise<Refusal | undefined>
  /** `NWS_ERR_BV_INVITE_UNKNOWN`, `_USED`, `_EXPIRED`. */
  findInvitation(hash: string, now: number): Promise<Invitation | Refusal>
  /**
   * Makes a user, or sets the password of `resets` and ends their sessions. Uses the invitation up. Also refuses with
   * `NWS_ERR_BV_NAME_TAKEN`, also for a name that looks like another; the invitation then stays open.
   */
  acceptInvitation(
    hash: string,
    user: { name: string; passwordHash: string | undefined },
    now: number
  ): Promise<User | Refusal>

  /** Ends the oldest sessions of the user beyond `limit`. Need not be durable at once: a lost session costs only a login. */
  createSession(session: {
    hash: string
    id: string
    userId: number
    origin: string | null
    now: number
    expiresAt: number
    limit: number
  }): Promise<void>
  /** The user of a valid session; undefined: it is not valid, or the user is disabled. */
  findSession(
    hash: string,
    now: number
  ): Promise<{ readonly user: User; readonly id: string; readonly expiresAt: number } | undefined>
  /** The session is used: it ends later. Need not be durable at once, and may leave out gains of less than an hour. */
  renewSession(userId: number, id: string, expiresAt: number): Promise<void>
  sessions(userId: number, now: number): Promise<SessionSummary[]>
  /** Ends one session of a user, or all but one. @returns their ids */
  revokeSessions(userId: number, id?: string, except?: string): Promise<string[]>

  /** Refuses with `NWS_ERR_BV_TOO_MANY` if the user has `limit` open ones, with `NWS_ERR_BV_ALIAS_TAKEN` if the alias is in use. */
  createToken(token: {
    hash: string
    userId: number
    alias: string
    now: number
    expiresAt: number
    limit: number
  }): Promise<Refusal | undefined>
  /**
   * Uses a token up and makes both users trust each other. If they did before, their aliases stay. Refuses with
   * `NWS_ERR_BV_TOKEN_UNKNOWN`, `_USED`, `_EXPIRED`, `_OWN` and `NWS_ERR_BV_ALIAS_TAKEN`, and then changes nothing.
   *
   * @param alias the claimer's alias for the user who made the token
   * @returns `users[0]` made the token; `isNew` is false if they trusted each other before
   */
  claimToken(claim: {
    hash: string
    userId: number
    alias: string
    now: number
  }): Promise<(Trust & { readonly isNew: boolean }) | Refusal>
  /** Ends the trust between a user and the holder of an alias. @returns `users[0]` is the user; undefined: the alias is unknown */
  removeTrust(userId: number, alias: string): Promise<Trust | undefined>
  /** A copy of everything, as the bytes of a file. */
  backup(): Promise<Buffer>
  /** Releases files and locks. No call comes after it. */
  close(): Promise<void>
}

/** Whether an answer of the store is a refusal. */
export function isRefusal(answer: object | undefined): answer is Refusal {
  return answer !== undefined && 'refusal' in answer
}
