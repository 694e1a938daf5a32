// The map of the program: the plugins in their order, and the scope of the routes.
import swagger from '@fastify/swagger'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, type FastifyPluginCallback, type FastifyServerOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { RendezvousSeams } from './core/bonevalue/seams.ts'
import type { SettingsOptions } from './core/settings.ts'
import accessGuard from './plugins/access-guard.ts'
import accounts from './plugins/bonevalue/accounts/index.ts'
import activityLog from './plugins/activity-log.ts'
import channelRegistry from './plugins/channel-registry/index.ts'
import channelSockets from './plugins/channel-sockets/index.ts'
import { websocketOptions } from './plugins/channel-sockets/websocket-options.ts'
import clusterPlugin, { type ClusterOptions } from './plugins/cluster/index.ts'
import computerName from './plugins/computer-name.ts'
import config from './plugins/config.ts'
import crypto from './plugins/crypto/index.ts'
import delivery from './plugins/delivery.ts'
import discovery from './plugins/discovery/index.ts'
import eventLoop from './plugins/event-loop.ts'
import extensions from './plugins/extensions.ts'
import connectionLimit from './plugins/guarded-scope/connection-limit.ts'
import guardedScope from './plugins/guarded-scope/index.ts'
import { logSerializers, serverOptions } from './plugins/guarded-scope/server-options.ts'
import guests from './plugins/guests/index.ts'
import httpPeers from './plugins/http-peers/index.ts'
import legacy from './plugins/legacy/index.ts'
import listener from './plugins/listener.ts'
import metrics from './plugins/metrics/index.ts'
import peerMesh, { type PeerMeshOptions } from './plugins/peer-mesh/index.ts'
import readiness from './plugins/readiness.ts'
import refusals from './plugins/refusals.ts'
import rendezvous from './plugins/bonevalue/rendezvous/index.ts'
import rendezvousListener from './plugins/bonevalue/rendezvous-listener.ts'
import shutdown from './plugins/shutdown.ts'
import { buildBonevalueApp } from './bonevalue-app.ts'
import { buildGuestApp } from './guest-app.ts'
import { documentHead } from './routes/api/describe.ts'
import apiRoutes from './routes/api/index.ts'
import channelRoutes from './routes/channel.ts'
import consoleRoutes from './routes/console.ts'
import docsRoutes from './routes/docs.ts'
import exampleRoutes from './routes/examples.ts'
import legacyRoutes from './routes/legacy.ts'
import libRoutes from './routes/lib.ts'
import bonevalueRoutes from './routes/bonevalue/index.ts'
import wellKnownRoutes from './routes/well-known.ts'

/** Settings by their names in code, and options of an embedding app. */
export interface NetworkWebSocketsOptions extends SettingsOptions {
  /** Path before all routes, such as `/nws`. */
  readonly prefix?: string
  /** Times of the link protocol, for tests. */
  readonly mesh?: PeerMeshOptions
  /** Your own parts of the rendezvous, in place of the built-in ones. */
  readonly rendezvous?: RendezvousSeams
  /** Times of the cluster, for tests. */
  readonly cluster?: ClusterOptions
}

/** Registers everything. @param ownsServer whether the proxy answers for unknown addresses even without a prefix */
async function assemble(
  app: FastifyInstance,
  { prefix = '', mesh = {}, cluster = {}, rendezvous: seams = {}, ...settings }: NetworkWebSocketsOptions,
  ownsServer: boolean
): Promise<void> {
  await app.register(config, settings)
  await app.register(shutdown)
  await app.register(refusals)
  await app.register(accessGuard)
  await app.register(crypto)
  await app.register(channelRegistry)
  await app.register(activityLog)
  await app.register(accounts)
  await app.register(rendezvous, seams)
  await app.register(legacy)
  await app.register(channelSockets) // Its goodbye comes before that of @fastify/websocket.
  await app.register(guests, { build: buildGuestApp })
  await app.register(httpPeers)
  await app.register(discovery)
  await app.register(computerName)
  await app.register(peerMesh, mesh) // Starts discovery once its own port is bound.
  await app.register(clusterPlugin, cluster) // Loads its client only if it is configured.
  await app.register(delivery)
  await app.register(eventLoop)
  await app.register(readiness)
  await app.register(metrics)
  await app.register(rendezvousListener, { build: buildBonevalueApp })
  if (!app.hasDecorator('websocketServer')) await app.register(websocket, { options: websocketOptions(app.config) })
  if (!app.hasDecorator('swagger')) await app.register(swagger, { openapi: documentHead(app.proxyVersion, prefix) })

  await app.register(
    async scope => {
      await scope.register(guardedScope, {
        ownsNotFound: ownsServer || prefix !== '',
        errorPage: '/docs/ERRORS.md'
      })
      await scope.register(wellKnownRoutes)
      await scope.register(consoleRoutes)
      await scope.register(exampleRoutes)
      await scope.register(docsRoutes)
      await scope.register(libRoutes)
      await scope.register(bonevalueRoutes)
      await scope.register(apiRoutes)
      await scope.register(channelRoutes)
      await scope.register(legacyRoutes)
      await scope.register(extensions)
    },
    { prefix, logSerializers }
  )
}

/** The proxy as a plugin for any Fastify app created with `serverOptions`. */
export const networkWebSockets: FastifyPluginCallback<NetworkWebSocketsOptions> = fp<NetworkWebSocketsOptions>(
  async (app, options) => assemble(app, options, false),
  { name: 'networkwebsockets', fastify: '5.x' }
)

/** The stand-alone proxy; `app.listener.listen()` starts it. @param logger Fastify's option of that name */
export async function buildApp(
  { mesh = {}, cluster = {}, rendezvous: seams = {}, ...settings }: Omit<NetworkWebSocketsOptions, 'prefix'> = {},
  logger: FastifyServerOptions['logger'] = false
): Promise<FastifyInstance> {
  const options = serverOptions(settings)
  const app = Fastify({ ...options, ...(logger === false ? {} : { logger }) })
  await assemble(app, { ...settings, mesh, cluster, rendezvous: seams }, true)
  await app.register(connectionLimit, { share: 0.6 })
  await app.register(listener, { http: options.http })
  return app
}
