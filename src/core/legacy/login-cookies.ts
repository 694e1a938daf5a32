// Reads the login of clients of 2012: two cookies, written by their `escape()`.

/** Cookies of name and password. */
const NAME = 'uun'
const PASSWORD = 'ppz'
const MAX_CHARACTERS = 4096

/** The reverse of `escape()`: %XX and %uXXXX are code units; other text stays. */
function unescapeText(text: string): string {
  return text.replace(/%u([0-9a-f]{4})|%([0-9a-f]{2})/gi, (_, long: string | undefined, short: string | undefined) =>
    String.fromCharCode(parseInt(long ?? short!, 16))
  )
}

/** Finds name and password among other cookies; undefined: one of them is missing. */
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
