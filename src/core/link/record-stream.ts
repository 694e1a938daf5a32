// From WebSocket messages to frames and back: handshake, HELLO, encryption, new keys. Knows the states up to OPEN and
// their times; not what a frame after HELLO means, nor in which order they take effect (inbox.ts).
import { isZero } from '../bytes.ts'
import type { LinkTimings } from './constants.ts'
import type { Cancel, Clock } from '../clock.ts'
import { frameType, readFrames, type Frame, type FrameType } from './frames.ts'
import { HandshakeInitiator, acceptHandshake, linkTranscript, type LinkKeys, type LinkRole } from './handshake.ts'
import { readHello, writeHello } from './hello.ts'
import { linkFault, type LinkFault } from './link-fault.ts'
import type { LinkPrimitives } from './primitives.ts'
import { RecordWriter } from './record-writer.ts'

/** What both ends know once the link is open. */
export interface Session {
  /** The transcript hash, 64 bytes (§5.3). */
  readonly L: Uint8Array
  /** k_same, 32 bytes; secret, for as long as the link lives. */
  readonly sameKey: Uint8Array
  readonly remoteId: Uint8Array
  readonly idI: Uint8Array
  readonly idR: Uint8Array
  readonly verMaxI: number
  readonly verMaxR: number
}

/** Told in order of arrival. After `fault` nothing more comes. */
export interface StreamEvents {
  opened(session: Session): void
  frame(frame: Frame): void
  fault(fault: LinkFault): void
}

/** What a stream is made of. */
export interface StreamOptions {
  readonly role: LinkRole
  readonly primitives: LinkPrimitives
  readonly ownId: Uint8Array
  /** The id that was dialled, for I; `undefined` or zero where it is not known. */
  readonly dialledId?: Uint8Array | undefined
  /** Takes a whole WebSocket message. */
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
  #ownHello: Uint8Array = new Uint8Array(0)
  /** Id that the remote's HELLO must carry. */
  #expectedId: Uint8Array | undefined
  #deadline: Cancel = () => {}
  /** Bytes of WebSocket messages, both ways. */
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
    const { role, primitives, ownId, dialledId, timings } = this.#options
    if (role === 'I') {
      this.#expectedId = dialledId === undefined || isZero(dialledId) ? undefined : dialledId
      this.#handshake = new HandshakeInitiator(primitives, ownId, this.#expectedId)
      this.#send(this.#handshake.w0)
    }
    this.#arm(timings.handshakeMs)
  }

  /** Takes a binary WebSocket message. */
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

  /** Sends what was written. */
  flush(): void {
    this.#writer?.flush()
  }

  /** Ends it and overwrites the keys. */
  end(): void {
    this.#state = 'over'
    this.#deadline()
    this.#handshake?.erase()
    this.#keys?.receive.erase()
    this.#keys?.sameKey.fill(0)
    this.#writer?.erase()
    this.#writer = undefined
  }

  #shakeHands(message: Uint8Array): void {
    const { role, primitives, ownId } = this.#options
    if (role === 'I') {
      const finished = this.#handshake!.finish(message)
      if (finished.ok) this.#sayHello(finished.value)
      else this.#fail(finished)
      return
    }
    const accepted = acceptHandshake(primitives, ownId, message)
    if (!accepted.ok) {
      this.#fail(accepted)
      return
    }
    this.#expectedId = accepted.value.idI
    this.#send(accepted.value.w1)
    this.#sayHello(accepted.value.keys)
  }

  #sayHello(keys: LinkKeys): void {
    const { clock, ownId, timings } = this.#options
    this.#keys = keys
    this.#writer = new RecordWriter(keys.send, clock, timings.rekeyMs, {
      send: message => this.#send(message),
      exhausted: () => this.#fail(linkFault(1008, 'A direction has carried too many messages'))
    })
    this.#ownHello = writeHello(ownId)
    this.#state = 'hello'
    this.#writer.write(frameType.hello, this.#ownHello)
    this.#writer.flush()
    this.#arm(timings.helloMs)
  }

  #open(message: Uint8Array): void {
    const { role } = this.#options
    const plaintext = this.#keys!.receive.open(message)
    if (plaintext === undefined) {
      this.#fail(linkFault(1008, 'A record fails its check'))
      return
    }
    const { frames, fault } = readFrames(plaintext, role === 'I' ? 'R' : 'I')
    for (const frame of frames) {
      if (this.#state === 'hello') this.#meet(frame)
      else if (frame.type === frameType.hello) this.#fail(linkFault(1002, 'HELLO comes twice'))
      else if (frame.type === frameType.rekey) this.#keys!.receive.rekey()
      else this.#events.frame(frame)
      if (this.#over()) return
    }
    if (fault !== undefined) this.#fail(fault)
  }

  #meet(frame: Frame): void {
    const { role, primitives, ownId } = this.#options
    if (frame.type !== frameType.hello) {
      this.#fail(linkFault(1002, 'The first frame is not HELLO'))
      return
    }
    const hello = readHello(frame.body, ownId, this.#expectedId)
    if (!hello.ok) {
      this.#fail(hello)
      return
    }
    const { body, id, verMax } = hello.value
    const [helloI, helloR] = role === 'I' ? [this.#ownHello, body] : [body, this.#ownHello]
    const [idI, idR] = role === 'I' ? [ownId, id] : [id, ownId]
    const own = this.#ownHello[16]!
    const [verMaxI, verMaxR] = role === 'I' ? [own, verMax] : [verMax, own]
    this.#deadline()
    this.#state = 'open'
    const { h, sameKey } = this.#keys!
    this.#events.opened({
      L: linkTranscript(primitives, h, helloI, helloR),
      sameKey,
      remoteId: id,
      idI,
      idR,
      verMaxI,
      verMaxR
    })
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
    this.#deadline = this.#options.clock.after(ms, () =>
      this.#fail(linkFault(1001, 'The remote is silent before HELLO'))
    )
  }

  /** Takes nothing more in; what is to be said yet can still be written. */
  #fail(fault: LinkFault): void {
    if (this.#over()) return
    this.#state = 'over'
    this.#deadline()
    this.#events.fault(fault)
  }
}
