// What a message carries through a channel: JSON text or bytes, never an object built from them. Nothing else.

/** The data of one message. */
export interface Payload {
  /** false: `bytes` are the JSON text of one value, valid UTF-8, nothing around it; true: bytes of any kind. */
  readonly binary: boolean
  readonly bytes: Buffer
}
