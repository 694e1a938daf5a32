// The form of login names, aliases and passwords. The store knows which names are taken.
import unhomoglyph from 'unhomoglyph'

/** Longest alias, characters. */
export const MAX_ALIAS = 64
/** Longest login name, characters. An e-mail address fits. */
export const MAX_LOGIN_NAME = 100
/** Shortest new password, characters. */
export const MIN_PASSWORD = 8
/** Most bytes of a password: hashing long texts costs time. */
export const MAX_PASSWORD_BYTES = 1024

/** The users of `nws user demo`. */
export const DEMO_USERS = ['demo-ann', 'demo-ben'] as const
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

/** Longest name of a room, characters. */
const MAX_ROOM_NAME = 100

/** Whether a text may name a room. */
export function isRoomName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ROOM_NAME && !CONTROL.test(value)
}

/** Whether a new account may have this login name: no blanks, no control characters. */
export function isLoginName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LOGIN_NAME && !/[\p{C}\s]/u.test(value)
}

/** The common form of all spellings of one login name. */
export function loginKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/** The form in which an alias is kept: two spellings of one text are one alias. */
export function aliasKey(alias: string): string {
  return alias.normalize('NFC')
}

/** Characters that show nothing. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu

/**
 * The form that all names share that look alike: without invisible characters, without the difference between cases and widths, and
 * with one letter for all that look like it, by the confusables of Unicode (UTS 39 §4).
 */
export function lookOf(name: string): string {
  const bare = (text: string): string => text.normalize('NFKD').replace(INVISIBLE, '').toLowerCase()
  return bare(unhomoglyph(bare(name)))
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
