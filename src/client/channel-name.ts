// The grammar of channel names, as the client checks it: the one copy of the server's rule, compared with it by a test.
// Not concerned with where a channel is reached (endpoint.ts).

/** 1 to 255 of these characters; `.` and `..` are refused because URL parsers eat them. */
const GRAMMAR = /^(?!\.\.?$)[A-Za-z0-9+=*._-]{1,255}$/

/** True where `text` can name a channel. Case-sensitive. */
export function isChannelName(text: string): boolean {
  return GRAMMAR.test(text)
}
