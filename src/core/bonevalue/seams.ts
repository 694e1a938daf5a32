// The parts of the rendezvous that an extension may replace. Only types: the built-in parts are in
// plugins/bonevalue.
import type { MayTalk } from './directory.ts'
import type { AccountStore, Invitation } from './store.ts'

/** An attempt to log in. */
export interface Credentials {
  readonly name: string
  readonly password: string
  /** Address of the client, without port. */
  readonly address: string
  /** Origin of the page; undefined: a program. */
  readonly origin: string | undefined
}

/**
 * The parts. Each is optional.
 *
 * Limits of attempts, sessions, trust and presence stay the same. An error of a part is logged and answered as an error of the
 * proxy.
 */
export interface RendezvousSeams {
  /**
   * Returns the login name of the account, or undefined if name and password do not fit. Accounts are made
   * when they are first heard of. MUST take as long for names that it does not know; MUST NOT keep the password.
   */
  readonly authenticate?: (credentials: Credentials) => Promise<string | undefined>
  /**
   * An invitation is about to become an account. May throw an error with a `code` of its own (`A-Z 0-9 _`) to refuse:
   * its message is shown to the invited user. If it answers true, it has kept the password elsewhere, for `authenticate`,
   * and none is stored here.
   */
  readonly register?: (account: {
    readonly name: string
    readonly password: string
    readonly invitation: Invitation
  }) => Promise<boolean | void>
  /** Decides which users see and reach each other; see there. */
  readonly mayTalk?: MayTalk
  /** Keeps the accounts. */
  readonly store?: AccountStore
}
