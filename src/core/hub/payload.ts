// The data of a message: JSON text or bytes, never an object that was parsed from them.

export interface Payload {
  /** false: `bytes` are the JSON text of exactly one value in valid UTF-8; true: any bytes. */
  readonly binary: boolean
  readonly bytes: Buffer
}
