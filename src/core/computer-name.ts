// The name that people give a computer: which texts are one, and the text in a frame of a link. Not the words that every
// computer has (friendly-words.ts).

/** Longest name, in bytes of UTF-8. */
export const MAX_COMPUTER_NAME_BYTES = 64

/** Characters that control, hide or reorder others, break lines, or have no fixed meaning. */
const MISLEADING = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const BLANK_END = /^\p{Z}|\p{Z}$/u

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether a text may be the name of a computer. */
export function isComputerName(text: string): boolean {
  if (text === '' || text.length > MAX_COMPUTER_NAME_BYTES || MISLEADING.test(text) || BLANK_END.test(text))
    return false
  return encoder.encode(text).length <= MAX_COMPUTER_NAME_BYTES
}

/** The body of NAME. @param name undefined: this computer has none */
export function encodeComputerName(name: string | undefined): Uint8Array {
  return encoder.encode(name ?? '')
}

/** The name in a body of NAME; undefined if it is empty, or may not be a name. */
export function decodeComputerName(body: Uint8Array): string | undefined {
  if (body.length > MAX_COMPUTER_NAME_BYTES) return undefined
  try {
    const text = decoder.decode(body)
    return isComputerName(text) ? text : undefined
  } catch {
    return undefined
  }
}
