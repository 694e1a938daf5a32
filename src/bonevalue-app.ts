// The rendezvous for other machines: an app of its own beside the main one, so that other machines cannot reach
// anything of the main app. plugins/bonevalue/rendezvous-listener.ts makes it listen.
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import { isIP } from 'node:net'
import { parsePeerAddress } from './core/peer-address.ts'
import accessGuard from './plugins/access-guard.ts'
import type { Tls } from './plugins/bonevalue/rendezvous-listener.ts'
import { websocketOptions } from './plugins/channel-sockets/websocket-options.ts'
import connectionLimit from './plugins/guarded-scope/connection-limit.ts'
import guardedScope from './plugins/guarded-scope/index.ts'
import { serverOptions } from './plugins/guarded-scope/server-options.ts'
import bonevalueRoutes from './routes/bonevalue/index.ts'
import webRootRoutes from './routes/bonevalue/web-root.ts'

/** Builds the app. It shares the rendezvous of the main app, but has its own guard and its own Host names. */
export async function buildBonevalueApp(main: FastifyInstance, tls: Tls | undefined): Promise<FastifyInstance> {
  const { host } = parsePeerAddress(main.config.bvListen, true)!
  const config = {
    ...main.config,
    allowedHosts: [...main.config.bvHosts, ...(isIP(host) === 0 ? [host] : [])],
    apiToken: '',
    host: ''
  }
  const options = serverOptions(config)
  const app = Fastify({
    ...options,
    loggerInstance: main.log,
    ...(tls === undefined ? {} : { https: { ...options.http, ...tls } })
  } as typeof options)

  app.decorate('config', config)
  app.decorate('refusals', main.refusals)
  app.decorate('rendezvous', main.rendezvous)
  await app.register(connectionLimit, { share: 0.2 })
  await app.register(accessGuard, { ownAddress: true })
  await app.register(websocket, { options: websocketOptions(config) })
  await app.register(guardedScope, { ownsNotFound: true, defaultSurface: 'public' })
  await app.register(bonevalueRoutes)
  await app.register(webRootRoutes)
  return app
}
