// The encrypted stream of one guest as a socket: bytes that the proxy writes leave as records, and the bytes of received
// records can be read. It carries the frames of an ordinary WebSocket.
import { Duplex } from 'node:stream'
import { BINARY, bytesFrame } from '../../core/websocket-frame.ts'
import type { RecordOpener, RecordSealer } from '../../core/guests/records.ts'
import type { WebSocket } from '../../core/hub/client-socket.ts'

/** What carries the records. */
export interface TunnelCarrier {
  readonly websocket: WebSocket
  /** The TCP socket under the WebSocket: whole frames are written to it, past ws. */
  readonly transport: Pick<NodeJS.WritableStream, 'once' | 'off'> & {
    readonly writableNeedDrain: boolean
    write(bytes: Buffer): boolean
  }
}

/** `WebSocket.OPEN`. */
const OPEN = 1
/** Time in which further writes are collected, so that many small messages become one record. Milliseconds. */
const COLLECT_MS = 5

export class Tunnel extends Duplex {
  readonly #carrier: TunnelCarrier
  readonly #sealer: RecordSealer
  readonly #opener: RecordOpener
  #waiting: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(carrier: TunnelCarrier, sealer: RecordSealer, opener: RecordOpener) {
    super({ allowHalfOpen: true })
    this.#carrier = carrier
    this.#sealer = sealer
    this.#opener = opener
  }

  /** Takes a record of the guest. @returns false: it is forged, and the connection must end */
  receive(record: Buffer): boolean {
    const bytes = this.#opener.open(record)
    if (bytes === undefined) return false
    if (!this.push(bytes)) this.#carrier.websocket.pause()
    return true
  }

  override _read(): void {
    this.#carrier.websocket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#send(chunk, done)
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done)
  }

  override _final(done: () => void): void {
    this.#carrier.websocket.close(1000, '')
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer)
    this.#unwait()
    this.#sealer.erase()
    this.#opener.erase()
    this.#carrier.websocket.terminate()
    done(error)
  }

  #send(bytes: Buffer, done: () => void): void {
    const { websocket, transport } = this.#carrier
    if (websocket.readyState === OPEN)
      for (const record of this.#sealer.seal(bytes)) transport.write(bytesFrame(BINARY, record))
    if (transport.writableNeedDrain) {
      this.#waiting = done
      transport.once('drain', this.#drained)
    } else {
      this.#timer = setTimeout(done, COLLECT_MS)
    }
  }

  readonly #drained = (): void => {
    const done = this.#waiting
    this.#waiting = undefined
    done?.()
  }

  #unwait(): void {
    this.#waiting = undefined
    this.#carrier.transport.off('drain', this.#drained)
  }
}
