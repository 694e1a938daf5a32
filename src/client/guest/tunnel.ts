// The encrypted connection of a guest: an ordinary WebSocket that carries the handshake and then records. guest-web-socket.ts
// speaks over it.
import { GuestInitiator, invitationId, pskOf } from '../../core/guests/handshake.ts'
import { RecordOpener, RecordSealer } from '../../core/guests/records.ts'
import type { WebSocketClass } from '../connection.ts'
import { primitives } from './primitives.ts'

/** Told in order. After `closed` nothing more comes. */
export interface TunnelEvents {
  /** The proxy has proven the secret. @param facts about the invitation */
  opened(facts: { readonly channel: string }): void
  bytes(bytes: Uint8Array): void
  closed(code: number, reason: string): void
}

/** A code of ours: the proxy at the other end does not have the secret. */
export const WRONG_SECRET = 4516

export class Tunnel {
  readonly #socket: WebSocket
  readonly #events: TunnelEvents
  readonly #noise: GuestInitiator
  #sealer: RecordSealer | undefined
  #opener: RecordOpener | undefined
  #over = false

  /**
   * @param base address of the proxy with ws or wss
   * @param query further facts for the proxy, in the clear
   */
  constructor(base: string, query: string, secret: Uint8Array, Socket: WebSocketClass, events: TunnelEvents) {
    this.#events = events
    const e = primitives.x25519KeyPair(primitives.randomBytes(32))
    this.#noise = new GuestInitiator({ primitives, psk: pskOf(primitives, secret), e })
    const socket = new Socket(`${base}/guest?id=${invitationId(primitives, secret)}${query}`)
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => socket.send(this.#noise.write() as Uint8Array<ArrayBuffer>))
    socket.addEventListener('message', ({ data }: MessageEvent) => this.#receive(new Uint8Array(data as ArrayBuffer)))
    socket.addEventListener('close', ({ code, reason }) => this.#end(code, reason))
    // Without a close event: always Node.js 22.
    socket.addEventListener('error', () => setTimeout(() => socket.readyState === 3 && this.#end(1006, '')))
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(bytes: Uint8Array): void {
    if (this.#over || this.#sealer === undefined) return
    for (const record of this.#sealer.seal(bytes)) this.#socket.send(record as Uint8Array<ArrayBuffer>)
  }

  close(code?: number, reason?: string): void {
    this.#socket.close()
    this.#end(code ?? 1006, reason ?? '')
  }

  #receive(message: Uint8Array): void {
    if (this.#over) return
    if (this.#opener === undefined) return this.#finish(message)
    const bytes = this.#opener.open(message)
    if (bytes === undefined) this.close()
    else this.#events.bytes(bytes)
  }

  #finish(message: Uint8Array): void {
    const read = this.#noise.read(message)
    if (read === undefined) return this.close(WRONG_SECRET, 'NWS_ERR_GUEST_SECRET')
    this.#sealer = new RecordSealer(read.split.c1)
    this.#opener = new RecordOpener(read.split.c2)
    this.#events.opened(JSON.parse(new TextDecoder().decode(read.payload)) as { channel: string })
  }

  #end(code: number, reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#sealer?.erase()
    this.#opener?.erase()
    this.#events.closed(code, reason)
  }
}
