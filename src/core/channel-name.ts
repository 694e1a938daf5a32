// The grammar of channel names. The client library has a copy; a test compares both.

/** 1 to 255 of these characters. `.` and `..` are refused because URL parsers remove them. */
const GRAMMAR = /^(?!\.\.?$)[A-Za-z0-9+=*._-]{1,255}$/

/** The grammar as the text of a regular expression, for descriptions. */
export const CHANNEL_NAME_PATTERN = GRAMMAR.source

/** Whether a text, percent-decoded, can name a channel. Capitals count. */
export function isChannelName(text: string): boolean {
  return GRAMMAR.test(text)
}

/** Reach of a channel: all proxies of the network, or this machine only. */
export type Scope = 'network' | 'local'

/** Whether a text is a scope. */
export function isScope(text: string): text is Scope {
  return text === 'network' || text === 'local'
}

/**
 * Whether a name is strong: at least 26 characters, of which at least 12 are distinct. Every other name counts as guessable
 * (docs/protocol/link.md §3).
 */
export function isStrongName(name: string): boolean {
  return name.length >= 26 && new Set(name).size >= 12
}
