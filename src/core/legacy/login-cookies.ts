// The login of clients of 2012: two cookies, written by their `escape()`. Reads them; whether they may count at all is
// not decided here.

/** Cookies of name and password. */
const NAME = 'uun'
const PASSWORD = 'ppz'
const MAX_CHARACTERS = 4096

/** The reverse of `escape()`: %XX is a code unit, %uXXXX too; anything else stands for itself. */
function unescapeText(text: string): string {
  return text.replace(/%u([0-9a-f]{4})|%([0-9a-f]{2})/gi, (_, long: string | undefined, short: string | undefined) =>
    String.fromCharCode(parseInt(long ?? short!, 16))
  )
}

/** Name and password, wherever they stand among other cookies; undefined unless both are there. */
export function readLoginCookies(header: string): { readonly name: string; readonly password: string } | undefined {
  if (header.length > MAX_CHARACTERS) return undefined
  const cookies = new Map(
    header.split(';').map(part => {
      const at = part.indexOf('=')
      return [part.slice(0, Math.max(at, 0)).trim(), part.slice(at + 1).trim()] as const
    })
  )
  const name = cookies.get(NAME)
  const password = cookies.get(PASSWORD)
  return name === undefined || password === undefined
    ? undefined
    : { name: unescapeText(name), password: unescapeText(password) }
}
