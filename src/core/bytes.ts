// Bytes: big-endian integers, comparison, CPace's length-value strings, base32.

export function u8(value: number): Uint8Array {
  return Uint8Array.of(value)
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value)
}

/** Four bytes, big-endian. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** Eight bytes, big-endian, of an integer from 0 to 2^53 − 1. */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  writeU64(bytes, 0, value)
  return bytes
}

/** Writes eight bytes, big-endian, of an integer from 0 to 2^53 − 1. */
export function writeU64(target: Uint8Array, offset: number, value: number): void {
  writeU32(target, offset, Math.floor(value / 0x1_0000_0000))
  writeU32(target, offset + 4, value)
}

/** Writes four bytes, big-endian, of `value` modulo 2^32. */
export function writeU32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
}

/** The big-endian integer in two bytes. Bytes beyond the end are zero. */
export function readU16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}

/** The big-endian integer in four bytes, never negative. Bytes beyond the end are zero. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return ((readU16(bytes, offset) << 16) | readU16(bytes, offset + 2)) >>> 0
}

/** The big-endian integer in eight bytes; `undefined` above 2^53 − 1. */
export function readU64(bytes: Uint8Array, offset: number): number | undefined {
  const value = readU32(bytes, offset) * 0x1_0000_0000 + readU32(bytes, offset + 4)
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** CPace's lv_cat: each item preceded by its length as LEB128 (draft-irtf-cfrg-cpace-21 §5). */
export function lv(...items: readonly Uint8Array[]): Uint8Array {
  // Written in place: a round makes thousands, and many short-lived arrays make the garbage collector pause.
  let length = 0
  for (const item of items) length += leb128Length(item.length) + item.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const item of items) {
    let rest = item.length
    for (; rest >= 0x80; rest >>>= 7) whole[offset++] = (rest & 0x7f) | 0x80
    whole[offset++] = rest
    whole.set(item, offset)
    offset += item.length
  }
  return whole
}

/** The size of a length in LEB128, bytes. */
function leb128Length(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest >>>= 7) bytes += 1
  return bytes
}

/**
 * Negative if `a` sorts before `b` by bytes, zero if they are equal, else positive. A prefix sorts first. Not constant in
 * time: for public values only.
 */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length)
  for (let i = 0; i < common; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Whether every byte is zero. Not constant in time. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every(byte => byte === 0)
}

/** A text with one character per byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  // Buffer's decoder makes a flat string. One built by + is flattened at its first use as a key.
  return Buffer.prototype.latin1Slice.call(bytes, start, end)
}

/** Bytes as a key for a Map or Set. */
export function mapKey(bytes: Uint8Array): string {
  return latin1(bytes, 0, bytes.length)
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** RFC 4648 base32, lower case, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    for (; bits >= 5; bits -= 5) text += BASE32[(held >>> (bits - 5)) & 31]
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31]
}

/**
 * The bytes of a base32 text in either case. `undefined` for other characters, for impossible lengths, and for unused bits
 * that are set: each value has one spelling.
 */
export function fromBase32(text: string): Uint8Array | undefined {
  if ([1, 3, 6].includes(text.length % 8)) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let held = 0
  let length = 0
  for (const character of text.toLowerCase()) {
    const value = BASE32.indexOf(character)
    if (value < 0) return undefined
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[length++] = (held >>> bits) & 0xff
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined
}
