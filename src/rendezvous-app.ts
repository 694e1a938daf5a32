// The map of the rendezvous for other machines: an app of its own beside the main one, so that nothing of the main one
// can be reached here. No logic, no listening (plugins/rendezvous-listener.ts).
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { isIP } from 'node:net'
import { parsePeerAddress } from './core/peer-address.ts'
import accessGuard from './plugins/access-guard.ts'
import { websocketOptions } from './plugins/channel-sockets/websocket-options.ts'
import guardedScope from './plugins/guarded-scope/index.ts'
import { serverOptions } from './plugins/guarded-scope/server-options.ts'
import type { Tls } from './plugins/rendezvous-listener.ts'
import rendezvousRoutes from './routes/rendezvous/index.ts'
import webRootRoutes from './routes/rendezvous/web-root.ts'

/** Builds the app. It shares settings and rendezvous with the main one, but has a guard and Host names of its own. */
export async function buildRendezvousApp(main: FastifyInstance, tls: Tls | undefined): Promise<FastifyInstance> {
  const { host } = parsePeerAddress(main.config.bvListen, true)!
  const settings = {
    ...main.config,
    allowedHosts: [...main.config.bvHosts, ...(isIP(host) === 0 ? [host] : [])],
    apiToken: '',
    host: ''
  }
  const options = serverOptions(settings)
  const app = Fastify({
    ...options,
    loggerInstance: main.log,
    ...(tls === undefined ? {} : { https: { ...options.http, ...tls } })
  } as typeof options)

  await app.register(
    fp(
      async scope => {
        scope.decorate('config', settings)
        scope.decorate('proxyVersion', main.proxyVersion)
        scope.decorate('rendezvous', main.rendezvous)
        scope.decorate('refusals', main.refusals)
      },
      { name: 'nws-config' }
    )
  )
  await app.register(accessGuard, { ownAddress: true })
  await app.register(websocket, { options: websocketOptions(settings) })
  await app.register(guardedScope, { ownsNotFound: true, defaultSurface: 'public' })
  await app.register(rendezvousRoutes)
  await app.register(webRootRoutes)
  return app
}
