// The listener for guests: an app of its own beside the main one, so that other machines cannot reach anything of the main
// app. plugins/guests makes it listen while an invitation is open.
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import accessGuard from './plugins/access-guard.ts'
import { websocketOptions } from './plugins/channel-sockets/websocket-options.ts'
import connectionLimit from './plugins/guarded-scope/connection-limit.ts'
import guardedScope from './plugins/guarded-scope/index.ts'
import { serverOptions } from './plugins/guarded-scope/server-options.ts'
import type { Tls } from './plugins/guests/index.ts'
import guestRoutes from './routes/guests/index.ts'

/** Longest message of a guest's socket: a Noise message. */
const MAX_RECORD_BYTES = 65_535

/** Builds the app. It shares the invitations of the main app, but has its own guard. */
export async function buildGuestApp(main: FastifyInstance, tls: Tls | undefined): Promise<FastifyInstance> {
  const config = { ...main.config, allowedHosts: [], apiToken: '', host: '' }
  const options = serverOptions(config)
  const app = Fastify({
    ...options,
    loggerInstance: main.log,
    // A phone that has its page keeps no connection that others need.
    keepAliveTimeout: 2000,
    ...(tls === undefined ? {} : { https: { ...options.http, ...tls } })
  } as typeof options)

  app.decorate('config', config)
  app.decorate('refusals', main.refusals)
  app.decorate('guests', main.guests)
  await app.register(connectionLimit, { share: 0.1 })
  await app.register(accessGuard, { ownAddress: true })
  await app.register(websocket, { options: websocketOptions({ maxMessageBytes: MAX_RECORD_BYTES }) })
  await app.register(guardedScope, { ownsNotFound: true, defaultSurface: 'public' })
  await app.register(guestRoutes)
  return app
}
