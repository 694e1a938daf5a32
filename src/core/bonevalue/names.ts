// The form of login names, aliases and passwords. The store knows which names are taken.

/** Longest alias, characters. */
export const MAX_ALIAS = 64
/** Longest login name, characters. An e-mail address fits. */
export const MAX_LOGIN_NAME = 100
/** Shortest new password, characters. */
export const MIN_PASSWORD = 8
/** Most bytes of a password: hashing long texts costs time. */
export const MAX_PASSWORD_BYTES = 1024

/** The alias of every user for themselves. */
export const OWN_ALIAS = 'Us'
/** Names with another meaning in queries of the client or its first generation. */
const RESERVED: ReadonlySet<string> = new Set(['*', OWN_ALIAS, 'message'])

const CONTROL = /\p{C}/u
const ALL_DIGITS = /^\p{Nd}+$/u

/** Whether a text may be an alias. */
export function isAlias(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_ALIAS &&
    value.trim() === value &&
    !CONTROL.test(value) &&
    !ALL_DIGITS.test(value) &&
    !RESERVED.has(value)
  )
}

/** Whether a new account may have this login name: no blanks, no control characters. */
export function isLoginName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LOGIN_NAME && !/[\p{C}\s]/u.test(value)
}

/** The common form of all spellings of one login name. */
export function loginKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/** Whether a password may be hashed. It may be short, because stores of extensions may have short ones. */
export function isPassword(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= MAX_PASSWORD_BYTES &&
    new TextEncoder().encode(value).length <= MAX_PASSWORD_BYTES
  )
}

/** Whether a new account may have this password. */
export function isNewPassword(value: unknown): value is string {
  return isPassword(value) && value.length >= MIN_PASSWORD
}
