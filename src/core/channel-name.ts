// The grammar of channel names: the one place of the rule on the server (the client library holds a copy that a test
// compares). Not concerned with URLs or scopes.

/** 1 to 255 of these characters; `.` and `..` are refused because URL parsers eat them. */
const GRAMMAR = /^(?!\.\.?$)[A-Za-z0-9+=*._-]{1,255}$/

/** The grammar as the text of a regular expression, for descriptions. */
export const CHANNEL_NAME_PATTERN = GRAMMAR.source

/** True where `text` can name a channel. Case-sensitive; expects the percent-decoded form. */
export function isChannelName(text: string): boolean {
  return GRAMMAR.test(text)
}

/** Where a channel reaches: all proxies of the network, or this machine only. */
export type Scope = 'network' | 'local'

/** True where `text` is a scope. */
export function isScope(text: string): text is Scope {
  return text === 'network' || text === 'local'
}

/**
 * True where a name is strong: at least 26 characters with at least 12 distinct ones. Every other name counts as
 * guessable (docs/protocol/link.md §3).
 */
export function isStrongName(name: string): boolean {
  return name.length >= 26 && new Set(name).size >= 12
}
