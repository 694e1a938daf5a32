// Raw text of clients that know no envelope, as the JSON text that channels carry, and back. Not a parser of either: a
// raw text is the string that it spells, whatever it looks like.

const QUOTE = 0x22
const BACKSLASH = 0x5c

function needsEscapes(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return true
  }
  return false
}

/** The JSON text of the string that `raw`, valid UTF-8, spells. */
export function jsonOfRaw(raw: Buffer): Buffer {
  if (needsEscapes(raw)) return Buffer.from(JSON.stringify(raw.toString()))
  const json = Buffer.allocUnsafe(raw.length + 2)
  json[0] = QUOTE
  raw.copy(json, 1)
  json[json.length - 1] = QUOTE
  return json
}

/**
 * The raw text for a JSON text: a string's own characters, any other value as its JSON text. Half a surrogate pair,
 * which UTF-8 cannot say, becomes U+FFFD.
 *
 * @param json one valid JSON text without anything around it; the result may share its memory
 */
export function rawOfJson(json: Buffer): Buffer {
  if (json[0] !== QUOTE) return json
  return json.includes(BACKSLASH)
    ? Buffer.from(JSON.parse(json.toString()) as string)
    : json.subarray(1, json.length - 1)
}
