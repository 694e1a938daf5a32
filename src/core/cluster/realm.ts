// The names and keys that follow from one secret: subjects of channels, of proxies and of the hall of all proxies, and
// keys of epochs and senders.
//
//   realm   = base32(HMAC(secret, "nws cluster realm"))[0..16)
//   token   = HMAC(secret, "nws cluster " label 00 what)[0..20)      label: channel, inbox, hall
//   subject = "nws." realm "." base32(token)                         32 characters
//   key     = HMAC(secret, "nws cluster key" 00 epoch(4))[0..32)
//   subkey  = HChaCha20(key, session)                                the key of one sender in one epoch
// HMAC is HMAC-SHA512, base32 is RFC 4648's in lower case.
import { ascii, base32, concat, mapKey, u32, u8 } from '../bytes.ts'
import { EPOCH_MS, TOKEN_BYTES } from './constants.ts'
import type { ClusterPrimitives } from './primitives.ts'

const REALM_CHARACTERS = 16
/** Sender keys that are remembered. */
const MAX_SUBKEYS = 40_000

export function epochOf(time: number): number {
  return Math.floor(time / EPOCH_MS)
}

export class Realm {
  readonly name: string
  /** The subject of all signs of life. */
  readonly hall: string
  readonly #secret: Uint8Array
  readonly #primitives: ClusterPrimitives
  readonly #keys = new Map<number, Uint8Array>()
  readonly #subkeys = new Map<string, Uint8Array>()

  constructor(secret: Uint8Array, primitives: ClusterPrimitives) {
    this.#secret = secret
    this.#primitives = primitives
    this.name = base32(primitives.hmacSha512(secret, ascii('nws cluster realm'))).slice(0, REALM_CHARACTERS)
    this.hall = this.subject(this.#token('hall', new Uint8Array(0)))
  }

  /** Stands for a channel on the wire, 20 bytes. */
  channelToken(name: string): Uint8Array {
    return this.#token('channel', Buffer.from(name, 'utf8'))
  }

  /** The subject of frames for one session. */
  inbox(session: Uint8Array): string {
    return this.subject(this.#token('inbox', session))
  }

  subject(token: Uint8Array): string {
    return `nws.${this.name}.${base32(token)}`
  }

  /** The key of a sender in an epoch. @param remember true for known senders only, so that strangers use no memory */
  subkey(epoch: number, session: Uint8Array, remember: boolean): Uint8Array {
    const name = `${epoch} ${mapKey(session)}`
    const known = this.#subkeys.get(name)
    if (known !== undefined) return known
    const subkey = this.#primitives.hchacha20(this.#key(epoch), session)
    if (remember) {
      if (this.#subkeys.size >= MAX_SUBKEYS) this.#subkeys.clear()
      this.#subkeys.set(name, subkey)
    }
    return subkey
  }

  /** Forgets the keys of all other epochs. */
  keepEpochs(epochs: readonly number[]): void {
    for (const epoch of this.#keys.keys()) if (!epochs.includes(epoch)) this.#keys.delete(epoch)
    for (const name of this.#subkeys.keys()) if (!epochs.includes(Number.parseInt(name, 10))) this.#subkeys.delete(name)
  }

  #key(epoch: number): Uint8Array {
    let key = this.#keys.get(epoch)
    if (key === undefined) {
      key = this.#primitives.hmacSha512(this.#secret, concat(ascii('nws cluster key'), u8(0), u32(epoch))).slice(0, 32)
      this.#keys.set(epoch, key)
    }
    return key
  }

  #token(label: string, what: Uint8Array): Uint8Array {
    return this.#primitives
      .hmacSha512(this.#secret, concat(ascii(`nws cluster ${label}`), u8(0), what))
      .slice(0, TOKEN_BYTES)
  }
}
