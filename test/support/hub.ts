// A hub without I/O: turns end when the test says so, peers are sinks that record. Not a mock of the rules.
import { OriginLimits } from '../../src/core/hub/origin-limits.ts'
import { Outbox } from '../../src/core/hub/outbox.ts'
import type { Encoding } from '../../src/core/hub/encoding.ts'
import type { Peer } from '../../src/core/hub/peer.ts'
import { QueueBudget } from '../../src/core/hub/queue-budget.ts'
import { Hub } from '../../src/core/hub/hub.ts'
import { TurnQueue } from '../../src/core/hub/turn-queue.ts'

/** One line per event: `+id`, `-id`, `id:text`, `id>text` (direct), each ended by a line break. */
export const lineEncoding: Encoding = {
  name: 'lines',
  broadcast: (source, payload) => Buffer.from(`${source.id}:${payload.bytes.toString()}\n`)
}

export interface TestHub {
  channels: Hub
  /** Ends event-loop turns until nothing is left to do. */
  endTurn: () => void
  /** Ends one event-loop turn. @returns false if nothing was left to do */
  endOneTurn: () => boolean
  now: { value: number }
  turns: TurnQueue
}

/** A hub whose ids are p1, p2, … */
export function createTestHub(
  options: { maxPeers?: number; maxSockets?: number; burst?: number; maxTotalQueuedBytes?: number } = {}
): TestHub {
  const now = { value: 1_000_000 }
  let pending: (() => void)[] = []
  const turns = new TurnQueue(
    new QueueBudget(options.maxTotalQueuedBytes ?? 256 * 1024 * 1024),
    () => now.value,
    run => pending.push(run)
  )
  let ids = 0
  const channels = new Hub({
    turns,
    now: () => now.value,
    channelTag: name => `tag-${name.length}`,
    peerId: () => `p${++ids}`,
    proxyId: 'here',
    originLimits: new OriginLimits(
      {
        maxSocketsPerOrigin: options.maxSockets ?? 256,
        newChannelsPerOriginBurst: options.burst ?? 64,
        newChannelsPerOriginPerSecond: 2
      },
      () => now.value
    ),
    maxPeersPerChannel: options.maxPeers ?? 5000
  })
  const endOneTurn = (): boolean => {
    const runs = pending
    pending = []
    for (const run of runs) run()
    return runs.length > 0
  }
  return {
    channels,
    now,
    turns,
    endTurn: () => {
      while (endOneTurn());
    },
    endOneTurn
  }
}

export interface TestPeer {
  peer: Peer
  /** Everything heard so far, a line per event. */
  heard: string[]
  /** How many writes it took. */
  writes: () => number
  /** Bytes that the pretended transport has not taken. */
  stall: (bytes: number) => void
  ended: string[]
}

/**
 * Joins a channel with a recording port.
 *
 * @param options.clog bytes that the pretended transport holds after its first write
 * @param options.writeMs time that a write to it takes
 */
export async function joinTestPeer(
  { channels, turns, now }: TestHub,
  name: string,
  options: { origin?: string; encoding?: Encoding; maxQueued?: number; clog?: number; writeMs?: number } = {}
): Promise<TestPeer> {
  const heard: string[] = []
  const ended: string[] = []
  let writes = 0
  let queued = 0
  const outbox = new Outbox(
    turns,
    {
      write: bytes => {
        writes++
        now.value += options.writeMs ?? 0
        queued = options.clog ?? queued
        heard.push(...bytes.toString().split('\n').slice(0, -1))
      },
      get queuedBytes() {
        return queued
      },
      stalled: () => {
        ended.push('too slow')
        channels.removeLocal(peer)
      }
    },
    options.maxQueued ?? 1000
  )
  const peer = await channels.addLocal({
    name,
    scope: 'network',
    dialect: 'test',
    origin: options.origin,
    isOpen: () => true,
    port: () => ({
      outbox,
      encoding: options.encoding ?? lineEncoding,
      broadcast: () => {},
      message: (source, payload) => {
        outbox.push(Buffer.from(`${source.id}>${payload.bytes.toString()}\n`))
        return true
      },
      connect: other => outbox.push(Buffer.from(`+${other.id}\n`)),
      disconnect: other => outbox.push(Buffer.from(`-${other.id}\n`)),
      end: code => ended.push(code)
    })
  })
  return {
    peer,
    heard,
    ended,
    writes: () => writes,
    stall: bytes => {
      queued = bytes
    }
  }
}

export const text = (value: string) => ({ binary: false, bytes: Buffer.from(value) })
