// What a timeline records: one moment of a channel. Types, and the bytes of a message.

export type MomentKind = 'message' | 'join' | 'leave' | 'link' | 'page' | 'fault'

/** The data of a message: a string, the JSON text of any other value, or bytes. */
export type Payload =
  | { readonly type: 'text' | 'json'; readonly text: string }
  | { readonly type: 'binary'; readonly bytes: Uint8Array<ArrayBuffer> }

/** One moment, as it is recorded, exported and imported. */
export interface Moment {
  /** Milliseconds since the epoch, with fractions. */
  readonly at: number
  readonly kind: MomentKind
  /** Id of the peer that sends, comes or goes. Empty: none. */
  readonly from: string
  /** Id of the peer that a direct message goes to. Empty: all. */
  readonly to: string
  /** Id of the proxy of the peer, or at the other end of the link. Empty: unknown. */
  readonly proxy: string
  /** The sender is the page itself. */
  readonly own: boolean
  /** The data of a message. */
  readonly payload?: Payload
  /** What happened, for links, the page and faults. */
  readonly words?: string
}

const encoder = new TextEncoder()

/** The bytes of a payload. */
export function bytesOf(payload: Payload): Uint8Array<ArrayBuffer> {
  return payload.type === 'binary' ? payload.bytes : encoder.encode(payload.text)
}

/** How many bytes a payload has. */
export function lengthOf(payload: Payload): number {
  if (payload.type === 'binary') return payload.bytes.length
  // Most texts are ASCII. Encoding each of them twice would cost time.
  const { text } = payload
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return bytesOf(payload).length
  return text.length
}

/** The payload of a message as the client library gives it. @param json the value; undefined for binary data */
export function payloadOf(data: string | ArrayBuffer, json: unknown): Payload {
  if (typeof data !== 'string') return { type: 'binary', bytes: new Uint8Array(data) }
  return { type: json === undefined || typeof json === 'string' ? 'text' : 'json', text: data }
}
