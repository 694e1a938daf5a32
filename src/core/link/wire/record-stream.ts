// From messages to frames and back: handshake, HELLO, encryption, new keys. Knows the states up to OPEN and their times.
// session/inbox.ts orders the frames after HELLO.
import type { LinkTimings } from '../constants.ts'
import type { Cancel, Clock } from '../../clock.ts'
import type { LinkPrimitives } from '../primitives.ts'
import { fault, type Fault } from '../result.ts'
import { frameType, readFrames, type Frame, type FrameType } from './frames.ts'
import {
  HandshakeInitiator,
  acceptHandshake,
  linkTranscript,
  type Identity,
  type LinkKeys,
  type LinkRole
} from './handshake.ts'
import { readHello, writeHello, type Greeting } from './hello.ts'
import { RecordWriter } from './record-writer.ts'

/** What both ends know once the link is open. */
export interface LinkTerms {
  /** The transcript hash, 64 bytes. */
  readonly L: Uint8Array
  /** Proven by the handshake. */
  readonly remoteId: Uint8Array
  readonly idI: Uint8Array
  readonly idR: Uint8Array
}

/** What both ends have said in their HELLOs. */
export interface Greetings {
  readonly ours: Greeting
  readonly theirs: Greeting
}

/** Told in order of arrival. After `fault` nothing more comes. */
export interface StreamEvents {
  /** HELLO is about to be written: what to say. @param theirs the remote's HELLO, which only R has by then */
  greet(remoteId: Uint8Array, theirs: Greeting | undefined): Greeting
  opened(terms: LinkTerms, greetings: Greetings): void
  /** A message has passed its check; its frames follow. */
  heard(): void
  frame(frame: Frame): void
  fault(fault: Fault): void
}

/** The parts of a stream. */
export interface StreamOptions {
  readonly role: LinkRole
  readonly primitives: LinkPrimitives
  readonly identity: Identity
  /** For I: the id that must answer; `undefined` if any will do. */
  readonly dialledId?: Uint8Array | undefined
  /** Takes a whole message. */
  readonly send: (message: Uint8Array) => void
  readonly clock: Clock
  readonly timings: LinkTimings
}

/** One end of a link below its frames. States: noise → hello → open → over. */
export class RecordStream {
  readonly #options: StreamOptions
  readonly #events: StreamEvents
  #state: 'noise' | 'hello' | 'open' | 'over' = 'noise'
  #handshake: HandshakeInitiator | undefined
  #keys: LinkKeys | undefined
  #writer: RecordWriter | undefined
  #greeting: Greeting | undefined
  #deadline: Cancel = () => {}
  /** Bytes of messages, both ways. */
  readonly bytes = { in: 0, out: 0 }

  constructor(options: StreamOptions, events: StreamEvents) {
    this.#options = options
    this.#events = events
  }

  get open(): boolean {
    return this.#state === 'open'
  }

  /** Begins: I sends W0. */
  start(): void {
    const { role, primitives, identity, dialledId, timings } = this.#options
    if (role === 'I') {
      this.#handshake = new HandshakeInitiator(primitives, identity, dialledId)
      this.#send(this.#handshake.w0)
    }
    this.#arm(timings.handshakeMs)
  }

  /** Takes a message. */
  receive(message: Uint8Array): void {
    this.bytes.in += message.length
    if (this.#state === 'noise') this.#shakeHands(message)
    else if (this.#state !== 'over') this.#open(message)
  }

  /** Adds a frame to this turn's message; does nothing before HELLO was sent or after the end. */
  write(type: FrameType, body: Uint8Array): void {
    this.#writer?.write(type, body)
  }

  /** The same for DATA. @see RecordWriter.writeData */
  writeData(handle: Uint8Array, flags: number, head: Uint8Array, payload: Uint8Array): void {
    this.#writer?.writeData(handle, flags, head, payload)
  }

  /** Sends the written frames. */
  flush(): void {
    this.#writer?.flush()
  }

  /** Ends it and overwrites the keys. */
  end(): void {
    this.#state = 'over'
    this.#deadline()
    this.#handshake?.erase()
    this.#keys?.receive.erase()
    this.#writer?.erase()
    this.#writer = undefined
  }

  #shakeHands(message: Uint8Array): void {
    const { role, primitives, identity, timings } = this.#options
    if (role === 'I') {
      const finished = this.#handshake!.finish(message)
      if (!finished.ok) {
        this.#fail(finished)
        return
      }
      this.#begin(finished.value)
      this.#greet(undefined)
    } else {
      const accepted = acceptHandshake(primitives, identity, message)
      if (!accepted.ok) {
        this.#fail(accepted)
        return
      }
      this.#send(accepted.value.w1)
      this.#begin(accepted.value.keys)
    }
    this.#state = 'hello'
    this.#arm(timings.helloMs)
  }

  #begin(keys: LinkKeys): void {
    const { clock, timings } = this.#options
    this.#keys = keys
    this.#writer = new RecordWriter(keys.send, clock, timings.rekeyMs, {
      send: message => this.#send(message),
      exhausted: () => this.#fail(fault(1008, 'A direction has carried too many messages'))
    })
  }

  /** Says HELLO. R does so when it has read the one of I, which proves the id of I. */
  #greet(theirs: Greeting | undefined): Greeting {
    const greeting = this.#events.greet(this.#keys!.remoteId, theirs)
    this.#greeting = greeting
    this.#writer!.write(frameType.hello, writeHello(greeting))
    this.#writer!.flush()
    return greeting
  }

  #open(message: Uint8Array): void {
    const plaintext = this.#keys!.receive.open(message)
    if (plaintext === undefined) {
      this.#fail(fault(1008, 'A record fails its check'))
      return
    }
    this.#events.heard()
    const { frames, fault: broken } = readFrames(plaintext, this.#options.role === 'I' ? 'R' : 'I')
    for (const frame of frames) {
      if (this.#state === 'hello') this.#meet(frame)
      else if (frame.type === frameType.hello) this.#fail(fault(1002, 'HELLO comes twice'))
      else if (frame.type === frameType.rekey) this.#keys!.receive.rekey()
      else this.#events.frame(frame)
      if (this.#over()) return
    }
    if (broken !== undefined) this.#fail(broken)
  }

  #meet(frame: Frame): void {
    const { role, primitives, identity } = this.#options
    if (frame.type !== frameType.hello) {
      this.#fail(fault(1002, 'The first frame is not HELLO'))
      return
    }
    const hello = readHello(frame.body)
    if (!hello.ok) {
      this.#fail(hello)
      return
    }
    const theirs = hello.value
    const body = frame.body.slice()
    const ours = this.#greeting ?? this.#greet(theirs)
    const own = writeHello(ours)
    const { h, remoteId } = this.#keys!
    const [helloI, helloR] = role === 'I' ? [own, body] : [body, own]
    const [idI, idR] = role === 'I' ? [identity.id, remoteId] : [remoteId, identity.id]
    this.#deadline()
    this.#state = 'open'
    const terms = { L: linkTranscript(primitives, h, helloI, helloR), remoteId, idI, idR }
    this.#events.opened(terms, { ours, theirs })
  }

  #send(message: Uint8Array): void {
    this.bytes.out += message.length
    this.#options.send(message)
  }

  #over(): boolean {
    return this.#state === 'over'
  }

  #arm(ms: number): void {
    this.#deadline()
    this.#deadline = this.#options.clock.after(ms, () => this.#fail(fault(4001, 'The remote is silent before HELLO')))
  }

  /** Takes nothing more in; frames can still be written. */
  #fail(reason: Fault): void {
    if (this.#over()) return
    this.#state = 'over'
    this.#deadline()
    this.#events.fault(reason)
  }
}
