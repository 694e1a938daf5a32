// WebSocket frames (RFC 6455 §5.2) as a client of the encrypted stream writes and reads them. A proxy sends each message in
// one frame.

export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** Clients must mask. The stream is encrypted already, so the mask is zero and changes nothing. */
const MASK_BYTES = 4

/** A whole frame. */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = new Uint8Array(2 + extra + MASK_BYTES + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127)
  const view = new DataView(frame.buffer)
  if (extra === 2) view.setUint16(2, length)
  if (extra === 8) view.setBigUint64(2, BigInt(length))
  frame.set(payload, 2 + extra + MASK_BYTES)
  return frame
}

/** The payload of a close frame. */
export function encodeClose(code: number | undefined, reason: string): Uint8Array {
  if (code === undefined) return new Uint8Array(0)
  const text = new TextEncoder().encode(reason)
  const payload = new Uint8Array(2 + text.length)
  new DataView(payload.buffer).setUint16(0, code)
  payload.set(text, 2)
  return payload
}

/** @returns code and reason of a close frame; 1005 without a code */
export function decodeClose(payload: Uint8Array): { code: number; reason: string } {
  if (payload.length < 2) return { code: 1005, reason: '' }
  return {
    code: new DataView(payload.buffer, payload.byteOffset).getUint16(0),
    reason: new TextDecoder().decode(payload.subarray(2))
  }
}

/** Takes a stream of bytes apart into frames. */
export class FrameReader {
  #parts: Uint8Array[] = []
  #length = 0

  /** The first bytes, at most `count`. */
  #peek(count: number): Uint8Array {
    if (this.#parts.length > 1 && (this.#parts[0]?.length ?? 0) < count) this.#parts = [this.#joined()]
    return this.#parts[0]?.subarray(0, count) ?? new Uint8Array(0)
  }

  /** Adds bytes. @returns the frames that are whole now; each payload is a copy */
  *read(bytes: Uint8Array): Generator<{ readonly opcode: number; readonly payload: Uint8Array<ArrayBuffer> }> {
    this.#parts.push(bytes)
    this.#length += bytes.length
    for (;;) {
      const head = this.#peek(10)
      const size = sizeOf(head)
      if (size === undefined || this.#length < size.header + size.payload) return
      const whole = this.#take(size.header + size.payload)
      yield { opcode: head[0]! & 0xf, payload: whole.slice(size.header) }
    }
  }

  #take(count: number): Uint8Array {
    const all = this.#joined()
    this.#parts = count < all.length ? [all.subarray(count)] : []
    this.#length -= count
    return all.subarray(0, count)
  }

  #joined(): Uint8Array {
    if (this.#parts.length === 1) return this.#parts[0]!
    const all = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }
}

/** @returns the length of the header and of the payload; undefined: the header is not whole yet */
function sizeOf(head: Uint8Array): { readonly header: number; readonly payload: number } | undefined {
  const [, second = 0] = head
  if (head.length < 2) return undefined
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  if (second < 126) return { header: 2, payload: second }
  if (second === 126) return head.length < 4 ? undefined : { header: 4, payload: view.getUint16(2) }
  return head.length < 10 ? undefined : { header: 10, payload: Number(view.getBigUint64(2)) }
}
