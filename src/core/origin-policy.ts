// The pages that may join channels, by the Origin that their browser sends. This is no authentication: a program can send
// any Origin, or none.

/** Longest Origin. */
const MAX_ORIGIN = 300
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,\\]*$/

/** Whether a header has the form of one origin: `null`, or a scheme and a host as browsers write them. */
export function isOrigin(text: string): boolean {
  return text === 'null' || (text.length <= MAX_ORIGIN && ORIGIN.test(text) && /^[\x21-\x7e]+$/.test(text))
}

/** Whether a text is an origin exactly as browsers write it: in lower case, without path and default port. */
export function isSerialisedOrigin(text: string): boolean {
  if (!isOrigin(text) || text.includes('*')) return false // Patterns do not exist.
  return /^https?:/.test(text) ? URL.canParse(text) && new URL(text).origin === text : true
}

/**
 * Makes the check of Origin headers for channels.
 *
 * @param allowedOrigins exactly these, or all if it is empty. `null`, which sandboxed pages and files send, is an origin of
 *   its own
 * @returns a function of the Origin (undefined: the client sent none, so it is no page) and of the origins of pages of this
 *   proxy, which are always allowed
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
