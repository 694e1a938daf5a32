// `/<channel>`: sockets that speak the envelope. Older clients have addresses of their own (legacy.ts).
import type { FastifyInstance } from 'fastify'
import { socketRoute } from './socket-route.ts'

export default async function channelRoutes(app: FastifyInstance): Promise<void> {
  socketRoute(app, '/:channel', ({ channel: name }) => ({ name, scope: 'network' }))
}
