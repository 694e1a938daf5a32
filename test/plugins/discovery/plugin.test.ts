// Discovery as a Fastify plugin: switched on and off, exchanged by an extension, ended with the app. Its findings are elsewhere.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import config from '../../../src/plugins/config.ts'
import crypto from '../../../src/plugins/crypto/index.ts'
import discovery from '../../../src/plugins/discovery/index.ts'
import { createMemoryNetwork } from '../../support/memory-discovery.ts'

/** An app with discovery and its dependencies, and the number of UDP sockets opened since. */
async function buildDiscovery(
  t: Test,
  settings: { discovery?: 'on' | 'off' } = {}
): Promise<{ app: FastifyInstance; sockets: () => number }> {
  let opened = 0
  const count = () => {
    opened += 1
  }
  subscribe('udp.socket', count)
  const app = Fastify()
  await app.register(config, settings)
  await app.register(crypto)
  await app.register(discovery)
  t.teardown(async () => {
    unsubscribe('udp.socket', count)
    await app.close()
  })
  return { app, sockets: () => opened }
}

t.test('on by default, it opens nothing before the mesh starts it', async t => {
  const { app, sockets } = await buildDiscovery(t)
  await app.ready()
  t.strictSame(app.discovery.status, { state: 'off', interfaces: [] })
  t.equal(sockets(), 0)
})

t.test('off, it opens nothing at all', async t => {
  const { app, sockets } = await buildDiscovery(t, { discovery: 'off' })
  await app.ready()
  await app.discovery.start({ id: app.crypto.proxyId.text, port: 4000 })
  t.strictSame(app.discovery.status, { state: 'off', interfaces: [] })
  t.equal(sockets(), 0)
})

t.test('an id or port that must not be advertised is refused', async t => {
  const { app } = await buildDiscovery(t)
  await t.rejects(app.discovery.start({ id: 'my-computer', port: 4000 }), { code: 'NWS_ERR_DISCOVERY_ADVERTISEMENT' })
  await t.rejects(app.discovery.start({ id: app.crypto.proxyId.text, port: 80 }), {
    code: 'NWS_ERR_DISCOVERY_ADVERTISEMENT'
  })
})

t.test('an extension brings another discovery, which ends with the app', async t => {
  const { app, sockets } = await buildDiscovery(t)
  const network = createMemoryNetwork()
  const other = network.discovery()
  await app.register(async scope => {
    scope.discovery.use(other)
  })
  await app.ready()
  await app.discovery.start({ id: app.crypto.proxyId.text, port: 4000 })
  t.equal(app.discovery.status.state, 'ok')
  t.throws(
    () => {
      app.discovery.use(network.discovery())
    },
    { code: 'NWS_ERR_DISCOVERY_STARTED' }
  )
  t.equal(sockets(), 0)
  await app.close()
  t.equal(other.status.state, 'off')
})
