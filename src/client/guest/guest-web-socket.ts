// A WebSocket to the channel of an invitation, for connection.ts: the frames of an ordinary WebSocket inside of the encrypted
// connection.
import type { WebSocketClass } from '../connection.ts'
import { closeEvent } from '../events.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState } from '../socket-surface.ts'
import { guestProblem, type GuestErrorCode } from './errors.ts'
import { BINARY, CLOSE, decodeClose, encodeClose, encodeFrame, FrameReader, PING, PONG, TEXT } from './frames.ts'
import { Tunnel } from './tunnel.ts'

/** Sentences for refusals before the join. */
const REFUSALS: Readonly<Record<string, GuestErrorCode>> = {
  NWS_ERR_GUEST_OVER: 'NWS_CLIENT_INVITATION_OVER',
  NWS_ERR_GUEST_FULL: 'NWS_CLIENT_INVITATION_FULL',
  NWS_ERR_GUEST_CONNECTIONS: 'NWS_CLIENT_INVITATION_FULL',
  NWS_ERR_GUEST_SECRET: 'NWS_CLIENT_INVITATION_WRONG',
  NWS_ERR_GUEST_TRIES: 'NWS_CLIENT_INVITATION_WRONG'
}

/** After this the client must not try again. */
const NOT_INVITED = 4517

/** Makes the class. @param invited called with the name of the channel at each connection */
export function guestWebSocket(
  secret: Uint8Array | undefined,
  Socket: WebSocketClass,
  invited: (channel: string) => void
): WebSocketClass {
  class GuestWebSocket extends EventTarget {
    readonly protocol = ''
    readonly extensions = ''
    binaryType: BinaryType = 'arraybuffer'
    readyState: ReadyState = CONNECTING
    readonly #reader = new FrameReader()
    #tunnel: Tunnel | undefined
    /** Whether the proxy has sent anything inside: then it tells its reasons there. */
    #heard = false

    /** @param url with the name of a channel, which stays here */
    constructor(url: string) {
      super()
      const { host, protocol, pathname, searchParams } = new URL(url)
      const channel = decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1))
      if (secret === undefined) {
        queueMicrotask(() => this.#refuse('NWS_CLIENT_NO_INVITATION'))
        return
      }
      const query = Array.from(searchParams, ([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('')
      this.#tunnel = new Tunnel(`${protocol}//${host}`, query, secret, Socket, {
        opened: facts => {
          invited(facts.channel)
          if (facts.channel !== channel) return this.#refuse('NWS_CLIENT_NOT_INVITED')
          this.readyState = OPEN
          this.dispatchEvent(new Event('open'))
        },
        bytes: bytes => {
          this.#heard = true
          for (const { opcode, payload } of this.#reader.read(bytes)) this.#take(opcode, payload)
        },
        closed: (code, reason) => {
          const words = REFUSALS[reason]
          if (!this.#heard && words !== undefined) this.#say(words, reason)
          this.#end(code, reason, words !== undefined)
        }
      })
    }

    get bufferedAmount(): number {
      return this.#tunnel?.bufferedAmount ?? 0
    }

    send(data: string | Uint8Array): void {
      if (typeof data === 'string') this.#tunnel?.send(encodeFrame(TEXT, new TextEncoder().encode(data)))
      else this.#tunnel?.send(encodeFrame(BINARY, data))
    }

    close(code?: number, reason = ''): void {
      if (this.readyState === CONNECTING) {
        this.#tunnel?.close()
      } else if (this.readyState === OPEN) {
        this.readyState = CLOSING
        this.#tunnel?.send(encodeFrame(CLOSE, encodeClose(code, reason)))
      }
    }

    #take(opcode: number, payload: Uint8Array<ArrayBuffer>): void {
      if (this.readyState === CLOSED) return
      if (opcode === PING) return this.#tunnel?.send(encodeFrame(PONG, payload))
      if (opcode === CLOSE) {
        const { code, reason } = decodeClose(payload)
        if (this.readyState === OPEN) this.#tunnel?.send(encodeFrame(CLOSE, payload))
        this.#tunnel?.close(code, reason)
        return
      }
      if (opcode !== TEXT && opcode !== BINARY) return
      const data = opcode === TEXT ? new TextDecoder().decode(payload) : payload.buffer
      this.dispatchEvent(new MessageEvent('message', { data }))
    }

    /** Reports a problem, in the form of the proxy. */
    #say(words: GuestErrorCode, code: string = words): void {
      const { message } = guestProblem(words)
      const data = JSON.stringify({ action: 'error', code, message })
      this.dispatchEvent(new MessageEvent('message', { data }))
    }

    #refuse(words: GuestErrorCode): void {
      this.#say(words)
      this.readyState = CLOSING
      this.#end(NOT_INVITED, words, true)
      this.#tunnel?.close()
    }

    #end(code: number, reason: string, wasClean: boolean): void {
      if (this.readyState === CLOSED) return
      const isClean = wasClean || (code !== 1006 && this.readyState !== CONNECTING)
      this.readyState = CLOSED
      this.dispatchEvent(closeEvent(code, reason, isClean))
    }
  }
  return GuestWebSocket as unknown as WebSocketClass
}
