// The requests of two peers to each other on one data channel, both ways and several at once, and a farewell that loses no
// request.
import type { Call } from './call.ts'
import type { BoneValueErrorCode } from './errors.ts'
import { readFrame, writeRequest, writeResponse, type Frame } from './frames.ts'
import { ChannelWriter, type Outgoing, type WritableChannel } from './channel-writer.ts'
import { Assembler, MAX_TEXT_BYTES } from './parts.ts'

/** The used parts of an RTCDataChannel. */
export interface ConversationChannel extends WritableChannel {
  binaryType: string
  addEventListener(type: 'bufferedamountlow', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

/** Answers a request with a JSON value or a code. Only the first call counts. */
export type Reply = (outcome: { readonly response: unknown } | { readonly code: BoneValueErrorCode }) => void

export interface ConversationEvents {
  /** A request arrived. MUST NOT throw. */
  answer(module: string, data: unknown, reply: Reply): void
  /** The other end takes no more requests. It did not take these, which may be asked elsewhere. */
  saidBye(calls: Call[]): void
  /** The other end broke the rules. */
  broken(): void
  /** A request began or ended; see `isBusy`. */
  changed(): void
}

/** Requests of the other end that may wait for answers at once. */
const MAX_UNANSWERED = 1000

interface Asked {
  readonly call: Call
  readonly outgoing: Outgoing
}

export class Conversation {
  readonly #events: ConversationEvents
  readonly #writer: ChannelWriter
  readonly #assembler = new Assembler()
  readonly #asked = new Map<number, Asked>()
  readonly #unanswered = new Map<number, ReturnType<typeof setTimeout>>()
  #id = 0
  #ping = 0
  readonly #pongs = new Map<number, () => void>()
  #state: 'open' | 'leaving' | 'over' = 'open'
  /** Whether this end, or the other, wants to keep the connection. */
  isKept = false
  isKeptByOther = false
  hasAsked = false

  constructor(channel: ConversationChannel, events: ConversationEvents) {
    this.#events = events
    this.#writer = new ChannelWriter(channel)
    channel.binaryType = 'arraybuffer'
    channel.addEventListener('message', ({ data }) => {
      if (this.#state !== 'over') this.#receive(data)
    })
  }

  /** Whether either end waits for an answer. */
  get isBusy(): boolean {
    return this.#asked.size > 0 || this.#unanswered.size > 0
  }

  ask(call: Call): void {
    const { module, data, keepAlive } = call.question
    const id = ++this.#id
    this.hasAsked = true
    this.isKept ||= keepAlive
    const text = writeRequest(id, module, data, keepAlive, Math.max(1, call.deadline - performance.now()))
    const outgoing = this.#writer.send(text)
    this.#asked.set(id, { call, outgoing })
    call.onSettled = () => {
      outgoing.cancel()
      this.#asked.delete(id)
      this.#events.changed()
    }
    this.#events.changed()
  }

  /** Calls back when the other end has answered a ping. */
  ping(answered: () => void): void {
    this.#pongs.set(++this.#ping, answered)
    this.#writer.send(`{"ping":${this.#ping}}`)
  }

  /** Takes no more requests. Call it while not busy, so that the other end knows that its open requests were not taken. */
  sayBye(): void {
    if (this.#state !== 'open') return
    this.#state = 'leaving'
    this.#writer.send('{"bye":true}')
  }

  /** Ends it. @returns the requests without an answer */
  end(): Call[] {
    this.#state = 'over'
    this.#writer.stop()
    for (const timer of this.#unanswered.values()) clearTimeout(timer)
    this.#unanswered.clear()
    return this.#takeAsked()
  }

  #takeAsked(): Call[] {
    const calls = Array.from(this.#asked.values(), ({ call }) => call)
    for (const call of calls) call.onSettled = undefined
    this.#asked.clear()
    return calls
  }

  #receive(data: unknown): void {
    const text = typeof data === 'string' ? data : this.#assembler.take(new Uint8Array(data as ArrayBuffer))
    if (text === undefined) return
    const frame = text === false ? undefined : readFrame(text)
    if (frame === undefined) return this.#events.broken()
    this.#take(frame)
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case 'request':
        return this.#takeRequest(frame)
      case 'response':
        return this.#asked.get(frame.id)?.call.settle({ response: frame.response })
      case 'failure':
        return this.#asked.get(frame.id)?.call.settle({ code: frame.code })
      case 'ping':
        return void this.#writer.send(`{"pong":${frame.number}}`)
      case 'pong':
        return this.#takePong(frame.number)
      case 'bye':
        return this.#events.saidBye(this.#takeAsked())
    }
  }

  #takePong(number: number): void {
    const answered = this.#pongs.get(number)
    this.#pongs.delete(number)
    answered?.()
  }

  #takeRequest({ id, module, data, keep, ms }: Frame & { kind: 'request' }): void {
    if (this.#state !== 'open') return
    if (this.#unanswered.has(id)) return this.#events.broken()
    this.isKeptByOther ||= keep
    if (this.#unanswered.size >= MAX_UNANSWERED) return this.#answer(id, { code: 'BUSY' })
    // If a module never answers, the request is forgotten when its time is over.
    this.#unanswered.set(
      id,
      setTimeout(() => this.#forget(id), ms)
    )
    this.#events.changed()
    this.#events.answer(module, data, outcome => {
      if (!this.#unanswered.has(id)) return
      this.#answer(id, outcome)
      this.#forget(id)
    })
  }

  #forget(id: number): void {
    clearTimeout(this.#unanswered.get(id))
    this.#unanswered.delete(id)
    this.#events.changed()
  }

  #answer(id: number, outcome: Parameters<Reply>[0]): void {
    if (this.#state === 'over') return
    this.#writer.send('code' in outcome ? `{"id":${id},"code":"${outcome.code}"}` : responseText(id, outcome.response))
  }
}

function responseText(id: number, response: unknown): string {
  let json: string | undefined
  try {
    json = JSON.stringify(response) as string | undefined
  } catch {
    return `{"id":${id},"code":"NOT_JSON"}`
  }
  return isTooLarge(json ?? '') ? `{"id":${id},"code":"TOO_LARGE"}` : writeResponse(id, json)
}

const FRAME_BYTES = 4096

/** Whether a JSON text is too large to send. */
export function isTooLarge(json: string): boolean {
  if (json.length * 3 + FRAME_BYTES <= MAX_TEXT_BYTES) return false
  return (
    json.length + FRAME_BYTES > MAX_TEXT_BYTES || new TextEncoder().encode(json).length + FRAME_BYTES > MAX_TEXT_BYTES
  )
}
