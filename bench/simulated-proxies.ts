// Many proxies of a cluster in one process: real clusters over real connections to NATS, without sockets of clients. A
// child of cluster.ts, told over IPC what to do. Not a proxy.
import sodium, { ready } from 'libsodium-wrappers-sumo'
import { Cluster } from '../src/core/cluster/cluster.ts'
import { clusterTimings } from '../src/core/cluster/constants.ts'
import { decodeSecret } from '../src/core/cluster/secret.ts'
import { NatsPort } from '../src/plugins/cluster/nats-port.ts'
import { loadNatsClient } from '../src/plugins/cluster/nats-client.ts'
import { connectionOptions, connectionTimings } from '../src/plugins/cluster/options.ts'
import { createClusterPrimitives } from '../src/plugins/cluster/primitives.ts'
import { createLinkPrimitives } from '../src/plugins/crypto/primitives.ts'
import { completeSettings } from '../src/core/settings-check.ts'

interface Task {
  readonly url: string
  readonly secret: string
  /** Number of the first proxy of this process. */
  readonly first: number
  readonly count: number
  readonly channels: number
  /** Proxies in each channel. */
  readonly shared: number
}

const task = JSON.parse(process.argv[3]!) as Task
await ready
const primitives = createLinkPrimitives(sodium)
const client = await loadNatsClient()
const settings = completeSettings({ clusterUrl: [task.url], clusterSecret: [task.secret] })
const traffic = { in: 0, bytesIn: 0 }
let peers = 0
let wake = () => {}

const clusters = await Promise.all(
  Array.from({ length: task.count }, async () => {
    let open = () => {}
    const opened = new Promise<void>(resolve => {
      open = resolve
    })
    const connection = new NatsPort(
      client,
      await connectionOptions(client, settings, connectionTimings),
      connectionTimings,
      {
        message: (subject, bytes) => {
          traffic.in += 1
          traffic.bytesIn += bytes.length
          cluster.received(subject, bytes)
        },
        connected: () => {
          cluster.connected()
          open()
        },
        disconnected: () => {},
        confirmed: count => cluster.confirmed(count),
        failed: () => {}
      }
    )
    const cluster: Cluster = new Cluster(
      {
        proxyId: primitives.randomBytes(16),
        secrets: [decodeSecret(task.secret)!],
        primitives: createClusterPrimitives(primitives),
        clock: {
          now: () => performance.now(),
          after: (ms, run) => {
            const timer = setTimeout(run, ms)
            return () => clearTimeout(timer)
          }
        },
        time: Date.now,
        endOfTurn: run => {
          setImmediate(run)
        },
        random: Math.random,
        port: connection,
        timings: clusterTimings
      },
      {
        joined: () => {
          peers += 1
          wake()
        },
        parted: () => {
          peers -= 1
        },
        message: () => {},
        met: () => {},
        lost: () => {}
      }
    )
    cluster.start()
    connection.start()
    await opened
    return cluster
  })
)

interface Command {
  readonly do: 'join' | 'measure'
  readonly peers: number
  readonly ms: number
}

async function obey(command: Command): Promise<void> {
  if (command.do === 'join') {
    clusters.forEach((cluster, place) => {
      // Proxies 0 … shared − 1 have their channels in common, and so on.
      const group = Math.floor((task.first + place) / task.shared)
      for (let channel = 0; channel < task.channels; channel++) {
        const name = `channel-${group}-${channel}`
        cluster.channelOpened(name)
        cluster.localJoined(name, `peer-${task.first + place}`)
      }
    })
    while (peers < command.peers * task.count)
      await new Promise<void>(resolve => {
        wake = resolve
      })
    process.send!({ phase: 'met' })
    return
  }
  const published = () => clusters.reduce((sum, { publisher }) => sum + publisher.published, 0)
  // The proofs of a start, which come once, are over by then.
  await new Promise(resolve => {
    setTimeout(resolve, 15_000)
  })
  const before = { ...traffic, out: published() }
  await new Promise(resolve => {
    setTimeout(resolve, command.ms)
  })
  process.send!({
    phase: 'measured',
    out: published() - before.out,
    in: traffic.in - before.in,
    bytesIn: traffic.bytesIn - before.bytesIn
  })
}
process.on('message', (command: Command) => {
  void obey(command)
})
process.send!({ phase: 'ready' })
