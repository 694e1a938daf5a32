// The stream of bytes inside a guest's connection, in records: each is one Noise message and one binary WebSocket message.
// Both sides take a new key after the same number of records.
import type { CipherState } from '../link/wire/noise.ts'

/** Bytes of the stream in one record: a Noise message without its tag. */
export const MAX_RECORD_BYTES = 65_535 - 16
/** Records of a direction under one key. */
export const RECORDS_PER_KEY = 65_536

/** One direction. The cipher is its own from here on. */
class Direction {
  protected readonly cipher: CipherState
  #left = RECORDS_PER_KEY

  constructor(cipher: CipherState) {
    this.cipher = cipher
  }

  protected count(): void {
    if (--this.#left > 0) return
    this.cipher.rekey()
    this.#left = RECORDS_PER_KEY
  }

  /** Overwrites the key. */
  erase(): void {
    this.cipher.erase()
  }
}

/** The sending direction. */
export class RecordSealer extends Direction {
  /** The records for these bytes, in order; fewer if the direction has carried too many messages. */
  *seal(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += MAX_RECORD_BYTES) {
      const sealed = this.cipher.seal(bytes.subarray(at, at + MAX_RECORD_BYTES))
      if (sealed === undefined) return
      this.count()
      yield sealed
    }
  }
}

/** The receiving direction. */
export class RecordOpener extends Direction {
  /** The bytes of the next record; undefined if it is forged, out of order or empty: the connection must end. */
  open(record: Uint8Array): Uint8Array | undefined {
    const bytes = this.cipher.open(record)
    if (bytes === undefined || bytes.length === 0) return undefined
    this.count()
    return bytes
  }
}
