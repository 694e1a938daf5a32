// The services of the rendezvous to a user: login, sessions, tokens, trust, invitations. Not presence (core/bonevalue/
// directory.ts), no sockets (socket.ts) and no Fastify.
import { addressKey } from '../../../core/address-key.ts'
import { Attempts } from '../../../core/bonevalue/attempts.ts'
import { Directory } from '../../../core/bonevalue/directory.ts'
import {
  aliasKey,
  isAlias,
  isLoginName,
  isNewPassword,
  loginKey,
  MAX_LOGIN_NAME
} from '../../../core/bonevalue/names.ts'
import type { RendezvousSeams } from '../../../core/bonevalue/seams.ts'
import {
  isRefusal,
  type AccountStore,
  type Invitation,
  type Refusal,
  type SessionSummary,
  type User
} from '../../../core/bonevalue/store.ts'
import type { ErrorCode } from '../../../core/errors.ts'
import { KeyedBuckets } from '../../../core/keyed-buckets.ts'
import type { Accounts } from '../accounts/index.ts'
import { hashSecret, newSecret } from './secrets.ts'

/** How long a session is valid after its last use, milliseconds. */
export const SESSION_LIFETIME_MS = 7 * 86_400_000
export const TOKEN_LIFETIME_MS = 600_000
export const INVITATION_LIFETIME_MS = 72 * 3_600_000
/** Open tokens of one user, and open invitations. */
export const MAX_OPEN = 16
/** Sessions of one user. The oldest end first. */
const MAX_SESSIONS = 128
/** Sockets of one user. */
export const MAX_PEERS_PER_USER = 64

/** Names that may be tried with the invitations of one user, or with one of the operator: 10 at once, then one every 10 s. */
const ACCEPT_RATE = { burst: 10, perSecond: 0.1 } as const
const MAX_ACCEPT_KEYS = 10_000

/** Injected into the service. */
export interface RendezvousDeps {
  readonly accounts: Accounts
  readonly seams: RendezvousSeams
  readonly attempts?: Attempts
  /** Ends the sockets of a user. @param sessions ids of their sessions; undefined: all */
  readonly endSockets: (userId: number, sessions: ReadonlySet<string> | undefined, code: ErrorCode) => void
}

/** An attempt to log in: name and address. */
export interface Caller {
  readonly address: string
  readonly origin: string | undefined
  /** False: the client has gone. */
  readonly isOpen: () => boolean
}

/** A successful login. */
export interface Login {
  readonly user: User
  readonly session: string
  readonly sessionId: string
  readonly expiresAt: number
}

/** Why a login is refused. */
export interface LoginRefusal extends Refusal {
  readonly retryAfterMs?: number
}

/** A secret for a user to hand on, and its end. */
export interface Handout {
  readonly token: string
  readonly expiresAt: number
}

/** The service of one rendezvous. */
export class RendezvousService {
  readonly directory: Directory
  readonly #attempts: Attempts
  readonly #deps: RendezvousDeps
  /** Counts changes of trust. */
  #trustVersion = 0
  /** Counts changes of who may log in. */
  #accessVersion = 0
  /** Attempts to use invitations, by who made them. */
  readonly #accepts = new KeyedBuckets<number | string>(ACCEPT_RATE, MAX_ACCEPT_KEYS)
  /** Changes of trust run one after another, so that presence follows the order of the store. */
  #changes: Promise<unknown> = Promise.resolve()

  constructor(deps: RendezvousDeps) {
    this.#deps = deps
    this.#attempts = deps.attempts ?? new Attempts()
    this.directory = new Directory(deps.seams.mayTalk)
  }

  async store(): Promise<AccountStore> {
    return this.#deps.seams.store ?? (await this.#deps.accounts.open())
  }

  /** Checks a password, no faster than the limits of attempts allow. */
  async #check(name: string, password: string, caller: Caller): Promise<User | LoginRefusal> {
    const key = loginKey(name.slice(0, MAX_LOGIN_NAME + 1))
    const address = addressKey(caller.address).key
    for (;;) {
      const now = Date.now()
      const retryAfterMs = this.#attempts.begin(key, address, now)
      if (retryAfterMs === 0) break
      const clearing = this.#attempts.mayClear(key, address, now)
      if (clearing === undefined || !caller.isOpen()) return { refusal: 'NWS_ERR_BV_SLOW_DOWN', retryAfterMs }
      await clearing
    }
    let isWrong = false // An attempt that fails before the password is checked does not count.
    let user: User | undefined
    try {
      user = await this.#authenticate(name, password, caller)
      isWrong = user === undefined
    } finally {
      this.#attempts.end(key, address, isWrong, Date.now())
    }
    return user ?? { refusal: 'NWS_ERR_BV_LOGIN' }
  }

  /** Logs in with a password and makes a session. */
  async logIn(name: string, password: string, caller: Caller): Promise<Login | LoginRefusal> {
    const user = await this.#check(name, password, caller)
    if (isRefusal(user)) return user
    const session = newSecret()
    const sessionId = newSecret().slice(0, 8)
    const expiresAt = Date.now() + SESSION_LIFETIME_MS
    await (
      await this.store()
    ).createSession({
      hash: hashSecret(session),
      id: sessionId,
      userId: user.id,
      origin: caller.origin ?? null,
      now: Date.now(),
      expiresAt,
      limit: MAX_SESSIONS
    })
    return { user, session, sessionId, expiresAt }
  }

  /** Logs in with a session. */
  async resume(session: string): Promise<Login | LoginRefusal> {
    const found = await (await this.store()).findSession(hashSecret(session), Date.now())
    if (found === undefined) return { refusal: 'NWS_ERR_BV_SESSION' }
    const expiresAt = await this.renewSession(found.user, found.id)
    return { user: found.user, session, sessionId: found.id, expiresAt }
  }

  /** A session is used, and lives on. @returns when it ends */
  async renewSession({ id }: User, sessionId: string): Promise<number> {
    const expiresAt = Date.now() + SESSION_LIFETIME_MS
    await (await this.store()).renewSession(id, sessionId, expiresAt)
    return expiresAt
  }

  /**
   * Lets a client in that has logged in. Looks at its session again and reads the contacts, and calls `enter` in the same turn,
   * so that no change of access or trust comes between.
   *
   * @param enter gets no contacts if the user is online: the directory has them
   * @returns false: the session was ended meanwhile
   */
  async admit(
    { user, session }: Login,
    enter: (contacts: readonly (readonly [number, string])[]) => void
  ): Promise<boolean> {
    const store = await this.store()
    for (;;) {
      const [access, trust] = [this.#accessVersion, this.#trustVersion]
      if ((await store.findSession(hashSecret(session), Date.now())) === undefined) return false
      const isOnline = this.directory.users.has(user.id)
      const contacts = isOnline ? [] : await store.contacts(user.id)
      if (access !== this.#accessVersion || trust !== this.#trustVersion) continue
      if (isOnline !== this.directory.users.has(user.id)) continue
      enter(contacts.map(({ id, alias }) => [id, alias] as const))
      return true
    }
  }

  /** Disabling ends sessions and sockets. */
  async setDisabled(user: User, disabled: boolean): Promise<void> {
    await (await this.store()).setDisabled(user.id, disabled)
    if (disabled) this.#shutOut(user, undefined, 'NWS_ERR_BV_DISABLED')
  }

  async sessions({ id }: User): Promise<SessionSummary[]> {
    return await (await this.store()).sessions(id, Date.now())
  }

  /** Ends one session of a user, or all but one, with their sockets. @returns how many */
  async endSessions(user: User, id?: string, except?: string): Promise<number> {
    const ended = new Set(await (await this.store()).revokeSessions(user.id, id, except))
    this.#shutOut(user, ended, 'NWS_ERR_BV_SESSION')
    return ended.size
  }

  /** Changes the password of a user, and ends all sessions but one. */
  async changePassword(
    user: User,
    { old, password }: { readonly old: string; readonly password: string },
    caller: Caller,
    sessionId: string
  ): Promise<LoginRefusal | undefined> {
    if (!isNewPassword(password)) return { refusal: 'NWS_ERR_BV_PASSWORD' }
    const { accounts, seams } = this.#deps
    if (seams.authenticate !== undefined) return { refusal: 'NWS_ERR_BV_ELSEWHERE' }
    const checked = await this.#check(user.name, old, caller)
    if (isRefusal(checked)) return checked
    await (await this.store()).setPassword(user.id, await accounts.passwords.hash(password))
    await this.endSessions(user, undefined, sessionId)
    return undefined
  }

  /** Deletes the account of a user who knows its password. @param deleted called before the user's sockets end */
  async deleteOwn(
    user: User,
    password: string,
    caller: Caller,
    deleted: () => void
  ): Promise<LoginRefusal | undefined> {
    const checked = await this.#check(user.name, password, caller)
    if (isRefusal(checked)) return checked
    await this.deleteUser(user, deleted)
    return undefined
  }

  /** Deletes a user, and ends their trusts and sockets. */
  async deleteUser(user: User, deleted: () => void = () => {}): Promise<void> {
    await this.#inOrder(async () => {
      for (const trust of await (await this.store()).deleteUser(user.id)) this.directory.trustRemoved(trust)
      this.#trustVersion++
    })
    deleted()
    this.#shutOut(user, undefined, 'NWS_ERR_BV_DELETED')
  }

  /** Logins under way are looked at again, sockets end, and other users close the connections that are left. */
  #shutOut(user: User, sessions: ReadonlySet<string> | undefined, code: ErrorCode): void {
    this.#accessVersion++
    this.#deps.endSockets(user.id, sessions, code)
    this.directory.shutOut(user)
  }

  async requestToken(user: User, given: string): Promise<Handout | Refusal> {
    const alias = aliasKey(given)
    if (!isAlias(alias)) return { refusal: 'NWS_ERR_BV_ALIAS' }
    const token = newSecret()
    const expiresAt = Date.now() + TOKEN_LIFETIME_MS
    const refusal = await (
      await this.store()
    ).createToken({ hash: hashSecret(token), userId: user.id, alias, now: Date.now(), expiresAt, limit: MAX_OPEN })
    return refusal ?? { token, expiresAt }
  }

  /** Makes two users trust each other. @returns the claimer's alias for the other */
  async claimToken(user: User, given: string, token: string): Promise<{ readonly name: string } | Refusal> {
    const alias = aliasKey(given)
    if (!isAlias(alias)) return { refusal: 'NWS_ERR_BV_ALIAS' }
    return await this.#inOrder(async () => {
      const claim = await (
        await this.store()
      ).claimToken({ hash: hashSecret(token), userId: user.id, alias, now: Date.now() })
      if (isRefusal(claim)) return claim
      if (claim.isNew) {
        this.#trustVersion++
        this.directory.trustAdded(claim)
      }
      return { name: claim.aliases[1] }
    })
  }

  /** Ends the trust between a user and the holder of an alias. Clients of both hear of it. */
  async removeTrust(user: User, alias: string): Promise<Refusal | undefined> {
    return await this.#inOrder(async () => {
      const trust = await (await this.store()).removeTrust(user.id, alias)
      if (trust === undefined) return { refusal: 'NWS_ERR_BV_ALIAS_UNKNOWN' }
      this.#trustVersion++
      this.directory.trustRemoved(trust)
      return undefined
    })
  }

  /**
   * @param invitedBy undefined: the operator of this proxy
   * @param suggestion login name to begin with
   * @param resets the user who gets a new password by it
   */
  async invite(invitedBy: User | undefined, suggestion: string, resets?: User): Promise<Handout | Refusal> {
    if (suggestion !== '' && !isLoginName(suggestion)) return { refusal: 'NWS_ERR_BV_NAME' }
    const token = newSecret()
    const expiresAt = Date.now() + INVITATION_LIFETIME_MS
    const store = await this.store()
    const refusal = await store.createInvitation({
      hash: hashSecret(token),
      suggestion,
      invitedBy: invitedBy?.id,
      resets: resets?.id,
      now: Date.now(),
      expiresAt,
      limit: MAX_OPEN
    })
    return refusal ?? { token, expiresAt }
  }

  async findInvitation(token: string): Promise<Invitation | Refusal> {
    return await (await this.store()).findInvitation(hashSecret(token), Date.now())
  }

  /** Makes an account from an invitation, or sets a new password. @throws the error of an extension's `register` */
  async acceptInvitation(token: string, given: string, password: string): Promise<User | Refusal> {
    if (!isNewPassword(password)) return { refusal: 'NWS_ERR_BV_PASSWORD' }
    const { accounts, seams } = this.#deps
    const store = await this.store()
    // An invalid link must not cost a hash or a call of an extension.
    const invitation = await store.findInvitation(hashSecret(token), Date.now())
    if (isRefusal(invitation)) return invitation
    const { resets } = invitation
    const name = resets?.name ?? given
    if (!isLoginName(name)) return { refusal: 'NWS_ERR_BV_NAME' }
    // The answer tells whether a name exists.
    if (!this.#accepts.take(invitation.invitedBy?.id ?? hashSecret(token), Date.now()))
      return { refusal: 'NWS_ERR_BV_SLOW_DOWN' }
    if (resets === undefined && (await store.findUser(name)) !== undefined) return { refusal: 'NWS_ERR_BV_NAME_TAKEN' }
    const isElsewhere = (await seams.register?.({ name, password, invitation })) === true
    const passwordHash = isElsewhere ? undefined : await accounts.passwords.hash(password)
    const user = await store.acceptInvitation(hashSecret(token), { name, passwordHash }, Date.now())
    if (resets !== undefined && !isRefusal(user)) this.#shutOut(user, undefined, 'NWS_ERR_BV_SESSION')
    return user
  }

  /** Makes users who trust each other, for trying. @returns the password of all of them */
  async addDemo(names: readonly [string, string]): Promise<string | Refusal> {
    const password = newSecret()
    const users: User[] = []
    for (const name of names) {
      const handout = await this.invite(undefined, name)
      const user = isRefusal(handout) ? handout : await this.acceptInvitation(handout.token, name, password)
      if (isRefusal(user)) return user
      users.push(user)
    }
    const handout = await this.requestToken(users[0]!, names[1])
    const claim = isRefusal(handout) ? handout : await this.claimToken(users[1]!, names[0], handout.token)
    return isRefusal(claim) ? claim : password
  }

  async #authenticate(name: string, password: string, caller: Caller): Promise<User | undefined> {
    const { accounts, seams } = this.#deps
    const store = await this.store()
    if (seams.authenticate !== undefined) {
      const { address, origin } = caller
      const account = await seams.authenticate({ name, password, address, origin })
      if (account === undefined) return undefined
      const user = await store.ensureUser(account)
      return user.disabled ? undefined : user
    }
    const user = await store.findUser(name)
    // An unknown or disabled name takes as long as a known one.
    const hash = user === undefined || user.disabled ? undefined : user.passwordHash
    return (await accounts.passwords.verify(hash, password, caller.isOpen)) ? user : undefined
  }

  #inOrder<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(change)
    this.#changes = result.catch(() => {})
    return result
  }
}
