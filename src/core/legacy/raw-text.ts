// Converts the raw text of clients without an envelope to the JSON text that channels carry, and back. A raw text is always a
// string, even if it looks like JSON.

const QUOTE = 0x22
const BACKSLASH = 0x5c

function needsEscapes(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return true
  }
  return false
}

/** The JSON text of a string. @param raw valid UTF-8 */
export function jsonOfRaw(raw: Buffer): Buffer {
  if (needsEscapes(raw)) return Buffer.from(JSON.stringify(raw.toString()))
  const json = Buffer.allocUnsafe(raw.length + 2)
  json[0] = QUOTE
  raw.copy(json, 1)
  json[json.length - 1] = QUOTE
  return json
}

/**
 * The raw text of a JSON text: the characters of a string, and the JSON text of any other value. Half a surrogate pair, which
 * UTF-8 cannot encode, becomes U+FFFD.
 *
 * @param json one valid JSON text and nothing else; the result may share its memory
 */
export function rawOfJson(json: Buffer): Buffer {
  if (json[0] !== QUOTE) return json
  return json.includes(BACKSLASH)
    ? Buffer.from(JSON.parse(json.toString()) as string)
    : json.subarray(1, json.length - 1)
}
