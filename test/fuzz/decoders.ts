// Every decoder with what must hold for any bytes: it gives a value or says why not, never throws, and where there is
// another opinion (JSON.parse, the bytes that went in) it agrees. Not a test file: decoders.test.ts and `npm run fuzz`.
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { decodeBinaryRequest } from '../../src/core/binary-envelope.ts'
import { parseAddress, sourceFrom } from '../../src/core/dns-sd/address-policy.ts'
import { RemoteTable } from '../../src/core/dns-sd/remote-table.ts'
import { decodePublish, decodeRequest } from '../../src/core/envelope.ts'
import { readSettings } from '../../src/core/environment.ts'
import { catalogue, NwsError } from '../../src/core/errors.ts'
import { createHostPolicy, parseAllowedHost } from '../../src/core/host-policy.ts'
import { isJsonText } from '../../src/core/json-text.ts'
import {
  decodeChannelMessage,
  encodePeerMessageHead,
  encodePresence,
  isDataText
} from '../../src/core/link/wire/channel-message.ts'
import { FRAME_HEADER_BYTES } from '../../src/core/link/constants.ts'
import { frameType, readFrames } from '../../src/core/link/wire/frames.ts'
import { HandshakeInitiator, acceptHandshake, createIdentity } from '../../src/core/link/wire/handshake.ts'
import { readHello, writeHello } from '../../src/core/link/wire/hello.ts'
import {
  readElements,
  readItems,
  readM1Header,
  readM2Header,
  writeElements,
  writeItems
} from '../../src/core/link/matching/round/round-messages.ts'
import { decodeControl } from '../../src/core/legacy/numbered-envelope.ts'
import { createOriginPolicy, isOrigin } from '../../src/core/origin-policy.ts'
import { parsePeerAddress } from '../../src/core/peer-address.ts'
import { jsonOfRaw, rawOfJson } from '../../src/core/legacy/raw-text.ts'
import { settingNames, variableOf } from '../../src/core/settings.ts'
import { createCrypto } from '../../src/plugins/crypto/index.ts'
import { readResponse, writeBrowseQuery, writeResponse } from '../../src/plugins/discovery/messages.ts'
import { frameBytes } from '../support/raw-link.ts'
import { mutated } from './mutation.ts'

/** Bytes of the frames that a reader of a link does not know and passes over. */
function extensionBytes(plaintext: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < plaintext.length;) {
    const length = FRAME_HEADER_BYTES + (plaintext[at + 1]! << 8) + plaintext[at + 2]!
    if (plaintext[at]! >= 0x80 && plaintext[at] !== frameType.name) sum += length
    at += length
  }
  return sum
}

/** One decoder. */
export interface Target {
  readonly name: string
  readonly property: fc.IProperty<unknown>
}

const DEPTH = 8
const { link: primitives } = await createCrypto()
const id = (fill: number): Uint8Array => new Uint8Array(16).fill(fill)
const identities = [createIdentity(primitives), createIdentity(primitives)] as const
const message = encodePeerMessageHead({ source: 'abc', seq: 1, binary: false })

const JSON_SEEDS = [
  '{"action":"broadcast","data":{"a":[1,2.50,"\\u0041\\ud83d\\ude00"],"b":null}}',
  '{"action":"message","target":"abc","data":1e400}',
  '{"action":"status"}',
  '{"action":"auth","token":"t"}',
  '{"\\u0061ction":"status","action":"broadcast","data":"","data":2}',
  ' {"action" : "broadcast"} ',
  '[[[[[[[[[[1]]]]]]]]]]',
  '"text"',
  '-0.0'
]
const JSON_WORDS = [
  '"action"',
  '"data"',
  '"target"',
  '"__proto__"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u',
  '\\ud800',
  '\ufeff',
  '\0',
  'null',
  '1e999',
  '-',
  '0',
  ' ',
  '\u00e9',
  Uint8Array.of(0xc3),
  Uint8Array.of(0xed, 0xa0, 0x80)
]
const json = mutated(JSON_SEEDS, JSON_WORDS)

/** The depth of the value that JSON.parse gives; undefined if it refuses. */
function parsed(bytes: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(bytes.toString()) as unknown }
  } catch {
    return undefined
  }
}

/** White space around a value is not the scanner's. */
const trimmed = (bytes: Buffer): Buffer => Buffer.from(bytes.toString().replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''))

const coded = (code: string): boolean => Object.hasOwn(catalogue, code)
const sameJson = (bytes: Buffer, value: unknown): boolean =>
  JSON.stringify(JSON.parse(bytes.toString())) === JSON.stringify(value)

function requestAgrees(bytes: Buffer): boolean {
  if (!isUtf8(bytes)) return true // Closed with 1007 before anything reads it.
  const request = decodeRequest(bytes, DEPTH)
  const other = parsed(bytes)
  if (other === undefined || typeof other.value !== 'object' || other.value === null || Array.isArray(other.value))
    return request.action === 'error' && coded(request.code)
  const { action, target, data } = other.value as Record<string, unknown>
  if (request.action === 'error') return coded(request.code) && request.code !== 'NWS_ERR_MESSAGE_NOT_JSON'
  if (request.action !== action) return false
  if (request.action === 'message' && request.target !== target) return false
  return (
    !('data' in request) ||
    (Object.hasOwn(other.value, 'data') ? sameJson(request.data, data) : request.data.toString() === '""')
  )
}

const decoder = (name: string, bytes: fc.Arbitrary<Buffer>, holds: (bytes: Buffer) => boolean): Target => ({
  name,
  property: fc.property(bytes, holds)
})

const linkFrames = Object.values(frameType).map(type => frameBytes(type, new Uint8Array(24)))
const elements = [0, 1, 2].map(() => primitives.fromHash(primitives.randomBytes(64)))
const dnsName = 'vt3nu2ld32255xyewqkipxhbpy._nws._tcp.local'
const surroundings = { networks: [], own: new Set<string>() }

/** All of them. */
export const targets: readonly Target[] = [
  decoder('envelope', json, requestAgrees),
  decoder('JSON text', json, bytes => {
    const other = isUtf8(bytes) ? parsed(bytes) : undefined
    // What is too deep here may be fine there; nothing else may differ. A byte order mark is no JSON, RFC 8259 §8.1.
    return !isJsonText(bytes, DEPTH) || !isUtf8(bytes) || other !== undefined
  }),
  decoder(
    'JSON text of any depth',
    json,
    bytes => !isUtf8(bytes) || bytes[0] === 0xef || isJsonText(trimmed(bytes), 20_000) === (parsed(bytes) !== undefined)
  ),
  decoder('data of a link', json, bytes => typeof isDataText(bytes) === 'boolean'),
  decoder('publish request', mutated(['{"data":1,"target":"abc"}', ...JSON_SEEDS], JSON_WORDS), bytes => {
    const request = decodePublish(bytes, DEPTH)
    return typeof request === 'string'
      ? coded(request)
      : isUtf8(bytes) && sameJson(request.data, (parsed(bytes)!.value as { data: unknown }).data)
  }),
  decoder('binary envelope', mutated([Buffer.from([3, 0, 1, 2]), Buffer.from([4, 3, 97, 98, 99, 1])]), bytes => {
    const request = decodeBinaryRequest(bytes)
    return request.action === 'error'
      ? coded(request.code)
      : bytes.subarray(bytes.length - request.payload.length).equals(request.payload)
  }),
  decoder(
    'control message of the second generation',
    mutated(
      [
        '{"Action":"message","Target":12345,"Payload":"x"}',
        '{"action":"message","target":"9223372036854775807","data":[1]}'
      ],
      ['"Target"', '"Action"', ...JSON_WORDS]
    ),
    bytes => {
      if (!isUtf8(bytes)) return true
      const request = decodeControl(bytes, DEPTH)
      return request === undefined || (parsed(bytes) !== undefined && /^(0|[1-9]\d{0,18})$/.test(request.target))
    }
  ),
  decoder(
    'raw text',
    mutated(['hello', '"quoted"', '{"a":1}', '\u2028'], JSON_WORDS),
    bytes =>
      !isUtf8(bytes) ||
      (JSON.parse(jsonOfRaw(bytes).toString()) === bytes.toString() && rawOfJson(jsonOfRaw(bytes)).equals(bytes))
  ),
  decoder(
    'frames of a link',
    mutated(
      [Buffer.concat(linkFrames), ...linkFrames],
      [Uint8Array.of(0, 0, 0, 0), Uint8Array.of(0xff, 0xff, 0xff, 0xff)]
    ),
    bytes =>
      ['I', 'R'].every(role => {
        const { frames, fault } = readFrames(bytes, role as 'I' | 'R')
        const total = frames.reduce((sum, { body }) => sum + body.length + FRAME_HEADER_BYTES, 0)
        // Nothing behind CLOSE is read, and frames of extensions are passed over.
        return (
          total <= bytes.length &&
          (fault !== undefined ||
            frames.at(-1)?.type === frameType.close ||
            total + extensionBytes(bytes) === bytes.length)
        )
      })
  ),
  decoder(
    'channel messages of a link',
    mutated([encodePresence('join', 'abc'), Buffer.concat([message, Buffer.from('{"a":1}')])]),
    bytes => {
      const decoded = decodeChannelMessage(bytes)
      return !('close' in decoded) || decoded.close === 1002
    }
  ),
  decoder(
    'HELLO',
    mutated([
      writeHello({ mine: id(1).slice(0, 8), yours: new Uint8Array(8), received: 7, generation: 1, port: 9010 })
    ]),
    bytes => {
      const hello = readHello(bytes)
      return hello.ok || hello.close === 1002
    }
  ),
  decoder(
    'W0 of a handshake',
    mutated([
      new HandshakeInitiator(primitives, identities[0]).w0,
      new HandshakeInitiator(primitives, identities[0], identities[1].id).w0
    ]),
    bytes => {
      const accepted = acceptHandshake(primitives, identities[1], bytes)
      return accepted.ok || [1002, 1008].includes(accepted.close)
    }
  ),
  decoder('messages of rounds', mutated([writeElements(0, 0, elements), writeItems(0, [id(1), id(2)])]), bytes =>
    [readM1Header(0, bytes), readM2Header(0, bytes), readElements(bytes, []), readItems(0, bytes, 2, 16)].every(
      read => read.ok || [1002, 1008].includes(read.close)
    )
  ),
  decoder(
    'DNS packets',
    mutated(
      [
        writeResponse(
          [{ type: 'PTR', name: '_nws._tcp.local', ttl: 4500, data: dnsName }],
          [
            { type: 'SRV', name: dnsName, ttl: 120, flush: true, data: { target: 'abc.local', port: 4000 } },
            { type: 'TXT', name: dnsName, ttl: 4500, flush: true, data: ['v=3'] },
            { type: 'A', name: 'abc.local', ttl: 120, flush: true, data: '10.0.0.2' },
            { type: 'AAAA', name: 'abc.local', ttl: 120, flush: true, data: 'fe80::1' }
          ]
        ),
        ...writeBrowseQuery([{ name: dnsName, ttl: 4500 }])
      ],
      [Uint8Array.of(0xc0, 0x0c), Uint8Array.of(0xc0, 0xff), Uint8Array.of(0xff, 0xff)]
    ),
    bytes => {
      const records = readResponse(bytes)
      if (records === undefined) return true
      const table = new RemoteTable({ ownId: 'own', random: () => 0.5 })
      const source = sourceFrom('10.0.0.2')!
      const changes = table.take(records, source, surroundings, 0)
      return Array.isArray(changes) && records.every(({ ttl }) => Number.isInteger(ttl) && ttl >= 0)
    }
  ),
  decoder(
    'addresses',
    mutated(
      ['10.0.0.2', 'fe80::1%eth0', '::ffff:1.2.3.4', '[::1]:9010', 'name.local:80'],
      [':', '.', '%', '[', ']', '::', '256', 'ffff']
    ),
    bytes => {
      const text = bytes.toString('latin1')
      const peer = parsePeerAddress(text)
      return (
        [undefined, 4, 16].includes(parseAddress(text)?.length) &&
        (peer === undefined || (peer.port > 0 && peer.port < 65_536)) &&
        ['undefined', 'object'].includes(typeof sourceFrom(text)) &&
        ['undefined', 'object'].includes(typeof parseAllowedHost(text))
      )
    }
  ),
  decoder(
    'Host and Origin',
    mutated(
      ['localhost:9009', 'https://a.example', 'null', '[::1]:9009', '127.0.0.1', 'a.localhost:9009'],
      ['localhost', ':', '@', '/', '\\', '.', '\0', '%']
    ),
    bytes => {
      const text = bytes.toString('latin1')
      const known = createHostPolicy(['a.example'])(text, 9009)
      const allowed = createOriginPolicy(['https://a.example'])(text, [])
      return (
        (known === undefined || /^(?:[\w.-]*localhost|127\.\d+\.\d+\.\d+|\[::1\]|a\.example)(?::\d+)?$/i.test(text)) &&
        (!allowed || text === 'https://a.example') &&
        typeof isOrigin(text) === 'boolean'
      )
    }
  ),
  {
    name: 'environment',
    property: fc.property(
      fc.dictionary(
        fc.oneof(
          fc.constantFrom(...settingNames.map(variableOf)),
          fc.string({ maxLength: 20 }).map(text => `NWS_${text}`)
        ),
        fc.oneof(
          fc.string({ maxLength: 30 }),
          fc.constantFrom('1', '0', 'on', 'off', 'true', '-1', '9009', 'a,b', ',', '1e3')
        )
      ),
      environment => {
        try {
          return typeof readSettings(environment) === 'object'
        } catch (error) {
          return error instanceof NwsError && !error.message.includes('\n')
        }
      }
    )
  }
]
