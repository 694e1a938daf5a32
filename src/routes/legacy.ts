// The addresses of older clients: raw frames, and the two sockets of the second generation, with an id at the end of the
// path. plugins/legacy has their rules.
import type { FastifyInstance } from 'fastify'
import type { Scope } from '../core/channel-name.ts'
import type {} from '../plugins/legacy/index.ts'
import { socketRoute } from './socket-route.ts'

/** The first segment of an address with an id, and its scope. `local` and `broadcast` had ids for a few months. */
const REACHES: readonly (readonly [segment: string, scope: Scope])[] = [
  ['local', 'local'],
  ['broadcast', 'network'],
  ['network', 'network']
]

export default async function legacyRoutes(app: FastifyInstance): Promise<void> {
  const { legacy } = app
  socketRoute(app, '/local/:channel', ({ channel: name }) => ({ name, scope: 'local', dialect: legacy.raw }))
  socketRoute(app, '/broadcast/:channel', ({ channel: name }) => ({ name, scope: 'network', dialect: legacy.raw }))
  for (const [segment, scope] of REACHES) {
    socketRoute(app, `/${segment}/:channel/:id`, ({ channel: name, id }) => ({
      name,
      scope,
      dialect: legacy.numbered('data', { name, scope }, id)
    }))
    socketRoute(app, `/control/${segment}/:channel/:id`, ({ channel: name, id }) => ({
      name,
      scope,
      dialect: legacy.numbered('control', { name, scope }, id)
    }))
  }
}
