// The addresses of older clients, as adapters to the same channels: raw frames, and the two sockets of the second
// generation with the id at the end of the path. No rule of theirs is here (plugins/channel-sockets).
import type { FastifyInstance } from 'fastify'
import type { Scope } from '../core/channel-name.ts'
import { socketRoute } from './socket-route.ts'

/** The first segment of such an address, and how far it reaches. `local` and `broadcast` had ids for a few months, too. */
const REACHES: readonly (readonly [segment: string, scope: Scope])[] = [
  ['local', 'local'],
  ['broadcast', 'network'],
  ['network', 'network']
]

export default async function legacyRoutes(app: FastifyInstance): Promise<void> {
  socketRoute(app, '/local/:channel', ({ channel: name }) => ({ name, scope: 'local', speaks: 'raw' }))
  socketRoute(app, '/broadcast/:channel', ({ channel: name }) => ({ name, scope: 'network', speaks: 'raw' }))
  // For 95 minutes of its history, the envelope was here.
  socketRoute(app, '/network/:channel', ({ channel: name }) => ({ name, scope: 'network', speaks: 'envelope' }))
  for (const [segment, scope] of REACHES) {
    socketRoute(app, `/${segment}/:channel/:id`, ({ channel: name, id: number }) => ({
      name,
      scope,
      speaks: 'data',
      number
    }))
    socketRoute(app, `/control/${segment}/:channel/:id`, ({ channel: name, id: number }) => ({
      name,
      scope,
      speaks: 'control',
      number
    }))
  }
}
