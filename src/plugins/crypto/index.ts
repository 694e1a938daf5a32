// The cryptography of this proxy: ids, the loggable tag of a channel name, and the primitives of the link protocol. All
// keys are new in each run, so that nothing links two runs.
import fp from 'fastify-plugin'
import sodium, { ready } from 'libsodium-wrappers-sumo'
import { base32, readU32 } from '../../core/bytes.ts'
import type { LinkPrimitives } from '../../core/link/primitives.ts'
import { createIdentity, type Identity } from '../../core/link/wire/handshake.ts'
import { createLinkPrimitives } from './primitives.ts'

declare module 'fastify' {
  interface FastifyInstance {
    crypto: Crypto
  }
}

/** The decorator `crypto`. All functions are synchronous and cheap. */
export interface Crypto {
  /** The key pair of this run, by which other proxies know this one. */
  readonly identity: Identity
  /** This run's id in discovery and links: 16 bytes, and their base32 text of 26 characters. */
  readonly proxyId: { readonly bytes: Uint8Array; readonly text: string }
  /**
   * Stands for a channel in logs, metrics and errors: 8 hexadecimal digits, the first 4 bytes of a BLAKE2b-256 of the
   * name under a key of this run.
   */
  channelTag(name: string): string
  /**
   * Key of state per name that must not hold the name itself (guess budgets): 32 hexadecimal digits of the same hash.
   * Never for a log.
   */
  channelKey(name: string): string
  /** A new peer id: 128 random bits as 22 characters of A-Z a-z 0-9 _ -. */
  peerId(): string
  /** Random bytes that cannot be guessed. */
  randomBytes(count: number): Uint8Array
  /** A random number in [0, 1), of 32 bits. */
  readonly random: () => number
  /** The primitives of core/link. */
  readonly link: LinkPrimitives
}

/** Remembered hashes, so that a busy channel is not hashed for each log line. */
const REMEMBERED_NAMES = 4096
const PEER_ID_BYTES = 16

/** A keyed hash of names that remembers the last ones. */
function createNameHash(key: Uint8Array): (name: string) => string {
  const remembered = new Map<string, string>()
  return name => {
    let hash = remembered.get(name)
    if (hash === undefined) {
      hash = sodium.crypto_generichash(32, Buffer.from(name, 'utf8'), key, 'hex')
      if (remembered.size >= REMEMBERED_NAMES) remembered.delete(remembered.keys().next().value ?? '')
    } else {
      remembered.delete(name)
    }
    remembered.set(name, hash)
    return hash
  }
}

/** The cryptography of one run, without Fastify. */
export async function createCrypto(): Promise<Crypto> {
  await ready
  const link = createLinkPrimitives(sodium)
  const identity = createIdentity(link)
  const bytes = identity.id
  const hashOf = createNameHash(link.randomBytes(32))
  return {
    identity,
    proxyId: { bytes, text: base32(bytes) },
    channelTag: name => hashOf(name).slice(0, 8),
    channelKey: name => hashOf(name).slice(0, 32),
    peerId: () => Buffer.from(link.randomBytes(PEER_ID_BYTES)).toString('base64url'),
    randomBytes: count => link.randomBytes(count),
    random: () => readU32(link.randomBytes(4), 0) / 2 ** 32,
    link
  }
}

export default fp(
  async app => {
    app.decorate('crypto', await createCrypto())
  },
  { name: 'nws-crypto', fastify: '5.x' }
)
