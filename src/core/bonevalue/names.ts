// What login names, aliases and passwords may look like. Not whether one is taken (that is the store's to say).

/** Most characters of an alias. */
export const MAX_ALIAS = 64
/** Most characters of a login name; addresses for e-mail fit. */
export const MAX_LOGIN_NAME = 100
/** Fewest characters of a new password. */
export const MIN_PASSWORD = 8
/** Most bytes of a password, so that nobody has much text hashed. */
export const MAX_PASSWORD_BYTES = 1024

/** The alias that stands for the user himself. */
export const OWN_ALIAS = 'Us'
/** What the client's queries and its first generation would mistake for something else. */
const RESERVED: ReadonlySet<string> = new Set(['*', OWN_ALIAS, 'message'])

const CONTROL = /\p{C}/u
const ALL_DIGITS = /^\p{Nd}+$/u

/** Whether a user may call another one so. */
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

/** Whether a login name may be given to a new account: no blanks, no control characters. */
export function isLoginName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LOGIN_NAME && !/[\p{C}\s]/u.test(value)
}

/** What two spellings of one login name have in common. */
export function loginKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/** Whether a password may be hashed at all; shorter ones may exist in stores of others. */
export function isPassword(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= MAX_PASSWORD_BYTES &&
    new TextEncoder().encode(value).length <= MAX_PASSWORD_BYTES
  )
}

/** Whether a password may be given to a new account. */
export function isNewPassword(value: unknown): value is string {
  return isPassword(value) && value.length >= MIN_PASSWORD
}
