// Discovery as a Fastify plugin: mDNS, or nothing with NWS_DISCOVERY=off. Not what starts it: the mesh does, once its
// listener has a port, and an extension may bring another discovery before.
import fp from 'fastify-plugin'
import { createExchangeableDiscovery, createNoDiscovery, type ExchangeableDiscovery } from '../../core/discovery.ts'
import { base32 } from '../../core/bytes.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import { createMdnsDiscovery } from './mdns-discovery.ts'

declare module 'fastify' {
  interface FastifyInstance {
    discovery: ExchangeableDiscovery
  }
}

/** Random bytes in the host name of the advertisement, which says nothing of the host. */
const HOST_LABEL_BYTES = 10

/** Decorates the app with `discovery`; needs the settings and the random source; takes no options. Stopped when the app closes. */
export default fp(
  async app => {
    const hostLabel = () => base32(app.crypto.randomBytes(HOST_LABEL_BYTES))
    const discovery = createExchangeableDiscovery(
      app.config.discovery ? createMdnsDiscovery({ log: app.log, hostLabel }) : createNoDiscovery()
    )
    app.decorate('discovery', discovery)
    app.addHook('onClose', async () => {
      await discovery.stop()
    })
  },
  { name: 'nws-discovery', fastify: '5.x', dependencies: ['nws-config', 'nws-crypto'] }
)
