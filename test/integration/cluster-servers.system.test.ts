// A cluster of three real nats-servers, one proxy on each: one is killed, one is paused, all are restarted. (Parted ones:
// cluster-hosts.test.ts.) And a proxy that does not read.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { startNws } from '../support/cli.ts'
import { joinChannel, type ChannelClient } from '../support/channel.ts'
import { buildClusterApp, clusterOptions, startClusterApps, type ClusterApp } from '../support/cluster-apps.ts'
import { newSecret, startNats, type NatsServer } from '../support/nats.ts'
import { leashed } from '../support/leash.ts'
import { freePorts } from '../support/ports.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('nats-server')

async function startServers(t: Test): Promise<NatsServer[]> {
  const routes = await freePorts(3)
  return await Promise.all(
    routes.map(
      async own => await startNats(t, { routes: { own, all: routes }, config: 'ping_interval: "1s"\nping_max: 2' })
    )
  )
}

/** Each proxy has its server first and the others after it. */
async function startStory(t: Test) {
  const servers = await startServers(t)
  const urlOf = (place: number) => [0, 1, 2].map(i => servers[(place + i) % 3]!.url)
  const proxies = (await startClusterApps(t, 3, urlOf)) as [ClusterApp, ClusterApp, ClusterApp]
  const clients = (await Promise.all(proxies.map(async ({ ws }) => await joinChannel(t, ws, 'story')))) as [
    ChannelClient,
    ChannelClient,
    ChannelClient
  ]
  await talk(t, clients, 'at first')
  return { servers, proxies, clients }
}

/** Each peer repeats its word until each other one has heard it: a message during a lost connection may be lost. */
async function talk(t: Test, clients: readonly ChannelClient[], what: string): Promise<void> {
  const heard = clients.map(() => new Set<string>())
  const done = clients.map((_, place) => clients.filter((__, other) => other !== place).map(({ id }) => id))
  const state = { over: false }
  const speak = async () => {
    while (!state.over) {
      for (const client of clients) client.send({ action: 'broadcast', data: what })
      await new Promise(resolve => {
        setTimeout(resolve, 50)
      })
    }
  }
  const speaking = speak()
  await Promise.all(
    clients.map(async (client, place) => {
      while (!done[place]!.every(id => heard[place]!.has(id))) {
        const { source, data } = await client.nextOf('broadcast')
        if (data === what) heard[place]!.add(source!)
      }
    })
  )
  state.over = true
  await speaking
  t.pass(`everybody is heard ${what}`)
}

/** The server that a proxy is connected to. */
function serverOf(servers: readonly NatsServer[], { app }: ClusterApp): NatsServer {
  return servers.find(({ port }) => app.cluster!.status.server?.endsWith(`:${port}`) === true)!
}

for (const [what, hurt, heal] of [
  [
    'killed',
    async (server: NatsServer) => await server.kill('SIGKILL'),
    async (server: NatsServer) => await server.restart()
  ],
  [
    'paused',
    async (server: NatsServer) => {
      server.process.kill('SIGSTOP')
    },
    async (server: NatsServer) => {
      server.process.kill('SIGCONT')
    }
  ]
] as const) {
  t.test(`one of three servers is ${what}`, { skip, timeout: 110_000 }, async t => {
    const { servers, proxies, clients } = await startStory(t)
    const victim = serverOf(servers, proxies[0])
    await hurt(victim)
    await proxies[0].until(
      ({ state, server }) => state === 'connected' && server?.endsWith(`:${victim.port}`) === false
    )
    await talk(t, clients, `without the one that is ${what}`)
    await heal(victim)
    await talk(t, clients, 'when it is back')
  })
}

t.test(
  'a wrong token at a cluster of servers is told, and each server is asked once in a while',
  { skip, timeout: 110_000 },
  async t => {
    const routes = await freePorts(3)
    const servers = await Promise.all(
      routes.map(
        async own =>
          await startNats(t, { routes: { own, all: routes }, config: 'authorization { token: "let-me-in" }' })
      )
    )
    const dials = async (): Promise<number> => {
      const all = await Promise.all(
        servers.map(async server => await server.monitor<{ total_connections: number; routes: number }>('/varz'))
      )
      return all.reduce((sum, { total_connections: count }) => sum + count, 0)
    }
    for (const server of servers)
      while ((await server.monitor<{ routes: number }>('/varz')).routes < 2)
        await new Promise(resolve => {
          setTimeout(resolve, 20)
        })
    const before = await dials()
    const began = performance.now()
    const retryMs = 300
    for (const count of [1, 3]) {
      const app = await buildClusterApp(t, {
        clusterUrl: servers.slice(0, count).map(({ url }) => url),
        clusterSecret: [newSecret()],
        clusterToken: 'guess',
        cluster: { ...clusterOptions, connection: { ...clusterOptions.connection, retryMs } }
      })
      await app.until(({ state, error }) => state === 'connecting' && error === 'NWS_ERR_CLUSTER_REFUSED')
      t.match(app.log(), /NWS_ERR_CLUSTER_REFUSED/)
    }
    for (let made = 0; made < 12; made = (await dials()) - before) {
      const rounds = (performance.now() - began) / retryMs + 1
      t.ok(made <= 4 * rounds, `${made} dials in ${rounds} rounds`)
    }
  }
)

t.test('a pipe over servers of which one dies says if something is missing', { skip, timeout: 110_000 }, async t => {
  for (const [whose, signal] of [
    ['sender', 'SIGKILL'],
    ['sender', 'SIGSTOP'],
    ['receiver', 'SIGKILL']
  ] as const) {
    const { servers, proxies } = await startStory(t)
    const receiver = await joinChannel(t, proxies[1].ws, 'pipe?binary=1')
    const parts: Buffer[] = []
    const wants = 20_000_000
    let isHalf = () => {}
    const half = new Promise<void>(resolve => {
      isHalf = resolve
    })
    const length = () => parts.reduce((sum, part) => sum + part.length, 0)
    receiver.socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) return
      parts.push(data.subarray(2 + data[1]!))
      if (length() > wants / 4) isHalf()
    })
    const input = randomBytes(wants)
    const pipe = startNws(t, ['pipe', 'pipe', '--url', proxies[0].url], { input })
    await half
    serverOf(servers, proxies[whose === 'sender' ? 0 : 1]).process.kill(signal)
    const { code, stderr } = await pipe.ended
    const arrived = async () => {
      while (length() < wants) await once(receiver.socket, 'message')
      return Buffer.concat(parts).equals(input)
    }
    t.ok(code === 0 ? await arrived() : code === 6, `the server of the ${whose}, ${signal}: code ${code}, ${stderr}`)
  }
})

t.test('all servers are restarted', { skip, timeout: 110_000 }, async t => {
  const { servers, proxies, clients } = await startStory(t)
  await Promise.all(servers.map(async server => await server.kill()))
  await Promise.all(proxies.map(async proxy => await proxy.until(({ state }) => state === 'disconnected')))
  for (const client of clients) client.send({ action: 'broadcast', data: 'to nobody, or late' })
  await Promise.all(servers.map(async server => await server.restart()))
  await Promise.all(
    proxies.map(async proxy => await proxy.until(({ state, proxies }) => state === 'connected' && proxies === 2))
  )
  await talk(t, clients, 'after the restart')
})

t.test('a proxy that does not read is cut off by the server, and heals', { skip, timeout: 110_000 }, async t => {
  const nats = await startNats(t, { config: 'max_pending: 1000000\nmax_payload: 500000\nwrite_deadline: "1s"' })
  const secret = newSecret()
  const fast = await buildClusterApp(t, {
    clusterUrl: [nats.url],
    clusterSecret: [secret],
    maxQueuedBytes: 64 * 1024 * 1024
  })
  const slow = spawn(...leashed(process.execPath, ['dist/server.js']), {
    env: {
      ...process.env,
      NWS_PORT: '0',
      NWS_DISCOVERY: 'off',
      NWS_MESH_HOST: '127.0.0.1',
      NWS_CLUSTER_URL: nats.url,
      NWS_CLUSTER_SECRET: secret
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => {
    slow.kill('SIGKILL')
  })
  const port = await new Promise<number>(resolve => {
    createInterface({ input: slow.stdout }).on('line', line => {
      const match = /running: http:\/\/localhost:(\d+)/.exec(line)
      if (match !== null) resolve(Number(match[1]))
    })
  })
  const alice = await joinChannel(t, fast.ws, 'x')
  const bob = await joinChannel(t, `ws://localhost:${port}`, 'x')
  t.match(await alice.nextOf('connect'), { target: bob.id })
  slow.kill('SIGSTOP')
  const text = 'x'.repeat(200_000)
  for (;;) {
    for (let i = 0; i < 20; i++) alice.send({ action: 'broadcast', data: text })
    await alice.arrived()
    const { slow_consumers: count } = await nats.monitor<{ slow_consumers: number }>('/varz')
    if (count > 0) break
  }
  t.ok(fast.app.cluster!.counts.queuedBytes <= 16 * 1024 * 1024)
  slow.kill('SIGCONT')
  await talk(t, [alice, bob], 'after it reads again')
  slow.kill('SIGTERM')
  await once(slow, 'exit')
})
