// Finds routes of extensions that would hide a channel.

/**
 * Whether a route takes requests for `/<channel>`: GET and HEAD with one path segment.
 *
 * @param method as in Fastify's route options
 * @param path in the syntax of the router, without prefix. A bare `*` hides nothing, because the router prefers the parameter
 *   of the channel. An optional last parameter makes two routes of one
 */
export function shadowsChannel(method: string | readonly string[], path: string): boolean {
  const methods = typeof method === 'string' ? [method] : method
  if (!methods.some(name => name.toUpperCase() === 'GET' || name.toUpperCase() === 'HEAD')) return false
  const segments = path.split('/').filter(segment => segment !== '')
  const optional = /^:[^/]*\?$/.test(segments.at(-1) ?? '')
  return (segments.length === 1 && segments[0] !== '*') || (segments.length === 2 && optional)
}
