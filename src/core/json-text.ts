// A scanner that validates the UTF-8 bytes of JSON text (RFC 8259). It finds the end of a value without building the value,
// so that the proxy can pass the text on unchanged. Callers validate UTF-8. Nesting costs no stack.

/** Result for bytes that are no JSON value. */
export const NOT_JSON = -1
/** Result for a value with too many arrays and objects open at once. */
export const TOO_DEEP = -2

/** Deepest nesting that callers may allow. */
export const DEPTH_LIMIT = 256

const OBJECT = 1
const ARRAY = 2
// One stack serves all calls, because a scan ends before the next one starts.
const open = new Uint8Array(DEPTH_LIMIT + 1)

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LETTER_U = 0x75

/** 1 for bytes that are JSON white space. */
const SPACE = new Uint8Array(256)
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) SPACE[byte] = 1
/** 1 for bytes that stand for themselves in a string. */
const PLAIN = new Uint8Array(256)
for (let byte = 0x20; byte < 256; byte++) PLAIN[byte] = byte === QUOTE || byte === BACKSLASH ? 0 : 1
/** 1 for bytes that may follow a backslash, except `u`. */
const ESCAPE = new Uint8Array(256)
for (const char of '"\\/bfnrt') ESCAPE[char.charCodeAt(0)] = 1
/** 1 for hexadecimal digits. */
const HEX = new Uint8Array(256)
for (const char of '0123456789abcdefABCDEF') HEX[char.charCodeAt(0)] = 1

/** Offset of the first byte from `at` on that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && SPACE[bytes[at]!] === 1) at++
  return at
}

/** Offset after the string whose opening quote is at `at`, or `NOT_JSON`. */
export function scanString(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== QUOTE || at >= end) return NOT_JSON
  at++
  while (at < end) {
    const byte = bytes[at]!
    if (PLAIN[byte] === 1) {
      at++
    } else if (byte === QUOTE) {
      return at + 1
    } else if (byte === BACKSLASH && at + 1 < end) {
      const escaped = bytes[at + 1]!
      if (ESCAPE[escaped] === 1) {
        at += 2
      } else if (
        escaped === LETTER_U &&
        at + 5 < end &&
        HEX[bytes[at + 2]!] === 1 &&
        HEX[bytes[at + 3]!] === 1 &&
        HEX[bytes[at + 4]!] === 1 &&
        HEX[bytes[at + 5]!] === 1
      ) {
        at += 6
      } else {
        return NOT_JSON
      }
    } else {
      return NOT_JSON
    }
  }
  return NOT_JSON
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isDigit(bytes[at])) at++
  return at
}

function scanNumber(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === 0x2d) at++
  if (at >= end) return NOT_JSON
  if (bytes[at] === 0x30) {
    at++
  } else {
    const after = skipDigits(bytes, at, end)
    if (after === at) return NOT_JSON
    at = after
  }
  if (at < end && bytes[at] === 0x2e) {
    const after = skipDigits(bytes, at + 1, end)
    if (after === at + 1) return NOT_JSON
    at = after
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at++
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++
    const after = skipDigits(bytes, at, end)
    if (after === at) return NOT_JSON
    at = after
  }
  return at
}

function scanWord(bytes: Uint8Array, at: number, end: number, word: string): number {
  if (at + word.length > end) return NOT_JSON
  for (let i = 1; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return NOT_JSON
  return at + word.length
}

function scanScalar(bytes: Uint8Array, at: number, end: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return scanString(bytes, at, end)
    case 0x74:
      return scanWord(bytes, at, end, 'true')
    case 0x66:
      return scanWord(bytes, at, end, 'false')
    case 0x6e:
      return scanWord(bytes, at, end, 'null')
    default:
      return scanNumber(bytes, at, end)
  }
}

/** Offset of the value whose key starts at `at`, or `NOT_JSON`. */
function scanKey(bytes: Uint8Array, at: number, end: number): number {
  at = scanString(bytes, at, end)
  if (at < 0) return NOT_JSON
  at = skipSpace(bytes, at, end)
  if (at >= end || bytes[at] !== 0x3a) return NOT_JSON
  return skipSpace(bytes, at + 1, end)
}

/**
 * Offset after the JSON value whose first byte is at `at`, or `NOT_JSON`, or `TOO_DEEP`.
 *
 * @param maxDepth arrays and objects that may be open at once, at most `DEPTH_LIMIT`
 */
export function scanValue(bytes: Uint8Array, at: number, end: number, maxDepth: number): number {
  let depth = 0
  for (;;) {
    if (at >= end) return NOT_JSON
    // A value begins at `at`.
    const byte = bytes[at]!
    if (byte === 0x7b || byte === 0x5b) {
      if (depth === maxDepth) return TOO_DEEP
      const isObject = byte === 0x7b
      at = skipSpace(bytes, at + 1, end)
      if (at < end && bytes[at] === (isObject ? 0x7d : 0x5d)) {
        at++
      } else {
        open[depth++] = isObject ? OBJECT : ARRAY
        if (isObject) {
          at = scanKey(bytes, at, end)
          if (at < 0) return NOT_JSON
        }
        continue
      }
    } else {
      at = scanScalar(bytes, at, end)
      if (at < 0) return NOT_JSON
    }
    // A value has ended at `at`. Close arrays and objects that end here, then go on to the next value.
    for (;;) {
      if (depth === 0) return at
      at = skipSpace(bytes, at, end)
      if (at >= end) return NOT_JSON
      const next = bytes[at]!
      const isObject = open[depth - 1] === OBJECT
      if (next === 0x2c) {
        at = skipSpace(bytes, at + 1, end)
        if (isObject) {
          at = scanKey(bytes, at, end)
          if (at < 0) return NOT_JSON
        }
        break
      }
      if (next !== (isObject ? 0x7d : 0x5d)) return NOT_JSON
      depth--
      at++
    }
  }
}

/**
 * Whether `bytes` are exactly one JSON value, nested no deeper than `maxDepth`, without outer white space. Does not check
 * UTF-8.
 */
export function isJsonText(bytes: Uint8Array, maxDepth: number): boolean {
  return scanValue(bytes, 0, bytes.length, maxDepth) === bytes.length
}
