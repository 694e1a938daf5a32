// Membership in a channel from within the process, with values instead of wire text.
import type { Scope } from '../../core/channel-name.ts'
import { binaryAsText } from '../../core/envelope.ts'
import { NwsError, type ErrorCode } from '../../core/errors.ts'
import type { DeliveryCount } from '../../core/hub/channel.ts'
import type { Payload } from '../../core/hub/payload.ts'
import type { Peer, PeerPort } from '../../core/hub/peer.ts'
import type { Hub } from '../../core/hub/hub.ts'
import type { TurnQueue } from '../../core/hub/turn-queue.ts'

/** A message for a member in the process. */
export interface ReceivedMessage {
  readonly action: 'broadcast' | 'message'
  readonly source: Peer
  /** The JSON value; a Buffer for a binary message. */
  readonly data: unknown
  /** The JSON text as the sender wrote it; `{"$binary":"<base64>"}` for a binary message. */
  readonly text: string
}

/** How to join. Handlers are called after the turn of an event, in the order of events. */
export interface MembershipOptions {
  /** `network` by default. */
  readonly scope?: Scope
  /** Shown in `/api/peers`; `extension` by default. */
  readonly dialect?: string
  readonly onMessage?: (message: ReceivedMessage) => void
  readonly onConnect?: (peer: Peer) => void
  readonly onDisconnect?: (peer: Peer) => void
  /** The proxy has ended the membership. */
  readonly onEnd?: (code: ErrorCode) => void
}

/** Membership in a channel. */
export interface Membership {
  readonly peer: Peer
  /** Sends to all others: a JSON value, or bytes as a Uint8Array. @throws NwsError `NWS_ERR_PEER_CLOSED` after `leave` */
  broadcast(data: unknown): DeliveryCount
  /** Sends to one. @throws NwsError `NWS_ERR_PEER_NOT_FOUND`, `NWS_ERR_PEER_TAKES_NO_MESSAGES`, `NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE`, `NWS_ERR_PEER_CLOSED` */
  send(target: string, data: unknown): void
  /** Ends the membership. Idempotent. */
  leave(): void
}

/** The payload of a value: bytes stay bytes, other values become JSON text. */
function payloadOf(data: unknown): Payload {
  if (data instanceof Uint8Array) return { binary: true, bytes: Buffer.from(data) }
  const text: string | undefined = JSON.stringify(data)
  if (text === undefined) throw new NwsError('NWS_ERR_MESSAGE_DATA')
  return { binary: false, bytes: Buffer.from(text) }
}

function received(action: 'broadcast' | 'message', source: Peer, payload: Payload): ReceivedMessage {
  const text = (payload.binary ? binaryAsText(payload.bytes) : payload.bytes).toString()
  return { action, source, text, data: payload.binary ? payload.bytes : (JSON.parse(text) as unknown) }
}

/**
 * A port that calls handlers. They run after the turn: an answer that a handler sends at once cannot overtake the message
 * on its way to the others.
 */
function createPort(turns: TurnQueue, options: MembershipOptions, report: (error: unknown) => void): PeerPort {
  const { onMessage, onConnect, onDisconnect, onEnd } = options
  const later = (work: () => void): void =>
    turns.defer(() => {
      try {
        work()
      } catch (error) {
        report(error)
      }
    })
  return {
    outbox: undefined,
    encoding: undefined,
    broadcast: (source, payload) => {
      if (onMessage !== undefined) later(() => onMessage(received('broadcast', source, payload)))
    },
    message: (source, payload) => {
      if (onMessage !== undefined) later(() => onMessage(received('message', source, payload)))
      return true
    },
    connect: other => {
      if (onConnect !== undefined) later(() => onConnect(other))
    },
    disconnect: other => {
      if (onDisconnect !== undefined) later(() => onDisconnect(other))
    },
    end: code => {
      if (onEnd !== undefined) later(() => onEnd(code))
    }
  }
}

/**
 * Joins a channel from within the process.
 *
 * @param report gets the errors of handlers
 * @throws as `Hub.addLocal`
 */
export async function joinInProcess(
  hub: Hub,
  name: string,
  options: MembershipOptions,
  report: (error: unknown) => void
): Promise<Membership> {
  const peer = await hub.addLocal({
    name,
    scope: options.scope ?? 'network',
    dialect: options.dialect ?? 'extension',
    isOpen: () => true,
    port: () => createPort(hub.turns, options, report)
  })
  const assertJoined = (): void => {
    if (!peer.joined) throw new NwsError('NWS_ERR_PEER_CLOSED')
  }
  return {
    peer,
    broadcast: data => {
      assertJoined()
      return hub.broadcast(peer, payloadOf(data))
    },
    send: (target, data) => {
      assertJoined()
      const result = hub.message(peer, target, payloadOf(data))
      if (result !== 'delivered') throw new NwsError(result)
    },
    leave: () => hub.removeLocal(peer)
  }
}
