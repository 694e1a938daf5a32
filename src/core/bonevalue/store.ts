// The seam between the rendezvous and where its accounts are kept. Only types: the built-in store is in plugins/bonevalue/accounts.
//
// An implementation MUST make each call all or nothing, MUST have written it for good when its promise resolves, and
// MUST answer calls in an order in which they could have been made one by one. Times are milliseconds since 1970.
// Secrets (tokens, links, sessions) come as hashes only (SHA-256, base64url); they are random, so a plain hash is enough.
import type { ErrorCode } from '../errors.ts'

/** A user, as others see it. */
export interface User {
  /** The store's own id, which never changes and is never given to another. */
  readonly id: number
  /** Login name, as it was chosen. */
  readonly name: string
}

/** A user, as a login needs it. */
export interface StoredUser extends User {
  readonly disabled: boolean
  /** Hash of the password; undefined if another part authenticates the user. */
  readonly passwordHash: string | undefined
}

/** A user, for lists. */
export interface UserSummary extends User {
  readonly disabled: boolean
  readonly createdAt: number
  /** Sessions that are good. */
  readonly sessions: number
}

/** A trusted user. */
export interface Contact extends User {
  /** The user's alias for them. */
  readonly alias: string
}

/** A session, for lists. */
export interface SessionSummary {
  /** Names the session without being its secret. */
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number
  /** Origin of the page that logged in; null: a program. */
  readonly origin: string | null
}

/** Two users who trust each other, and what each calls the other. */
export interface Trust {
  readonly users: readonly [User, User]
  /** The alias of the first for the second, and of the second for the first. */
  readonly aliases: readonly [string, string]
}

/** An invitation that is open. */
export interface Invitation {
  /** Login name that was suggested; empty: none. */
  readonly suggestion: string
  readonly invitedBy: User | undefined
}

/** The reason of a refusal, which is no failure of the store. */
export interface Refusal {
  readonly refusal: ErrorCode
}

/** Where accounts are kept. Every method may reject: then nothing has happened. */
export interface AccountStore {
  /** Finds a user by login name, without regard to case. */
  findUser(name: string): Promise<StoredUser | undefined>
  /** The user of that login name. A missing one is made, without a password. */
  ensureUser(name: string): Promise<StoredUser>
  users(now: number): Promise<UserSummary[]>
  /** False: there is no such user. Disabling revokes all sessions. */
  setDisabled(userId: number, disabled: boolean): Promise<boolean>
  /** The users that a user trusts. */
  contacts(userId: number): Promise<Contact[]>

  /** Refuses with `NWS_ERR_BV_TOO_MANY` where `invitedBy` has `limit` open ones. */
  createInvitation(invitation: {
    hash: string
    suggestion: string
    invitedBy: number | undefined
    now: number
    expiresAt: number
    limit: number
  }): Promise<Refusal | undefined>
  /** `NWS_ERR_BV_INVITE_UNKNOWN`, `_USED`, `_EXPIRED`. */
  findInvitation(hash: string, now: number): Promise<Invitation | Refusal>
  /** Makes a user and uses the invitation up. Also `NWS_ERR_BV_NAME_TAKEN`, which leaves it open. */
  acceptInvitation(
    hash: string,
    user: { name: string; passwordHash: string | undefined },
    now: number
  ): Promise<User | Refusal>

  /** Sessions of a user beyond `limit` end, the oldest first. Need not be for good at once: a lost one costs a login. */
  createSession(session: {
    hash: string
    id: string
    userId: number
    origin: string | null
    now: number
    expiresAt: number
    limit: number
  }): Promise<void>
  /** The user of a session that is good and not disabled. */
  findSession(
    hash: string,
    now: number
  ): Promise<{ readonly user: User; readonly id: string; readonly expiresAt: number } | undefined>
  sessions(userId: number, now: number): Promise<SessionSummary[]>
  /** Ends one session of a user, or all. @returns their ids */
  revokeSessions(userId: number, id?: string): Promise<string[]>

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
  /** Lets go of files and locks. Nothing is called after it. */
  close(): Promise<void>
}

/** Whether an answer of the store is a refusal. */
export function isRefusal(answer: object | undefined): answer is Refusal {
  return answer !== undefined && 'refusal' in answer
}
