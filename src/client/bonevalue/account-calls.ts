// The calls of a page about the own account: invitations, trust, sessions, password. BoneValue adds those about peers.
import type { BoneValueError, Failure } from './errors.ts'
import { runSafely } from './events.ts'
import type { AnswerTo } from './rendezvous.ts'

/** A session of the user: one login with the password, on one or several pages. */
export interface SessionInfo {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly expiresAt: number
  /** Origin of the page that logged in; null: a program. */
  readonly origin: string | null
  /** Whether this page has it. */
  readonly own: boolean
}

type Invitation = { email: string; link: string; expiresAt: number }

/** Asks the rendezvous. @throws BoneValueError (the promise) */
type Ask = <Type extends string>(type: Type, data: Readonly<Record<string, unknown>>) => Promise<AnswerTo<Type>>

export class AccountCalls {
  readonly #ask: Ask

  constructor(ask: Ask) {
    this.#ask = ask
  }

  /**
   * Makes an invitation link for a new user, which this user must pass on.
   *
   * @param email proposed login name
   * @throws BoneValueError (the promise)
   */
  inviteUser(email: string, callback?: (answer: Invitation | Failure) => void): Promise<Invitation> {
    return withCallback(
      this.#ask('inviteUser', { email }).then(({ email, link, expiresAt }) => ({ email, link, expiresAt })),
      callback
    )
  }

  /** As inviteUser. */
  invite(email: string, callback?: (answer: Invitation | Failure) => void): Promise<Invitation> {
    return this.inviteUser(email, callback)
  }

  /**
   * Makes a token. The user who claims it and this user will trust each other.
   *
   * @param alias for that user
   * @throws BoneValueError (the promise)
   */
  requestToken(alias: string, callback?: (answer: { token: string } | Failure) => void): Promise<{ token: string }> {
    return withCallback(
      this.#ask('requestToken', { name: alias }).then(({ token }) => ({ token })),
      callback
    )
  }

  /**
   * Claims a token of another user.
   *
   * @param alias for that user
   * @returns `alias` is the earlier one if the two trusted each other before
   * @throws BoneValueError (the promise)
   */
  claimToken(
    alias: string,
    token: string,
    callback?: (answer: { ok: true; alias: string } | Failure) => void
  ): Promise<{ ok: true; alias: string }> {
    return withCallback(
      this.#ask('claimToken', { name: alias, token }).then(({ name }) => ({ ok: true, alias: name })),
      callback
    )
  }

  /**
   * Ends the trust between this user and another, on both sides.
   *
   * @throws BoneValueError (the promise)
   */
  removeUser(alias: string, callback?: (answer: { ok: true } | Failure) => void): Promise<{ ok: true }> {
    return withCallback(
      this.#ask('userRemove', { name: alias }).then(() => ({ ok: true })),
      callback
    )
  }

  /** The sessions of this user. @throws BoneValueError (the promise) */
  async sessions(): Promise<SessionInfo[]> {
    return (await this.#ask('sessionList', {})).fields['sessions'] as SessionInfo[]
  }

  /** Ends a session of this user and its connections. @param id undefined: all but that of this page. @returns how many ended */
  async endSessions(id?: string): Promise<number> {
    return Number((await this.#ask('sessionEnd', { id })).fields['ended'])
  }

  /** Changes the password, and ends all other sessions of this user. @throws BoneValueError (the promise) */
  async changePassword(old: string, password: string): Promise<void> {
    await this.#ask('passwordChange', { old, password })
  }
}

/** Also tells the outcome of a request to a callback. */
function withCallback<Result>(
  answer: Promise<Result>,
  callback: ((answer: Result | Failure) => void) | undefined
): Promise<Result> {
  if (callback === undefined) return answer
  const tell = (value: Result | Failure): void => runSafely(() => callback(value))
  void answer.then(tell, ({ err, code, retryAfterMs }: BoneValueError) =>
    tell({ err, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
  )
  answer.catch(() => {}) // The callback gets it.
  return answer
}
