// A channel as server-sent events: a peer that only listens, until its response ends. Format: WHATWG HTML, "Server-sent
// events".
import type { ServerResponse } from 'node:http'
import type { Scope } from '../../core/channel-name.ts'
import { binaryAsText, broadcastHead, errorText, messageHead, presenceText, statusText } from '../../core/envelope.ts'
import { definitionOf, type ErrorCode } from '../../core/errors.ts'
import type { Encoding } from '../../core/hub/encoding.ts'
import { isLoopbackAddress } from '../../core/host-policy.ts'
import { Outbox } from '../../core/hub/outbox.ts'
import type { Payload } from '../../core/hub/payload.ts'
import type { Peer, PeerPort } from '../../core/hub/peer.ts'
import type { Hub } from '../../core/hub/hub.ts'
import { connectionKey } from '../../platform/unanswered.ts'

/** One event with `text` as data. A line break, which is only white space in JSON, begins a new data line. */
function eventOf(text: string): Buffer {
  return Buffer.from(`data: ${/[\r\n]/.test(text) ? text.replace(/\r\n|\r|\n/g, '\ndata: ') : text}\n\n`)
}

function dataOf(payload: Payload): string {
  return (payload.binary ? binaryAsText(payload.bytes) : payload.bytes).toString()
}

/** Broadcasts as events. */
export const eventEncoding: Encoding = {
  name: 'events',
  broadcast: (source, payload) => eventOf(`${broadcastHead(source.id)}${dataOf(payload)}}`)
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-accel-buffering': 'no'
}

/** A comment of the format, which makes no event. */
const COMMENT = Buffer.from(':\n\n')

/** Injected into a stream. */
export interface EventStreamDeps {
  readonly hub: Hub
  readonly maxQueuedBytes: number
  /** Time between comments that keep the connection alive and find a dead one. */
  readonly keepAliveMs: number
  /** Time for which a client's system may acknowledge nothing. */
  readonly peerTimeoutMs: number
  /** Counts a stream that the proxy ends. */
  readonly ended: (code: ErrorCode) => void
}

/** One open stream. */
export class EventStream {
  /** Key of the connection; undefined for a client of this machine, whose end is always heard. */
  readonly connection: string | undefined
  #unansweredSince: number | undefined
  readonly #response: ServerResponse
  readonly #deps: EventStreamDeps
  readonly #outbox: Outbox
  /** When the last comment was sent, monotonic milliseconds. */
  #commentedAt: number
  #peer: Peer | undefined
  #over = false

  private constructor(response: ServerResponse, deps: EventStreamDeps) {
    this.#response = response
    this.#deps = deps
    this.#outbox = new Outbox(
      deps.hub.turns,
      {
        write: bytes => {
          response.write(bytes)
        },
        get queuedBytes() {
          return response.writableLength
        },
        stalled: () => this.end('NWS_ERR_PEER_TOO_SLOW')
      },
      deps.maxQueuedBytes
    )
    const { socket } = response
    this.connection =
      socket === null || isLoopbackAddress(socket.remoteAddress ?? '') ? undefined : connectionKey(socket)
    this.#commentedAt = performance.now()
    response.on('close', () => this.#finish())
    response.on('error', () => this.#finish())
  }

  /**
   * Joins a channel and streams it. Writes nothing to the response before the join succeeds.
   *
   * @throws as `Hub.addLocal`
   */
  static async open(
    response: ServerResponse,
    request: { name: string; scope: Scope; origin: string | undefined },
    deps: EventStreamDeps
  ): Promise<EventStream> {
    const stream = new EventStream(response, deps)
    try {
      stream.#peer = await deps.hub.addLocal({
        ...request,
        dialect: 'events',
        isOpen: () => !stream.#over,
        port: peer => {
          response.writeHead(200, HEADERS)
          stream.#outbox.push(eventOf(statusText(peer.id)))
          return stream.#port(peer)
        }
      })
      return stream
    } catch (error) {
      stream.#finish()
      throw error
    }
  }

  /** Bytes that the client has not taken yet. */
  get queuedBytes(): number {
    return this.#response.writableLength
  }

  /** Ends the stream if its bytes have not been acknowledged for too long. */
  checkAnswered(unanswered: ReadonlySet<string>, now: number): void {
    if (this.connection === undefined || !unanswered.has(this.connection)) {
      this.#unansweredSince = undefined
    } else {
      this.#unansweredSince ??= now
      if (now - this.#unansweredSince < this.#deps.peerTimeoutMs) return
      this.end('NWS_ERR_PEER_SILENT')
      this.terminate()
    }
  }

  forgiveSilence(): void {
    this.#unansweredSince = undefined
  }

  /** Sends a comment if it is time. */
  checkAlive(now: number): void {
    if (now - this.#commentedAt < this.#deps.keepAliveMs) return
    this.#commentedAt = now
    this.#outbox.push(COMMENT)
  }

  /** Ends the connection without waiting for the client. */
  terminate(): void {
    this.#response.destroy()
  }

  /** Tells the client why and ends the stream. */
  end(code: ErrorCode): void {
    if (this.#over) return
    this.#deps.ended(code)
    this.#outbox.push(eventOf(errorText(code, definitionOf(code).message)))
    this.#finish(code)
    // A client that is too slow would not read the reason. Cut it off.
    if (code === 'NWS_ERR_PEER_TOO_SLOW') this.terminate()
    else this.#response.end()
  }

  #port(peer: Peer): PeerPort {
    const send = (text: string): void => this.#outbox.push(eventOf(text))
    return {
      outbox: this.#outbox,
      encoding: eventEncoding,
      broadcast: () => {},
      message: (source, payload) => {
        send(`${messageHead(source.id, peer.id)}${dataOf(payload)}}`)
        return true
      },
      whenRead: run => {
        this.#outbox.flush()
        this.#response.write(COMMENT, () => {
          if (!this.#over) run()
        })
      },
      connect: other => send(presenceText('connect', peer.id, other.id)),
      disconnect: other => send(presenceText('disconnect', peer.id, other.id)),
      end: code => this.end(code)
    }
  }

  #finish(cause?: ErrorCode): void {
    if (this.#over) return
    this.#over = true
    if (this.#peer !== undefined) this.#deps.hub.removeLocal(this.#peer, cause)
    this.#outbox.flush()
    this.#outbox.close()
  }
}
