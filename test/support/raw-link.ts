// One end of a link that says the words of a test, in any order: handshake and encryption are right unless the test
// makes them wrong. For hostile peers; knows nothing of rounds or channels.
import { concat, u16, u8 } from '../../src/core/bytes.ts'
import { frameType, readFrames, type Frame } from '../../src/core/link/wire/frames.ts'
import {
  HandshakeInitiator,
  acceptHandshake,
  type Identity,
  type LinkKeys,
  type LinkRole
} from '../../src/core/link/wire/handshake.ts'
import { readHello, writeHello, type Greeting } from '../../src/core/link/wire/hello.ts'
import type { Result } from '../../src/core/link/result.ts'
import type { LinkPrimitives } from '../../src/core/link/primitives.ts'
import type { SimulatedPort } from './simulation.ts'

export interface RawLinkOptions {
  readonly role: LinkRole
  readonly identity: Identity
  readonly primitives: LinkPrimitives
  /** Body of HELLO instead of a right one; `false` for none. */
  readonly hello?: Uint8Array | false
  /** For I: the first message instead of a right one. */
  readonly w0?: Uint8Array
  readonly dialledId?: Uint8Array
}

/** A frame as bytes. */
export function frameBytes(type: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concat(u8(type), u16(body.length), body)
}

/** The hostile end. */
export class RawLink {
  readonly frames: Frame[] = []
  /** Its name for the session. */
  mine: Uint8Array = new Uint8Array(8).fill(7)
  onFrame: (frame: Frame) => void = () => {}
  keys: LinkKeys | undefined
  readonly #port: SimulatedPort
  readonly #options: RawLinkOptions
  readonly #handshake: HandshakeInitiator | undefined

  constructor(port: SimulatedPort, options: RawLinkOptions) {
    this.#port = port
    this.#options = options
    port.receive = bytes => this.#receive(bytes)
    if (options.role === 'I') {
      this.#handshake = new HandshakeInitiator(options.primitives, options.identity, options.dialledId)
      port.send(options.w0 ?? this.#handshake.w0)
    }
  }

  /** Sends frames as one Noise message. */
  send(...frames: Uint8Array[]): void {
    this.#port.send(this.keys!.send.seal(concat(...frames))!)
  }

  /** The code of the CLOSE that came, or undefined. */
  get closed(): number | undefined {
    const body = this.frames.find(({ type }) => type === frameType.close)?.body
    return body === undefined ? undefined : body[0]! * 256 + body[1]!
  }

  #receive(bytes: Uint8Array): void {
    if (this.keys === undefined) {
      this.#shakeHands(bytes)
      return
    }
    const plaintext = this.keys.receive.open(bytes)
    if (plaintext === undefined) throw new Error('a record fails its check')
    for (const frame of readFrames(plaintext, this.#options.role === 'I' ? 'R' : 'I').frames) {
      if (frame.type === frameType.rekey) this.keys.receive.rekey()
      if (frame.type === frameType.hello && this.#options.role === 'R') this.#greet(readHello(frame.body))
      this.frames.push(frame)
      this.onFrame(frame)
    }
  }

  #shakeHands(bytes: Uint8Array): void {
    const { role, primitives, identity } = this.#options
    if (role === 'I') {
      const finished = this.#handshake!.finish(bytes)
      if (!finished.ok) throw new Error(finished.reason)
      this.keys = finished.value
      this.#greet()
    } else {
      const accepted = acceptHandshake(primitives, identity, bytes)
      if (!accepted.ok) throw new Error(accepted.reason)
      this.keys = accepted.value.keys
      this.#port.send(accepted.value.w1)
    }
  }

  /** Says HELLO; R after it has read the one of I. */
  #greet(theirs?: Result<Greeting>): void {
    const { hello } = this.#options
    if (hello === false) return
    const yours = theirs?.ok === true ? theirs.value.mine : new Uint8Array(8)
    this.send(
      frameBytes(frameType.hello, hello ?? writeHello({ mine: this.mine, yours, received: 0, generation: 1, port: 0 }))
    )
  }
}
