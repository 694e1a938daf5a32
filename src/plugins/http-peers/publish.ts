// Sends one message by HTTP. The request is a peer until it is answered.
import type { Scope } from '../../core/channel-name.ts'
import { NwsError } from '../../core/errors.ts'
import type { PublishRequest } from '../../core/envelope.ts'
import type { Channel } from '../../core/hub/channel.ts'
import type { PeerPort } from '../../core/hub/peer.ts'
import type { Hub } from '../../core/hub/hub.ts'
import type { TurnPace } from '../../platform/turn-pace.ts'

const SILENT_PORT: PeerPort = {
  deaf: true,
  outbox: undefined,
  encoding: undefined,
  broadcast: () => {},
  message: () => false,
  connect: () => {},
  disconnect: () => {},
  end: () => {}
}

/** If the request opens the channel, other proxies need time to match it, milliseconds. */
const MATCH_WAIT_MS = 2000

/** The channel of a message, and how long to wait for a receiver. */
export interface PublishOptions {
  readonly name: string
  readonly scope: Scope
  readonly origin: string | undefined
  /** Milliseconds. Undefined: long enough for other proxies to join, if others may share the channel. */
  readonly waitMs: number | undefined
  /** Ends the waiting early: the message is sent to the peers that are present. */
  readonly signal: AbortSignal
  /** The client has given up: the message is not sent. */
  readonly gone: AbortSignal
  /** Of all requests: one newcomer may end the waiting of thousands. */
  readonly pace: TurnPace
}

/** The result for a message; `peer` is the id under which it was sent. */
export interface PublishResult {
  readonly peer: string
  readonly delivered: { readonly local: number; readonly remote: number }
}

/** Waits until `isThere` is true, the time is up, or a signal is aborted. */
async function waitForPeer(
  channel: Channel,
  isThere: () => boolean,
  waitMs: number,
  signals: readonly AbortSignal[]
): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return
  await new Promise<void>(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      for (const signal of signals) signal.removeEventListener('abort', done)
      channel.arrivals.delete(onArrival)
      resolve()
    }
    const onArrival = (): void => {
      if (isThere()) done()
    }
    const timer = setTimeout(done, waitMs)
    for (const signal of signals) signal.addEventListener('abort', done)
    channel.arrivals.add(onArrival)
  })
}

/**
 * Joins, sends one message, leaves.
 *
 * @throws as `Hub.addLocal`, as a message hook, `NWS_ERR_PEER_NOT_FOUND` and the other errors of a direct message,
 *   `NWS_ERR_PEER_CLOSED` if the client has given up
 */
export async function publish(
  hub: Hub,
  { data, target }: PublishRequest,
  options: PublishOptions
): Promise<PublishResult> {
  const { name, scope, origin, signal, gone } = options
  const waitMs = options.waitMs ?? (hub.mayBeShared(scope) ? MATCH_WAIT_MS : 0)
  const peer = await hub.addLocal({
    name,
    scope,
    origin,
    dialect: 'http',
    isOpen: () => !gone.aborted,
    port: () => SILENT_PORT
  })
  try {
    const { channel } = peer
    const isThere = target === undefined ? () => channel.hearingCount > 0 : () => channel.peer(target) !== undefined
    if (waitMs > 0 && !isThere()) {
      await waitForPeer(channel, isThere, waitMs, [signal, gone])
      await new Promise<void>(resolve => options.pace.admit(resolve))
    }
    if (gone.aborted) throw new NwsError('NWS_ERR_PEER_CLOSED')
    const payload = { binary: false, bytes: data }
    if (target === undefined) {
      const { local, remote } = hub.broadcast(peer, payload)
      // The answer comes when the message has been handed out: a client cannot get ahead of a wide channel.
      await new Promise<void>(resolve => channel.whenDrained(resolve))
      return { peer: peer.id, delivered: { local, remote } }
    }
    const isRemote = channel.peer(target)?.location === 'remote'
    const result = hub.message(peer, target, payload)
    if (result !== 'delivered') throw new NwsError(result)
    return { peer: peer.id, delivered: { local: isRemote ? 0 : 1, remote: isRemote ? 1 : 0 } }
  } finally {
    hub.removeLocal(peer)
  }
}
