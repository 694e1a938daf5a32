// A proxy whose DNS server never answers, with host names in its settings: it starts, serves and ends all the same.
import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { joinChannel } from '../support/channel.ts'
import { statusOf } from '../support/http.ts'
import { needs } from '../support/needs.ts'
import { startServer } from '../support/process.ts'

/** Names to look up, more than Node.js has threads for it. */
const NAMES = 8
/** A look-up that nothing shortens takes 10 s. */
const MOST_MS = 8000

t.test(
  'host names that cannot be looked up keep nothing waiting',
  { ...needs('unshare'), timeout: 110_000 },
  async t => {
    // An address of this test alone, on the port that resolvers ask.
    const dns = createSocket('udp4')
    const address = `127.${(process.pid >> 14) & 127}.${(process.pid >> 7) & 127}.${(process.pid & 127) + 1}`
    const asked = once(dns, 'message')
    dns.bind(53, address)
    await once(dns, 'listening')
    t.teardown(() => dns.close())
    const folder = mkdtempSync(join(tmpdir(), 'nws-dns-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const resolver = join(folder, 'resolv.conf')
    writeFileSync(resolver, `nameserver ${address}\n`)
    const server = startServer(
      t,
      {
        NWS_DISCOVERY: 'on',
        NWS_PEERS: Array.from({ length: NAMES }, (_, i) => `proxy-${i}.example.test:9010`).join(),
        NWS_CLUSTER_URL: 'nats://nats-1.example.test:4222,nats://nats-2.example.test:4222',
        NWS_CLUSTER_SECRET: Buffer.alloc(32, 1).toString('base64')
      },
      { wrapper: ['unshare', '-m', 'sh', '-c', `mount --bind ${resolver} /etc/resolv.conf && exec "$@"`, 'sh'] }
    )
    const url = `http://127.0.0.1:${await server.port()}`
    await asked
    const a = await joinChannel(t, url, 'room')
    const b = await joinChannel(t, url, 'room')
    a.send({ action: 'broadcast', data: 1 })
    t.match(await b.nextOf('broadcast'), { data: 1 })
    t.equal(await statusOf(`${url}/console`), 200, 'files are read by the same threads')
    const { cluster } = (await (await fetch(`${url}/api/health`)).json()) as { cluster: { state: string } }
    t.equal(cluster.state, 'connecting')
    const begun = performance.now()
    server.child.kill('SIGTERM')
    t.match(await server.ended, { code: 0 })
    const ms = performance.now() - begun
    t.ok(ms < MOST_MS, `it ends, although look-ups are under way (${ms.toFixed(0)} ms)`)
  }
)
