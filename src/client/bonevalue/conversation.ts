// The requests of two peers to each other on one data channel, both ways and several at once: what waits for an answer,
// what is to be answered, and how the two part without losing a request. Not how the channel comes about.
import type { Call } from './call.ts'
import type { BoneValueErrorCode } from './errors.ts'
import { readFrame, writeRequest, writeResponse, type Frame } from './frames.ts'
import { Outbox, type OutChannel, type Outgoing } from './outbox.ts'
import { Assembler, MAX_TEXT_BYTES } from './parts.ts'

/** The part of RTCDataChannel that is used here, besides sending. */
export interface ConversationChannel extends OutChannel {
  binaryType: string
  addEventListener(type: 'bufferedamountlow', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

/** Answers a request with a JSON value or an error. Only the first call counts. */
export type Reply = (outcome: { readonly response: unknown } | { readonly code: BoneValueErrorCode }) => void

/** The owner of the conversation. */
export interface ConversationOwner {
  /** A request has come. MUST NOT throw. */
  answer(module: string, data: unknown, reply: Reply): void
  /** The other end takes no more requests: these were not taken and may be asked again, elsewhere. */
  saidBye(calls: Call[]): void
  /** The other end breaks the rules. */
  broken(): void
  /** Something has begun or ended; see `isBusy`. */
  changed(): void
}

/** Requests of the other end that may wait for their answers at once. */
const MAX_UNANSWERED = 1000

interface Asked {
  readonly call: Call
  readonly outgoing: Outgoing
}

/** A conversation on an open channel. */
export class Conversation {
  readonly #owner: ConversationOwner
  readonly #outbox: Outbox
  readonly #assembler = new Assembler()
  readonly #asked = new Map<number, Asked>()
  readonly #unanswered = new Map<number, ReturnType<typeof setTimeout>>()
  #id = 0
  #ping = 0
  readonly #pongs = new Map<number, () => void>()
  #state: 'open' | 'leaving' | 'over' = 'open'
  /** Whether this end, or the other, has asked for the connection to be kept. */
  isKept = false
  isKeptByOther = false
  /** Whether this end has asked anything. */
  hasAsked = false

  constructor(channel: ConversationChannel, owner: ConversationOwner) {
    this.#owner = owner
    this.#outbox = new Outbox(channel)
    channel.binaryType = 'arraybuffer'
    channel.addEventListener('message', ({ data }) => {
      if (this.#state !== 'over') this.#receive(data)
    })
  }

  /** Whether an answer is awaited or owed. */
  get isBusy(): boolean {
    return this.#asked.size > 0 || this.#unanswered.size > 0
  }

  /** Asks the other end. */
  ask(call: Call): void {
    const { module, data, keepAlive } = call.question
    const id = ++this.#id
    this.hasAsked = true
    this.isKept ||= keepAlive
    const text = writeRequest(id, module, data, keepAlive, Math.max(1, call.deadline - performance.now()))
    const outgoing = this.#outbox.send(text)
    this.#asked.set(id, { call, outgoing })
    call.onSettled = () => {
      outgoing.cancel()
      this.#asked.delete(id)
      this.#owner.changed()
    }
    this.#owner.changed()
  }

  /** Calls back when the other end has shown to be there. */
  ping(answered: () => void): void {
    this.#pongs.set(++this.#ping, answered)
    this.#outbox.send(`{"ping":${this.#ping}}`)
  }

  /** Takes no more requests. Only while not busy: the other end then knows that its later requests were not taken. */
  sayBye(): void {
    if (this.#state !== 'open') return
    this.#state = 'leaving'
    this.#outbox.send('{"bye":true}')
  }

  /** Ends it. @returns the requests that had no answer yet */
  end(): Call[] {
    this.#state = 'over'
    this.#outbox.stop()
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
    if (frame === undefined) return this.#owner.broken()
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
        return void this.#outbox.send(`{"pong":${frame.number}}`)
      case 'pong':
        return this.#takePong(frame.number)
      case 'bye':
        return this.#owner.saidBye(this.#takeAsked())
    }
  }

  #takePong(number: number): void {
    const answered = this.#pongs.get(number)
    this.#pongs.delete(number)
    answered?.()
  }

  #takeRequest({ id, module, data, keep, ms }: Frame & { kind: 'request' }): void {
    if (this.#state !== 'open') return
    if (this.#unanswered.has(id)) return this.#owner.broken()
    this.isKeptByOther ||= keep
    if (this.#unanswered.size >= MAX_UNANSWERED) return this.#answer(id, { code: 'BUSY' })
    // A module that never answers is forgotten when the other end has stopped waiting.
    this.#unanswered.set(
      id,
      setTimeout(() => this.#forget(id), ms)
    )
    this.#owner.changed()
    this.#owner.answer(module, data, outcome => {
      if (!this.#unanswered.has(id)) return
      this.#answer(id, outcome)
      this.#forget(id)
    })
  }

  #forget(id: number): void {
    clearTimeout(this.#unanswered.get(id))
    this.#unanswered.delete(id)
    this.#owner.changed()
  }

  #answer(id: number, outcome: Parameters<Reply>[0]): void {
    if (this.#state === 'over') return
    this.#outbox.send('code' in outcome ? `{"id":${id},"code":"${outcome.code}"}` : responseText(id, outcome.response))
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

/** Bytes that may stand around data and module name. */
const FRAME_BYTES = 4096

/** Whether a JSON text is too large to be sent. */
export function isTooLarge(json: string): boolean {
  if (json.length * 3 + FRAME_BYTES <= MAX_TEXT_BYTES) return false
  return (
    json.length + FRAME_BYTES > MAX_TEXT_BYTES || new TextEncoder().encode(json).length + FRAME_BYTES > MAX_TEXT_BYTES
  )
}
