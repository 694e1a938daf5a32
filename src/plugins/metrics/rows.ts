// Every metric, a row each: name, words, labels, and where its value is read. A label is a kind, a code or the tag of a
// channel, and never a name, an address, an origin or an id.
import type { FastifyInstance } from 'fastify'
import type { Channel } from '../../core/hub/channel.ts'
import type { ClusterApi } from '../cluster/index.ts'
import { logDrops } from '../../platform/log-drops.ts'
import { processUse } from './process.ts'

/** The busiest channels have rows of their own. */
const LISTED_CHANNELS = 50

/** One line of a metric. */
export type Sample = readonly [value: number, labels?: Readonly<Record<string, string | number>>]

/** The counts of closed channels. */
export interface Totals {
  readonly messages: number
  readonly bytes: number
}

/** One metric. */
export interface Metric {
  readonly name: string
  /** For Prometheus and the documents: one sentence. */
  readonly help: string
  readonly labels?: readonly string[]
  /** Absent: the proxy always has the metric. */
  readonly needs?: 'cluster' | 'rendezvous'
  /** A number is one sample without labels. A metric without `read` is a histogram. */
  readonly read?: (app: FastifyInstance, past: Totals) => number | Iterable<Sample>
}

function countBy<T>(items: Iterable<T>, labelsOf: (item: T) => NonNullable<Sample[1]>): Sample[] {
  const counts = new Map<string, { labels: NonNullable<Sample[1]>; count: number }>()
  for (const item of items) {
    const labels = labelsOf(item)
    const key = JSON.stringify(labels)
    const entry = counts.get(key)
    if (entry === undefined) counts.set(key, { labels, count: 1 })
    else entry.count++
  }
  return Array.from(counts.values(), ({ labels, count }) => [count, labels])
}

const both = ({ in: received, out: sent }: { readonly in: number; readonly out: number }): Sample[] => [
  [received, { direction: 'in' }],
  [sent, { direction: 'out' }]
]

const sumOf = ({ channelRegistry }: FastifyInstance, of: (channel: Channel) => number): number =>
  channelRegistry.channels().reduce((total, channel) => total + of(channel), 0)

const listed =
  (of: (channel: Channel) => number) =>
  ({ channelRegistry }: FastifyInstance): Sample[] =>
    channelRegistry
      .channels()
      .toSorted((one, other) => other.messages - one.messages)
      .slice(0, LISTED_CHANNELS)
      .map(channel => [of(channel), { channel: channel.tag, scope: channel.scope }])

/** Bytes that wait, of each queue, by the kind of queue. */
function queues({ channelSockets, cluster, httpPeers, peerMesh, rendezvous }: FastifyInstance) {
  return {
    sockets: [...channelSockets.queues()],
    streams: [...httpPeers.queues()],
    links: Array.from(peerMesh.mesh.sessions(), ({ queuedBytes }) => queuedBytes),
    ...(cluster === undefined ? {} : { cluster: [cluster.counts.queuedBytes] }),
    ...(rendezvous.isOn ? { rendezvous: [...rendezvous.numbers.queues()] } : {})
  }
}
const perQueue =
  (of: (waiting: readonly number[]) => number) =>
  (app: FastifyInstance): Sample[] =>
    Object.entries(queues(app)).map(([kind, waiting]) => [of(waiting), { kind }])

const inCluster =
  (read: (cluster: ClusterApi) => number | Iterable<Sample>) =>
  ({ cluster }: FastifyInstance): number | Iterable<Sample> =>
    cluster === undefined ? [] : read(cluster)

/** Every metric. A name that ends in `_total` is a counter, one with `read` and without this ending is a gauge. */
export const metrics: readonly Metric[] = [
  {
    name: 'nws_info',
    help: 'Always 1. The label has the version of the proxy.',
    labels: ['version'],
    read: app => [[1, { version: app.proxyVersion }]]
  },

  {
    name: 'nws_channels',
    help: 'Open channels.',
    labels: ['scope'],
    read: app => countBy(app.channelRegistry.channels(), ({ scope }) => ({ scope }))
  },
  {
    name: 'nws_peers',
    help: 'Peers of all channels.',
    labels: ['location', 'dialect'],
    read: app => countBy(app.channelRegistry.peers(), ({ location, dialect }) => ({ location, dialect }))
  },
  { name: 'nws_sockets', help: 'Open sockets of clients.', read: app => app.channelSockets.size },
  {
    name: 'nws_messages_total',
    help: 'Accepted messages of local and remote peers.',
    read: (app, past) => past.messages + sumOf(app, ({ messages }) => messages)
  },
  {
    name: 'nws_message_bytes_total',
    help: 'Bytes of data in accepted messages.',
    read: (app, past) => past.bytes + sumOf(app, ({ bytes }) => bytes)
  },
  {
    name: 'nws_channel_peers',
    help: `Peers of each of the ${LISTED_CHANNELS} busiest channels.`,
    labels: ['channel', 'scope'],
    read: listed(({ localCount, remoteCount }) => localCount + remoteCount)
  },
  {
    name: 'nws_channel_messages_total',
    help: `Messages in each of the ${LISTED_CHANNELS} busiest channels since it was opened.`,
    labels: ['channel', 'scope'],
    read: listed(({ messages }) => messages)
  },
  {
    name: 'nws_channel_bytes_total',
    help: `Bytes of data in each of the ${LISTED_CHANNELS} busiest channels since it was opened.`,
    labels: ['channel', 'scope'],
    read: listed(({ bytes }) => bytes)
  },

  {
    name: 'nws_fanout_seconds',
    help: 'Time from the first message of a turn of the event loop until all peers have been written to. One turn in 16 is measured.'
  },
  {
    name: 'nws_queue_bytes',
    help: 'Bytes that were sent and wait for the network, by kind of connection.',
    labels: ['kind'],
    read: perQueue(waiting => waiting.reduce((total, bytes) => total + bytes, 0))
  },
  {
    name: 'nws_queue_bytes_max',
    help: 'Bytes that wait in the longest queue, by kind of connection.',
    labels: ['kind'],
    read: perQueue(waiting => waiting.reduce((most, bytes) => Math.max(most, bytes), 0))
  },
  {
    name: 'nws_slow_peers',
    help: 'Local peers whose queue has more than half of NWS_MAX_QUEUED_BYTES.',
    read: app => {
      const { sockets, streams, rendezvous = [] } = queues(app)
      return [...sockets, ...streams, ...rendezvous].filter(bytes => bytes > app.config.maxQueuedBytes / 2).length
    }
  },
  {
    name: 'nws_refusals_total',
    help: 'Requests and messages that were refused, and sockets that were closed, by the code of the error.',
    labels: ['kind', 'code'],
    read: app => Array.from(app.refusals.all(), ({ kind, code, count }): Sample => [count, { kind, code }])
  },

  {
    name: 'nws_links',
    help: 'Links to other proxies.',
    labels: ['role', 'state'],
    read: app => countBy(app.peerMesh.links(), ({ role, state }) => ({ role, state }))
  },
  {
    name: 'nws_link_resumptions_total',
    help: 'How often a link went on over another connection. Nothing is lost then.',
    read: app => app.peerMesh.mesh.resumptions
  },
  {
    name: 'nws_link_unacknowledged_ends_total',
    help: 'Links that ended before the remote had acknowledged everything.',
    read: app => app.peerMesh.mesh.unacknowledged.sessions
  },
  {
    name: 'nws_link_unacknowledged_frames_total',
    help: 'Frames of those links that were not acknowledged.',
    read: app => app.peerMesh.mesh.unacknowledged.frames
  },
  {
    name: 'nws_link_ends_total',
    help: 'Connections of links that ended, by close code and by the side that closed.',
    labels: ['code', 'by'],
    read: app =>
      Array.from(app.peerMesh.endings, ([kind, count]): Sample => {
        const [code = '', by = ''] = kind.split(' ')
        return [count, { code, by }]
      })
  },
  {
    name: 'nws_link_messages_total',
    help: 'Messages of peers over links.',
    labels: ['direction'],
    read: app => both(app.peerMesh.mesh.totals.messages)
  },
  {
    name: 'nws_link_bytes_total',
    help: 'Bytes over links.',
    labels: ['direction'],
    read: app => both(app.peerMesh.mesh.totals.bytes)
  },
  {
    name: 'nws_link_messages_dropped_total',
    help: 'Dropped messages from links: the sender or the receiver is unknown.',
    read: app => app.peerMesh.mesh.dropped
  },
  {
    name: 'nws_rounds_total',
    help: 'Rounds of channel matching that ended well.',
    read: app => app.peerMesh.mesh.totals.rounds
  },
  {
    name: 'nws_sweeps_total',
    help: 'Sweeps of channel matching. A sweep has one or more rounds.',
    read: app => app.peerMesh.mesh.totals.sweeps
  },
  {
    name: 'nws_cpu_budget_elements',
    help: 'Elements that remote proxies may still make this proxy compute. Negative if overdrawn.',
    read: app => app.peerMesh.mesh.cpu.level
  },

  {
    name: 'nws_cluster_connected',
    help: '1 if this proxy is connected to a NATS server, else 0.',
    needs: 'cluster',
    read: inCluster(({ status }) => (status.state === 'connected' ? 1 : 0))
  },
  {
    name: 'nws_cluster_proxies',
    help: 'Other proxies of the cluster that are alive.',
    needs: 'cluster',
    read: inCluster(cluster => cluster.proxies().length)
  },
  {
    name: 'nws_cluster_reconnects_total',
    help: 'Connections to NATS that were lost and came back.',
    needs: 'cluster',
    read: inCluster(({ status }) => status.reconnects)
  },
  {
    name: 'nws_cluster_batches_total',
    help: 'Sealed batches over NATS. A batch has all messages on a subject in one turn of the event loop.',
    labels: ['direction'],
    needs: 'cluster',
    read: inCluster(({ counts }) => both(counts.batches))
  },
  {
    name: 'nws_cluster_bytes_total',
    help: 'Bytes of sealed batches.',
    labels: ['direction'],
    needs: 'cluster',
    read: inCluster(({ counts }) => both(counts.bytes))
  },
  {
    name: 'nws_cluster_queue_dropped_total',
    help: 'Messages that were dropped because more than 16 MiB waited for the NATS server.',
    needs: 'cluster',
    read: inCluster(({ counts }) => counts.queueDropped)
  },
  {
    name: 'nws_cluster_missing_total',
    help: 'How often messages of another proxy were missing in a channel. Its peers then leave the channel and join it again.',
    needs: 'cluster',
    read: inCluster(({ counts }) => counts.missing)
  },
  {
    name: 'nws_cluster_refused_total',
    help: 'Batches and messages from NATS that were refused: "not sealed" for this cluster and day, "again" if seen before, "nobody" if the sender is unknown.',
    labels: ['reason'],
    needs: 'cluster',
    read: inCluster(({ counts: { rejected, replayed, dropped } }) => [
      [rejected, { reason: 'not sealed' }],
      [replayed, { reason: 'again' }],
      [dropped, { reason: 'nobody' }]
    ])
  },

  {
    name: 'nws_rendezvous_users',
    help: 'Users who are online at the rendezvous.',
    needs: 'rendezvous',
    read: app => app.rendezvous.service.directory.users.size
  },
  {
    name: 'nws_rendezvous_peers',
    help: 'Sockets of users who are online.',
    needs: 'rendezvous',
    read: app => app.rendezvous.service.directory.size
  },
  {
    name: 'nws_rendezvous_unknown_sockets',
    help: 'Sockets that have not logged in.',
    needs: 'rendezvous',
    read: app => app.rendezvous.numbers.unknown
  },
  {
    name: 'nws_rendezvous_waiting_passwords',
    help: 'Passwords that wait to be checked or hashed, at most 32.',
    needs: 'rendezvous',
    read: app => app.accounts.passwords.waiting
  },
  {
    name: 'nws_rendezvous_logins_total',
    help: 'Successful logins, by password or by session.',
    labels: ['method'],
    needs: 'rendezvous',
    read: app => Array.from(app.rendezvous.numbers.logins, ([method, count]): Sample => [count, { method }])
  },
  {
    name: 'nws_rendezvous_presence_messages_total',
    help: 'Messages about users who came or went.',
    needs: 'rendezvous',
    read: app => app.rendezvous.service.directory.presenceMessages
  },
  {
    name: 'nws_rendezvous_relayed_messages_total',
    help: 'Offers, answers and candidates that were passed on.',
    needs: 'rendezvous',
    read: app => app.rendezvous.service.directory.relayedMessages
  },

  {
    name: 'nws_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last request for metrics.',
    labels: ['statistic'],
    read: app => Object.entries(app.eventLoop.read()).map(([statistic, seconds]): Sample => [seconds, { statistic }])
  },
  {
    name: 'nws_log_lines_dropped_total',
    help: 'Lines of the log that could not be written: the disk is full, or the reader of the log does not read.',
    read: () => logDrops.lines
  },
  { name: 'process_resident_memory_bytes', help: 'Resident memory.', read: () => processUse().residentBytes },
  { name: 'nodejs_heap_size_used_bytes', help: 'Used heap.', read: () => processUse().heapBytes },
  {
    name: 'nodejs_external_memory_bytes',
    help: 'Memory outside the heap that belongs to objects in the heap.',
    read: () => processUse().externalBytes
  },
  { name: 'process_cpu_seconds_total', help: 'Processor time, user and system.', read: () => processUse().cpuSeconds },
  {
    name: 'nodejs_active_resources',
    help: 'Open sockets, servers, timers and requests of Node.js.',
    read: () => processUse().resources
  },
  {
    name: 'process_open_fds',
    help: 'Open file descriptors. Absent if the system does not say.',
    read: () => processUse().descriptors ?? []
  },
  {
    name: 'process_start_time_seconds',
    help: 'Start of the process, in seconds since 1970.',
    read: () => Math.round(performance.timeOrigin / 1000)
  }
]
