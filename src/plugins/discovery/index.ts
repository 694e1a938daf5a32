// Discovery as a Fastify plugin: mDNS, or nothing with NWS_DISCOVERY=off. The mesh starts it when its listener has a
// port. Until then an extension may bring another discovery.
import fp from 'fastify-plugin'
import { ExchangeableDiscovery, NoDiscovery } from '../../core/discovery.ts'
import { base32 } from '../../core/bytes.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import { MdnsDiscovery } from './mdns-discovery.ts'

declare module 'fastify' {
  interface FastifyInstance {
    discovery: ExchangeableDiscovery
  }
}

/** Random bytes in the advertised host name, so that it says nothing about the host. */
const HOST_LABEL_BYTES = 10

/** Decorates the app with `discovery`, which stops when the app closes. */
export default fp(
  async app => {
    const hostLabel = () => base32(app.crypto.randomBytes(HOST_LABEL_BYTES))
    const discovery = new ExchangeableDiscovery(
      app.config.discovery ? new MdnsDiscovery({ log: app.log, hostLabel }) : new NoDiscovery()
    )
    app.decorate('discovery', discovery)
    app.addHook('onClose', async () => {
      await discovery.stop()
    })
  },
  { name: 'nws-discovery', fastify: '5.x', dependencies: ['nws-config', 'nws-crypto'] }
)
