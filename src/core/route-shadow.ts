// Whether a route of somebody else would hide a channel. Not the router: it only counts segments.

/**
 * Whether a route takes requests that belong to `/<channel>`: those of GET and HEAD with one path segment.
 *
 * @param method as Fastify's route options have it
 * @param path the route's path in the router's syntax, without prefix. A bare `*` hides nothing, since the router
 *   prefers the channel's parameter to it; an optional last parameter makes two routes of one
 */
export function shadowsChannel(method: string | readonly string[], path: string): boolean {
  const methods = typeof method === 'string' ? [method] : method
  if (!methods.some(name => name.toUpperCase() === 'GET' || name.toUpperCase() === 'HEAD')) return false
  const segments = path.split('/').filter(segment => segment !== '')
  const optional = /^:[^/]*\?$/.test(segments.at(-1) ?? '')
  return (segments.length === 1 && segments[0] !== '*') || (segments.length === 2 && optional)
}
