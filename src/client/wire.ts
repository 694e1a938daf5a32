// Reads and writes the envelope, text and binary. Nothing throws: malformed messages are undefined.

/** Binary data, or a JSON value with its exact JSON text. `text` is the string itself for a string, else the JSON text. */
export type Data =
  | { readonly bytes: ArrayBuffer }
  | { readonly text: string; readonly json: unknown; readonly jsonText: string }

export type Incoming =
  | { readonly action: 'status'; readonly source: string }
  | { readonly action: 'connect' | 'disconnect'; readonly source: string; readonly target: string }
  | { readonly action: 'broadcast' | 'message'; readonly source: string; readonly data: Data }
  | {
      readonly action: 'error'
      readonly code: string
      readonly message: string
      readonly detail: Record<string, unknown>
    }
  /** From a later version of the protocol. */
  | { readonly action: 'unknown' }
  | undefined

const BROADCAST = 3
const MESSAGE = 4

/** The head as proxies of this project write it. The rest, up to the last bracket, is the text of `data`. */
const HEAD =
  /^\{"action":"(broadcast|message)","source":"([!#-[\]-~]{1,255})",(?:"target":"[!#-[\]-~]{1,255}",)?"data":/

/** An id, which is printable ASCII; empty for other values. */
function idOf(value: unknown): string {
  return typeof value === 'string' && /^[!-~]{1,255}$/.test(value) ? value : ''
}

/** @param jsonText the JSON text of `value`, as exact as it is known */
function textData(value: unknown, jsonText: string): Data {
  return { text: typeof value === 'string' ? value : jsonText, json: value, jsonText }
}

export function decodeText(text: string): Incoming {
  try {
    const head = HEAD.exec(text)
    if (head !== null && text.endsWith('}')) {
      const json = text.slice(head[0].length, -1)
      try {
        return { action: head[1] as 'broadcast', source: head[2]!, data: textData(JSON.parse(json), json.trim()) }
      } catch {
        // Other members follow `data`.
      }
    }
    return fromObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

function fromObject(value: unknown): Incoming {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { action, source, target, data = '', code, message, ...detail } = value as Record<string, unknown>
  const [from, to] = [idOf(source), idOf(target)]
  switch (action) {
    case 'status':
      return from === '' ? undefined : { action, source: from }
    case 'connect':
    case 'disconnect':
      return to === '' ? undefined : { action, source: from, target: to }
    case 'broadcast':
    // Other proxies omit empty data.
    case 'message':
      return from === '' ? undefined : { action, source: from, data: textData(data, JSON.stringify(data)) }
    case 'error':
      return { action, code: String(code), message: String(message), detail }
    default:
      return typeof action === 'string' ? { action: 'unknown' } : undefined
  }
}

/** Reads a binary frame `op(1) | source length(1) | source | payload`. */
export function decodeBinary(buffer: ArrayBuffer): Incoming {
  const [op, length = 0] = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength))
  if ((op !== BROADCAST && op !== MESSAGE) || 2 + length > buffer.byteLength) return undefined
  const source = idOf(String.fromCharCode(...new Uint8Array(buffer, 2, length)))
  return source === ''
    ? undefined
    : { action: op === BROADCAST ? 'broadcast' : 'message', source, data: { bytes: buffer.slice(2 + length) } }
}

/** The text that sends a JSON value, given as JSON text, to one peer or, without target, to all. */
export function encodeText(json: string, target: string | undefined): string {
  return target === undefined
    ? `{"action":"broadcast","data":${json}}`
    : `{"action":"message","target":${JSON.stringify(target)},"data":${json}}`
}

/** A binary frame that sends a copy of bytes to one peer or, without target, to all. */
export function encodeBinary(bytes: Uint8Array, target = ''): Uint8Array<ArrayBuffer> {
  const { bytes: frame, start } = startBinary(new Uint8Array(binaryHeadBytes(target) + bytes.length), target)
  frame.set(bytes, start)
  return frame
}

/** Bytes of a binary frame before its payload. */
export function binaryHeadBytes(target: string): number {
  return 2 + target.length
}

/** Writes the head of a binary frame; the payload goes behind `start`. */
export function startBinary(
  bytes: Uint8Array<ArrayBuffer>,
  target: string
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly start: number } {
  bytes[0] = target === '' ? BROADCAST : MESSAGE
  bytes[1] = target.length
  for (let i = 0; i < target.length; i++) bytes[2 + i] = target.charCodeAt(i)
  return { bytes, start: binaryHeadBytes(target) }
}
