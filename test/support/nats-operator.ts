// An operator of NATS with one account, and users of it: NKeys and JWTs as nats-server reads them, written by hand so that
// the tests need no further program. Not the servers (nats.ts).
//
// A key is base32 of its kind, 32 bytes, and CRC-16/XMODEM of both, low byte first; a JWT has a header of its own and is
// signed by the key of the one above: operator, account, user.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

const KINDS = { operator: 14 << 3, account: 0, user: 20 << 3 } as const
const SEED = 18 << 3
type Kind = keyof typeof KINDS

function base32(bytes: Uint8Array): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = Array.from(bytes, byte => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? []).map(five => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')
}

function withChecksum(bytes: readonly number[]): string {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
  }
  return base32(Uint8Array.from([...bytes, crc & 0xff, crc >> 8]))
}

/** A pair of keys. */
interface Identity {
  readonly kind: Kind
  readonly publicKey: string
  readonly seed: string
  readonly key: KeyObject
}

function identity(kind: Kind): Identity {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { x, d } = privateKey.export({ format: 'jwk' }) as { x: string; d: string }
  const first = KINDS[kind]
  return {
    kind,
    key: privateKey,
    publicKey: withChecksum([first, ...Buffer.from(x, 'base64url')]),
    seed: withChecksum([SEED | (first >> 5), (first & 31) << 3, ...Buffer.from(d, 'base64url')])
  }
}

function jwtOf(subject: Identity, issuer: Identity, claims: object = {}, expires?: number): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = {
    jti: createHash('sha256').update(subject.publicKey).digest('hex'),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.publicKey,
    name: subject.kind,
    sub: subject.publicKey,
    ...(expires === undefined ? {} : { exp: expires }),
    nats: { type: subject.kind, version: 2, ...claims }
  }
  const signed = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(body)}`
  return `${signed}.${sign(null, Buffer.from(signed), issuer.key).toString('base64url')}`
}

const NO_LIMIT = { subs: -1, data: -1, payload: -1 }

/** The rights of a user. */
export interface UserClaims {
  /** Subjects that it may publish and subscribe; without: all. */
  readonly allowed?: readonly string[]
  /** Seconds since 1970. */
  readonly expires?: number
}

/** An operator with one account. */
export interface NatsOperator {
  /** Lines for the configuration of a server that trusts it. */
  readonly config: string
  /** The text of a credentials file of a new user of the account. */
  credentials(claims?: UserClaims): string
}

/** Makes one, with keys of its own. */
export function createOperator(): NatsOperator {
  const operator = identity('operator')
  const account = identity('account')
  const accountJwt = jwtOf(account, operator, {
    limits: { ...NO_LIMIT, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  })
  return {
    config: `operator: "${jwtOf(operator, operator)}"\nresolver: MEMORY\nresolver_preload: { ${account.publicKey}: "${accountJwt}" }`,
    credentials({ allowed, expires } = {}) {
      const user = identity('user')
      const only = allowed === undefined ? {} : { allow: allowed }
      const jwt = jwtOf(user, account, { pub: only, sub: only, ...NO_LIMIT }, expires)
      return `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\nNOTICE\n\n-----BEGIN USER NKEY SEED-----\n${user.seed}\n------END USER NKEY SEED------\n`
    }
  }
}
