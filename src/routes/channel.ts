// `/<channel>`: the envelope. Not the API, and not the addresses of older clients (legacy.ts).
import type { FastifyInstance } from 'fastify'
import { socketRoute } from './socket-route.ts'

export default async function channelRoutes(app: FastifyInstance): Promise<void> {
  socketRoute(app, '/:channel', ({ channel: name }) => ({ name, scope: 'network' }))
}
