// Which pages may join channels, by the Origin that their browser sends. Not authentication: a program that is no
// browser can send any Origin, or none.

/** Longest Origin that is looked at. */
const MAX_ORIGIN = 300
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,\\]*$/

/** Whether a header has the form of one origin: `null`, or scheme and host as browsers write them. */
export function isOrigin(text: string): boolean {
  return text === 'null' || (text.length <= MAX_ORIGIN && ORIGIN.test(text) && /^[\x21-\x7e]+$/.test(text))
}

/** Whether a text is an origin exactly as a browser writes it: lower case, no path, no default port. */
export function isSerialisedOrigin(text: string): boolean {
  if (!isOrigin(text) || text.includes('*')) return false // There are no patterns.
  return /^https?:/.test(text) ? URL.canParse(text) && new URL(text).origin === text : true
}

/**
 * Makes the check of Origin headers for channels.
 *
 * @param allowedOrigins empty: pages of every origin; otherwise exactly these. `null`, which sandboxed pages and files
 *   send, stands for itself alone
 * @returns a function of the Origin (undefined: none was sent, which no page can bring about) and of the origins that
 *   this proxy itself serves pages under, which are always allowed
 */
export function createOriginPolicy(
  allowedOrigins: readonly string[]
): (origin: string | undefined, own: readonly string[]) => boolean {
  const allowed = new Set(allowedOrigins)
  return (origin, own) => {
    if (origin === undefined) return true
    if (!isOrigin(origin)) return false
    return allowed.size === 0 || allowed.has(origin) || own.includes(origin)
  }
}
