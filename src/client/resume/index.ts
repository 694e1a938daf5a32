// A WebSocket that outlives its connection: if that breaks, it comes back to the membership that the proxy keeps for it, and
// both ends send again the frames that the other one has not got. connection.ts uses it like any other. A module of its own, because
// connections on this machine need none of it.
import type { WebSocketClass } from '../connection.ts'
import { closeEvent, type ReconnectingDetail } from '../events.ts'
import type { Frame } from '../outbox.ts'
import { MAX_QUEUED_BYTES } from '../reconnect.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState } from '../socket-surface.ts'

/** Messages about it. Neither end counts them. */
const ACTION = '{"action":"resume"'
/** The first message of a client that must prove the token of the proxy. */
const AUTH = '{"action":"auth"'
/** Bytes and messages each way after which both ends tell their counts, so that neither keeps more. */
const TELL_BYTES = 256 * 1024
const TELL_MESSAGES = 1024
/** Between two attempts to come back, at most. Milliseconds. */
const MAX_DELAY_MS = 2000
/** After this time without an answer the connection is dead. Milliseconds. */
const ANSWER_MS = 5000
const ABNORMAL = 1006

type Lost = Pick<CloseEvent, 'code' | 'reason' | 'wasClean'>

const sizeOf = (data: unknown): number =>
  typeof data === 'string' ? data.length : (data as ArrayBuffer | Uint8Array).byteLength

/** Calls `lost` once, when a socket has ended. */
function whenLost(socket: WebSocket, lost: (how: Lost) => void): void {
  let isTold = false
  const tell = (how: Lost): void => {
    if (!isTold) lost(how)
    isTold = true
  }
  socket.addEventListener('close', tell)
  // Without a close event: Chromium, if the policy of the page forbids the connection, and always Node.js 22.
  socket.addEventListener('error', () => {
    const { readyState } = socket
    setTimeout(() => {
      if (readyState === CONNECTING || socket.readyState === CLOSED)
        tell({ code: ABNORMAL, reason: '', wasClean: false })
    })
  })
}

/** Makes the class. @param forMs milliseconds that the membership should wait */
export function resumable(Socket: WebSocketClass, forMs: number): WebSocketClass {
  class ResumableWebSocket extends EventTarget {
    protocol = ''
    extensions = ''
    binaryType: BinaryType = 'arraybuffer'
    readyState: ReadyState = CONNECTING
    readonly #url: string
    readonly #protocols: string | string[] | undefined
    #socket: WebSocket
    /** Milliseconds that the proxy waits; 0: it does not. */
    #forMs = 0
    #token = ''
    #auth: Frame | undefined
    /** Messages of the proxy. */
    #received = 0
    /** Messages to the proxy that it may not have: the first one has this number. */
    #kept: Frame[] = []
    #first = 1
    #keptBytes = 0
    /** Since the last exchange of counts. */
    #bytes = 0
    #messages = 0
    /** Set while the connection is lost. */
    #away: { readonly since: number; attempts: number; isTrying: boolean } | undefined
    #timer: ReturnType<typeof setTimeout> | undefined
    readonly #woken = (): void => this.#wake()

    constructor(url: string, protocols?: string | string[]) {
      super()
      this.#url = `${url}${url.includes('?') ? '&' : '?'}resume=`
      this.#protocols = protocols
      const socket = this.#make(String(forMs))
      this.#socket = socket
      socket.addEventListener('open', () => {
        this.readyState = OPEN
        this.protocol = socket.protocol
        this.extensions = socket.extensions
        this.dispatchEvent(new Event('open'))
      })
      this.#listen(socket)
      for (const [target, type] of this.#signs()) target?.addEventListener(type, this.#woken)
    }

    get bufferedAmount(): number {
      return this.#away === undefined ? this.#socket.bufferedAmount : this.#keptBytes
    }

    send(frame: Frame): void {
      if (this.#away !== undefined && this.#keptBytes + sizeOf(frame) > MAX_QUEUED_BYTES)
        throw new DOMException('Too many messages wait for the connection.', 'QuotaExceededError')
      if (typeof frame === 'string' && frame.startsWith(AUTH)) this.#auth = frame
      this.#kept.push(frame)
      this.#keptBytes += sizeOf(frame)
      if (this.#away !== undefined) return
      this.#socket.send(frame)
      this.#count(sizeOf(frame))
    }

    close(code?: number, reason?: string): void {
      if (this.readyState > OPEN) return
      const isAway = this.#away !== undefined
      this.readyState = CLOSING
      this.#away = undefined
      clearTimeout(this.#timer)
      this.#socket.close(code, reason)
      if (isAway) queueMicrotask(() => this.#end({ code: ABNORMAL, reason: '', wasClean: false }))
    }

    /** @param resume milliseconds, or `back` */
    #make(resume: string): WebSocket {
      const socket = new Socket(this.#url + resume, this.#protocols)
      socket.binaryType = 'arraybuffer'
      return socket
    }

    /** Signs that the user looks again, or that the network is back. */
    #signs(): (readonly [EventTarget | undefined, string])[] {
      const { document } = globalThis as { document?: Document }
      return document === undefined
        ? []
        : [
            [globalThis, 'online'],
            [document, 'visibilitychange']
          ]
    }

    #listen(socket: WebSocket): void {
      socket.addEventListener('message', ({ data }: MessageEvent) => {
        if (this.#socket === socket && !this.#takes(data)) this.dispatchEvent(new MessageEvent('message', { data }))
      })
      whenLost(socket, how => {
        if (this.#socket === socket && this.#away === undefined) this.#lost(how)
      })
    }

    #lost(how: Lost): void {
      if (how.wasClean || this.readyState !== OPEN || this.#forMs === 0) return this.#end(how)
      clearTimeout(this.#timer)
      this.#away = { since: performance.now(), attempts: 0, isTrying: false }
      this.#later(0, how)
    }

    #end({ code, reason, wasClean }: Lost): void {
      if (this.readyState === CLOSED) return
      this.readyState = CLOSED
      this.#away = undefined
      clearTimeout(this.#timer)
      for (const [target, type] of this.#signs()) target?.removeEventListener(type, this.#woken)
      this.dispatchEvent(closeEvent(code, reason, wasClean))
    }

    /** Takes a message of the proxy. @returns true: it is about the way back, and not for the protocol */
    #takes(data: unknown): boolean {
      if (this.#away === undefined) clearTimeout(this.#timer)
      if (typeof data !== 'string' || !data.startsWith(ACTION)) {
        this.#received++
        this.#count(sizeOf(data))
        return false
      }
      const { token, forMs = 0, received } = JSON.parse(data) as { token?: string; forMs?: number; received?: number }
      if (token !== undefined) {
        this.#token = token
        this.#forMs = forMs
        this.#received = 0
      }
      if (received !== undefined) {
        for (const frame of this.#kept.splice(0, Math.max(0, received + 1 - this.#first))) {
          this.#first++
          this.#keptBytes -= sizeOf(frame)
        }
      }
      return true
    }

    #wake(): void {
      if ((globalThis as { document?: Document }).document?.visibilityState === 'hidden') return
      if (this.#away !== undefined) return this.#try()
      if (this.#forMs === 0 || this.readyState !== OPEN) return
      // A socket may be dead without a word after the screen was dark.
      const socket = this.#socket
      this.#tell()
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => {
        if (this.#socket !== socket || this.#away !== undefined) return
        this.#lost({ code: ABNORMAL, reason: '', wasClean: false })
        socket.close()
      }, ANSWER_MS)
    }

    #later(delayMs: number, { code, reason }: Lost): void {
      const away = this.#away!
      const detail: ReconnectingDetail = { attempt: away.attempts + 1, delayMs, code, reason }
      this.#say(new CustomEvent('reconnecting', { detail }))
      // A listener may have closed.
      if (this.#away === away) this.#timer = setTimeout(() => this.#try(), delayMs)
    }

    #try(): void {
      const away = this.#away
      if (away === undefined || away.isTrying) return
      clearTimeout(this.#timer)
      away.attempts++
      away.isTrying = true
      const socket = this.#make('back')
      this.#socket = socket
      let refusal: unknown
      socket.addEventListener('open', () => {
        if (this.#auth !== undefined) socket.send(this.#auth)
        socket.send(`${ACTION},"token":${JSON.stringify(this.#token)},"received":${this.#received}}`)
      })
      const answered = ({ data }: MessageEvent): void => {
        if (this.#away !== away) return
        if (typeof data !== 'string' || !data.startsWith(ACTION)) {
          refusal ??= data
          return
        }
        socket.removeEventListener('message', answered)
        this.#away = undefined
        this.#takes(data)
        for (const frame of this.#kept) socket.send(frame)
        this.#listen(socket)
        this.#say(new Event('resumed'))
      }
      socket.addEventListener('message', answered)
      whenLost(socket, how => {
        if (this.#away !== away) return
        away.isTrying = false
        if (!how.wasClean && performance.now() - away.since < this.#forMs)
          return this.#later(Math.random() * Math.min(MAX_DELAY_MS, 250 * 2 ** away.attempts), how)
        // The reason of the proxy, if it has one that forbids further attempts. Otherwise the client may join again.
        if (how.code < 4500) return this.#end({ code: ABNORMAL, reason: how.reason, wasClean: false })
        if (refusal !== undefined) this.dispatchEvent(new MessageEvent('message', { data: refusal }))
        return this.#end(how)
      })
    }

    /** Hands an event to the owner of the connection. */
    #say(detail: Event): void {
      this.dispatchEvent(new CustomEvent('way', { detail }))
    }

    /** Tells the proxy the count, and so asks for its own. */
    #tell(): void {
      this.#bytes = this.#messages = 0
      this.#socket.send(`${ACTION},"received":${this.#received}}`)
    }

    #count(bytes: number): void {
      this.#bytes += bytes
      if ((++this.#messages >= TELL_MESSAGES || this.#bytes >= TELL_BYTES) && this.#forMs > 0) this.#tell()
    }
  }
  return ResumableWebSocket as unknown as WebSocketClass
}
