// Encodes WebSocket frames as a server sends them (RFC 6455 §5.2): unmasked, and one frame for each message.

/** Opcode of a text frame. */
export const TEXT = 0x1
/** Opcode of a binary frame. */
export const BINARY = 0x2

/** Bytes of the header of a frame with `length` bytes of payload. */
function headerLength(length: number): number {
  return length < 126 ? 2 : length < 65536 ? 4 : 10
}

/**
 * A buffer with the header of a frame and room for `length` bytes of payload.
 *
 * @returns the buffer. The payload starts at `frame.length - length`
 */
export function startFrame(opcode: number, length: number): Buffer {
  const header = headerLength(length)
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = 0x80 | opcode
  if (header === 2) {
    frame[1] = length
  } else if (header === 4) {
    frame[1] = 126
    frame[2] = length >>> 8
    frame[3] = length & 0xff
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  return frame
}

/** A text frame of `text`. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const frame = startFrame(TEXT, length)
  frame.write(text, frame.length - length)
  return frame
}

/** A text frame of ASCII text; cheaper than `textFrame`. */
export function asciiFrame(text: string): Buffer {
  const frame = startFrame(TEXT, text.length)
  frame.write(text, frame.length - text.length, 'latin1')
  return frame
}

/** A text frame of a JSON object: `head` is its ASCII start, `value` the JSON text of its last member. */
export function objectFrame(head: string, value: Buffer): Buffer {
  const length = head.length + value.length + 1
  const frame = startFrame(TEXT, length)
  const start = frame.length - length
  frame.write(head, start, 'latin1')
  frame.set(value, start + head.length)
  frame[frame.length - 1] = 0x7d // }
  return frame
}

/** A frame of these bytes. */
export function bytesFrame(opcode: number, payload: Uint8Array): Buffer {
  const frame = startFrame(opcode, payload.length)
  frame.set(payload, frame.length - payload.length)
  return frame
}
