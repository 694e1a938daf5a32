// Adds to each route of the API what follows from its kind: the errors of the guard and of the checks of parameters and
// bodies, and whether it needs the token.
import type { RouteOptions } from 'fastify'
import type {} from '@fastify/swagger'
import { definitionOf, type ErrorCode } from '../../core/errors.ts'
import type {} from '../../plugins/access-guard.ts'
import { errorSchema } from './schemas.ts'

/** Parts of the OpenAPI document that no route has. @param prefix path before all routes */
export function documentHead(version: string, prefix: string) {
  return {
    info: {
      title: 'Network Web Sockets',
      version,
      description: 'The HTTP API of one proxy, for programs and for its own pages.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' }
    },
    security: [{}, { token: [] }],
    servers: [{ url: prefix === '' ? '/' : prefix }],
    components: {
      securitySchemes: {
        token: { type: 'http' as const, scheme: 'bearer', description: 'The value of NWS_API_TOKEN, if it is set.' }
      }
    }
  }
}

interface Described {
  readonly hide?: boolean
  readonly params?: unknown
  readonly querystring?: unknown
  readonly body?: unknown
  readonly response?: Readonly<Record<string, object>>
}

/** The errors of a route by its kind. */
function errorsOf({ config }: RouteOptions, { params, querystring, body }: Described): ErrorCode[] {
  return [
    ...((params ?? querystring ?? body) ? (['NWS_ERR_REQUEST_INVALID'] as const) : []),
    ...(body === undefined ? [] : (['NWS_ERR_REQUEST_TOO_LARGE', 'NWS_ERR_REQUEST_MEDIA_TYPE'] as const)),
    ...(config?.surface === 'probe' ? [] : (['NWS_ERR_TOKEN_REQUIRED', 'NWS_ERR_TOKEN_TRIES'] as const)),
    'NWS_ERR_CROSS_SITE',
    'NWS_ERR_INTERNAL',
    'NWS_ERR_SHUTTING_DOWN'
  ]
}

/** Completes the description of a route, as a hook of `onRoute`. */
export function describe(route: RouteOptions): void {
  const schema = route.schema as Described | undefined
  if (schema === undefined || schema.hide === true) return
  const responses: Record<string, object> = {}
  for (const code of errorsOf(route, schema)) {
    const { status, message } = definitionOf(code)
    responses[status] = { ...errorSchema, description: `${code} and others: ${message}` }
  }
  for (const [status, response] of Object.entries(schema.response ?? {})) {
    const isKnown = 'description' in response
    const description = Number(status) < 300 ? 'Success.' : 'The code says what is wrong, see docs/ERRORS.md.'
    responses[status] = isKnown ? response : { ...response, description }
  }
  route.schema = {
    ...schema,
    response: responses,
    ...(route.config?.surface === 'probe' ? { security: [] } : {})
  }
}
