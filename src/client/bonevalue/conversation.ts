// The requests of two peers to each other on one data channel, both ways and several at once, and a farewell that loses no
// request.
import type { Call } from './call.ts'
import type { BoneValueErrorCode } from './errors.ts'
import { readFrame, writeRequest, writeResponse, type Frame } from './frames.ts'
import { ChannelWriter, type Outgoing, type WritableChannel } from './channel-writer.ts'
import type { Signal } from './direct-connection.ts'
import { Assembler, NO_BYTES } from './parts.ts'
import { pack, type Packed, type Unpackable } from './values.ts'

/** The used parts of an RTCDataChannel. */
export interface ConversationChannel extends WritableChannel {
  binaryType: string
  addEventListener(type: 'bufferedamountlow', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

/** Answers a request with a value or a code. Only the first call counts. */
export type Reply = (outcome: { readonly response: unknown } | { readonly code: BoneValueErrorCode }) => void

export interface ConversationEvents {
  /** A request arrived. MUST NOT throw. @param signal aborts when the other end does not wait any more */
  answer(module: string, data: unknown, signal: AbortSignal, reply: Reply): void
  /** A signal arrived for the connection. */
  signalled(signal: Signal): void
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

/** A request of the other end. */
interface Unanswered {
  readonly timer: ReturnType<typeof setTimeout>
  readonly controller: AbortController
}

export class Conversation {
  readonly #events: ConversationEvents
  readonly #writer: ChannelWriter
  readonly #assembler = new Assembler()
  readonly #asked = new Map<number, Asked>()
  readonly #unanswered = new Map<number, Unanswered>()
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
    const { module, data, keepAlive, isOrdered } = call.question
    const id = ++this.#id
    this.hasAsked = true
    this.isKept ||= keepAlive
    const text = writeRequest(id, module, data, keepAlive, Math.max(1, call.deadline - performance.now()))
    call.wasAsked = true
    const outgoing = this.#writer.send(text, data.binary, isOrdered)
    this.#asked.set(id, { call, outgoing })
    call.onSettled = () => {
      if (this.#asked.delete(id)) {
        outgoing.cancel()
        this.#writer.send(`{"cancel":${id}}`)
      }
      this.#events.changed()
    }
    this.#events.changed()
  }

  /** Calls back when the other end has answered a ping. */
  ping(answered: () => void): void {
    this.#pongs.set(++this.#ping, answered)
    this.#writer.send(`{"ping":${this.#ping}}`)
  }

  signal(signal: Signal): void {
    this.#writer.send(JSON.stringify({ signal }))
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
    for (const id of [...this.#unanswered.keys()]) this.#drop(id)!.controller.abort()
    return this.#takeAsked()
  }

  #takeAsked(): Call[] {
    const calls = Array.from(this.#asked.values(), ({ call }) => call)
    for (const call of calls) call.onSettled = undefined
    this.#asked.clear()
    return calls
  }

  #receive(data: unknown): void {
    const whole =
      typeof data === 'string'
        ? { text: data, binary: NO_BYTES }
        : this.#assembler.take(new Uint8Array(data as ArrayBuffer))
    if (whole === undefined) return
    const frame = whole === false ? undefined : readFrame(whole.text, whole.binary)
    if (frame === undefined) return this.#events.broken()
    this.#take(frame)
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case 'request':
        return this.#takeRequest(frame)
      case 'response':
        return this.#takeAnswer(frame.id, { response: frame.response })
      case 'failure':
        return this.#takeAnswer(frame.id, { code: frame.code })
      case 'cancel':
        if (this.#unanswered.has(frame.id)) this.#forget(frame.id)
        return
      case 'signal':
        return this.#events.signalled(frame.signal)
      case 'ping':
        return void this.#writer.send(`{"pong":${frame.number}}`)
      case 'pong':
        return this.#takePong(frame.number)
      case 'bye':
        return this.#events.saidBye(this.#takeAsked())
    }
  }

  #takeAnswer(id: number, outcome: Parameters<Reply>[0]): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    asked?.call.settle(outcome)
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
    const controller = new AbortController()
    // If a module never answers, the request is forgotten when its time is over.
    this.#unanswered.set(id, { controller, timer: setTimeout(() => this.#forget(id), ms) })
    this.#events.changed()
    let isReplied = false
    this.#events.answer(module, data, controller.signal, outcome => {
      if (isReplied || !this.#unanswered.has(id)) return
      isReplied = true
      const packed = 'code' in outcome ? outcome : pack(outcome.response)
      const send = (ready: Packed | Unpackable): void => {
        this.#answer(id, ready)
        this.#drop(id)
        this.#events.changed()
      }
      if (packed instanceof Promise) void packed.then(send)
      else send(packed)
    })
  }

  /** @returns the request, which waits for no answer any more */
  #drop(id: number): Unanswered | undefined {
    const unanswered = this.#unanswered.get(id)
    clearTimeout(unanswered?.timer)
    this.#unanswered.delete(id)
    return unanswered
  }

  /** The other end does not wait for the answer any more. */
  #forget(id: number): void {
    this.#drop(id)?.controller.abort()
    this.#events.changed()
  }

  #answer(id: number, packed: Packed | Unpackable): void {
    if (this.#state === 'over') return
    if ('code' in packed) this.#writer.send(`{"id":${id},"code":"${packed.code}"}`)
    else this.#writer.send(writeResponse(id, packed), packed.binary)
  }
}
