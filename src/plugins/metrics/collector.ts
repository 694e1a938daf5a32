// Which numbers there are, what they are called, and where each is read. Labels are kinds, codes and tags of channels:
// never a name, an address, an origin or an id. Not the counting itself, which is done where things happen.
import type { FastifyInstance } from 'fastify'
import prometheus from 'prom-client'
import type { Channel } from '../../core/hub/channel.ts'
import { EventLoopClock, processUse } from './process.ts'

/** Channels that are listed one by one, the busiest first; the others are in the sums only. */
const LISTED_CHANNELS = 50

/** The numbers of one app. */
export interface Collector {
  read(): Promise<{ type: string; text: string }>
  stop(): void
}

type Labels = Readonly<Record<string, string | number>>
/** One line of a metric. */
type Sample = readonly [value: number, labels?: Labels]

interface Totals {
  readonly messages: number
  readonly bytes: number
}

function busiest(channels: readonly Channel[]): Channel[] {
  return channels.toSorted((one, other) => other.messages - one.messages).slice(0, LISTED_CHANNELS)
}

function countBy<T>(items: Iterable<T>, labelsOf: (item: T) => Labels): Sample[] {
  const counts = new Map<string, { labels: Labels; count: number }>()
  for (const item of items) {
    const labels = labelsOf(item)
    const key = JSON.stringify(labels)
    const entry = counts.get(key)
    if (entry === undefined) counts.set(key, { labels, count: 1 })
    else entry.count++
  }
  return Array.from(counts.values(), ({ labels, count }) => [count, labels])
}

/** Builds the numbers of an app and begins to watch its event loop. @param past what channels that are closed have counted */
export function createCollector(app: FastifyInstance, past: Totals): Collector {
  const {
    accounts,
    channelRegistry,
    channelSockets,
    cluster,
    httpPeers,
    peerMesh,
    refusals,
    rendezvous,
    config,
    proxyVersion
  } = app
  const registry = new prometheus.Registry()
  const clock = new EventLoopClock()

  function metric(
    kind: 'Gauge' | 'Counter',
    name: string,
    help: string,
    labelNames: readonly string[],
    samples: () => Iterable<Sample>
  ): void {
    const made = new prometheus[kind]({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        made.reset()
        for (const [value, labels = {}] of samples()) made.inc(labels, value)
      }
    })
  }
  const gauge = (
    name: string,
    help: string,
    samples: () => Iterable<Sample>,
    labelNames: readonly string[] = []
  ): void => metric('Gauge', name, help, labelNames, samples)
  const counter = (
    name: string,
    help: string,
    samples: () => Iterable<Sample>,
    labelNames: readonly string[] = []
  ): void => metric('Counter', name, help, labelNames, samples)
  const both = ({ in: received, out: sent }: { readonly in: number; readonly out: number }): Sample[] => [
    [received, { direction: 'in' }],
    [sent, { direction: 'out' }]
  ]

  gauge('nws_info', 'Always 1; the label says which version runs.', () => [[1, { version: proxyVersion }]], ['version'])

  // Channels and peers
  gauge('nws_channels', 'Open channels.', () => countBy(channelRegistry.channels(), ({ scope }) => ({ scope })), [
    'scope'
  ])
  gauge(
    'nws_peers',
    'Members of all channels.',
    () => countBy(channelRegistry.peers(), ({ location, dialect }) => ({ location, dialect })),
    ['location', 'dialect']
  )
  gauge('nws_sockets', 'Open sockets of clients.', () => [[channelSockets.size]])
  const sum = (of: (channel: Channel) => number): number =>
    channelRegistry.channels().reduce((total, channel) => total + of(channel), 0)
  counter('nws_messages_total', 'Messages accepted from local and remote peers.', () => [
    [past.messages + sum(({ messages }) => messages)]
  ])
  counter('nws_message_bytes_total', 'Bytes of their data.', () => [[past.bytes + sum(({ bytes }) => bytes)]])
  const listed = (of: (channel: Channel) => number) => (): Sample[] =>
    busiest(channelRegistry.channels()).map(channel => [of(channel), { channel: channel.tag, scope: channel.scope }])
  gauge(
    'nws_channel_peers',
    `Members of the ${LISTED_CHANNELS} busiest open channels, by their tags.`,
    listed(({ localCount, remoteCount }) => localCount + remoteCount),
    ['channel', 'scope']
  )
  counter(
    'nws_channel_messages_total',
    'Messages in them since each was opened.',
    listed(({ messages }) => messages),
    ['channel', 'scope']
  )
  counter(
    'nws_channel_bytes_total',
    'Bytes of the data of those.',
    listed(({ bytes }) => bytes),
    ['channel', 'scope']
  )

  // Delivery
  const fanout = new prometheus.Histogram({
    name: 'nws_fanout_seconds',
    help: 'From the first message of an event-loop turn until the last peer has been written to; one turn in 16.',
    buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: [registry]
  })
  channelRegistry.watchTurns(ms => fanout.observe(ms / 1000))
  const links = () => Array.from(peerMesh.mesh.links, ({ queuedBytes }) => queuedBytes)
  const queues = () => ({
    sockets: [...channelSockets.queues()],
    streams: [...httpPeers.queues()],
    links: links(),
    ...(cluster === undefined ? {} : { cluster: [cluster.counts.queuedBytes] }),
    ...(rendezvous.isOn ? { rendezvous: [...rendezvous.numbers.queues()] } : {})
  })
  const perQueue = (of: (waiting: readonly number[]) => number) => (): Sample[] =>
    Object.entries(queues()).map(([kind, waiting]) => [of(waiting), { kind }])
  gauge(
    'nws_queue_bytes',
    'Bytes that have been sent and that the network has not taken yet.',
    perQueue(waiting => waiting.reduce((total, bytes) => total + bytes, 0)),
    ['kind']
  )
  gauge(
    'nws_queue_bytes_max',
    'The same for the longest queue.',
    perQueue(waiting => waiting.reduce((most, bytes) => Math.max(most, bytes), 0)),
    ['kind']
  )
  gauge('nws_slow_peers', 'Local peers for which more than half of NWS_MAX_QUEUED_BYTES waits.', () => {
    const { sockets, streams, rendezvous: peers = [] } = queues()
    return [[[...sockets, ...streams, ...peers].filter(bytes => bytes > config.maxQueuedBytes / 2).length]]
  })
  counter(
    'nws_refusals_total',
    'What was refused: requests, messages, and sockets that this proxy ended, by the code of the error. Peers that were too slow are among them.',
    () => Array.from(refusals.all(), ({ kind, code, count }): Sample => [count, { kind, code }]),
    ['kind', 'code']
  )

  // Links
  gauge(
    'nws_links',
    'Links to other proxies.',
    () =>
      countBy(peerMesh.mesh.links, ({ role, state }) => ({ role: role === 'I' ? 'initiator' : 'responder', state })),
    ['role', 'state']
  )
  counter(
    'nws_link_ends_total',
    'Links that have ended, by close code and who closed.',
    () =>
      Array.from(peerMesh.endings, ([kind, count]): Sample => {
        const [code = '', by = ''] = kind.split(' ')
        return [count, { code, by }]
      }),
    ['code', 'by']
  )
  counter('nws_link_messages_total', 'Messages of peers over links.', () => both(peerMesh.mesh.totals.messages), [
    'direction'
  ])
  counter('nws_link_bytes_total', 'Bytes over links.', () => both(peerMesh.mesh.totals.bytes), ['direction'])
  counter('nws_link_messages_dropped_total', "Messages of remote peers that were nobody's, or came again.", () => [
    [peerMesh.mesh.dropped]
  ])
  counter('nws_rounds_total', 'Rounds of channel matching that ended well.', () => [[peerMesh.mesh.totals.rounds]])
  counter('nws_sweeps_total', 'Sweeps, each of one round or more.', () => [[peerMesh.mesh.totals.sweeps]])
  gauge(
    'nws_cpu_budget_elements',
    'Elements that remotes may still have computed at once; negative where overdrawn.',
    () => [[peerMesh.mesh.cpu.level]]
  )

  // The cluster
  if (cluster !== undefined) {
    gauge('nws_cluster_connected', '1 while this proxy has a NATS server, 0 while it has none.', () => [
      [cluster.status.state === 'connected' ? 1 : 0]
    ])
    gauge('nws_cluster_proxies', 'Other proxies of the cluster that give signs of life.', () => [
      [cluster.proxies().length]
    ])
    counter('nws_cluster_reconnects_total', 'How often the connection to NATS was lost and came back.', () => [
      [cluster.status.reconnects]
    ])
    counter(
      'nws_cluster_batches_total',
      'Sealed batches over NATS; one has all that is said on a subject in an event-loop turn.',
      () => both(cluster.counts.batches),
      ['direction']
    )
    counter('nws_cluster_bytes_total', 'Bytes of those.', () => both(cluster.counts.bytes), ['direction'])
    counter(
      'nws_cluster_queue_dropped_total',
      'Messages that were given up because too much waited for the NATS server.',
      () => [[cluster.counts.queueDropped]]
    )
    counter(
      'nws_cluster_refused_total',
      "What came over NATS and was not taken: batches that were not sealed for this cluster and this day, batches that came again, messages of peers that were nobody's.",
      () => {
        const { rejected, replayed, dropped } = cluster.counts
        return [
          [rejected, { reason: 'not sealed' }],
          [replayed, { reason: 'again' }],
          [dropped, { reason: 'nobody' }]
        ]
      },
      ['reason']
    )
  }

  // The rendezvous
  if (rendezvous.isOn) {
    const {
      numbers,
      service: { directory }
    } = rendezvous
    gauge('nws_rendezvous_users', 'Users who are online at the rendezvous.', () => [[directory.users.size]])
    gauge('nws_rendezvous_peers', 'Their sockets.', () => [[directory.size]])
    gauge('nws_rendezvous_unknown_sockets', 'Sockets that have not logged in.', () => [[numbers.unknown]])
    gauge('nws_rendezvous_waiting_passwords', 'Passwords that wait to be checked or hashed; 32 at most.', () => [
      [accounts.passwords.waiting]
    ])
    counter(
      'nws_rendezvous_logins_total',
      'Logins that went well, by what was shown.',
      () => Array.from(numbers.logins, ([method, count]): Sample => [count, { method }]),
      ['method']
    )
    counter('nws_rendezvous_presence_messages_total', 'Messages that told of who came and went.', () => [
      [directory.presenceMessages]
    ])
    counter('nws_rendezvous_relayed_messages_total', 'Offers, answers and candidates that were passed on.', () => [
      [directory.relayedMessages]
    ])
  }

  // The process
  gauge(
    'nws_event_loop_delay_seconds',
    'How late the event loop was since the last question.',
    () => {
      const { mean, p50, p99, max } = clock.read()
      return [
        [mean, { statistic: 'mean' }],
        [p50, { statistic: 'p50' }],
        [p99, { statistic: 'p99' }],
        [max, { statistic: 'max' }]
      ]
    },
    ['statistic']
  )
  gauge('process_resident_memory_bytes', 'Resident memory.', () => [[processUse().residentBytes]])
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => [[processUse().heapBytes]])
  gauge('nodejs_external_memory_bytes', 'Memory outside of the heap that objects on it own.', () => [
    [processUse().externalBytes]
  ])
  counter('process_cpu_seconds_total', 'Processor time, user and system.', () => [[processUse().cpuSeconds]])
  gauge('nodejs_active_resources', 'Sockets, servers, timers and requests that are open.', () => [
    [processUse().resources]
  ])
  gauge('process_open_fds', 'Open file descriptors.', () => {
    const { descriptors } = processUse()
    return descriptors === undefined ? [] : [[descriptors]]
  })
  gauge('process_start_time_seconds', 'When the process began, seconds since the epoch.', () => [
    [Math.round(performance.timeOrigin / 1000)]
  ])

  return {
    read: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    stop: () => clock.stop()
  }
}
