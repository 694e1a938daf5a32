// The grammar of channel names: the client's copy of the proxy's rule. A test compares them.

/** 1 to 255 of these characters; `.` and `..` are refused because URL parsers eat them. */
const GRAMMAR = /^(?!\.\.?$)[A-Za-z0-9+=*._-]{1,255}$/

export function isChannelName(text: string): boolean {
  return GRAMMAR.test(text)
}
