// The envelope of the channel wire: what a client's JSON text asks for, and the texts a client is sent. Decoding finds
// the bytes of `data` and leaves them alone. Not concerned with frames, sockets or who may do what.
import { isUtf8 } from 'node:buffer'
import type { ErrorCode } from './errors.ts'
import { scanString, scanValue, skipSpace, TOO_DEEP } from './json-text.ts'

/** What a client asks for. `data` is the JSON text of the `data` member, trimmed; absent in the message: `""`. */
export type ClientRequest =
  | { readonly action: 'broadcast'; readonly data: Buffer }
  | { readonly action: 'message'; readonly target: string; readonly data: Buffer }
  | { readonly action: 'status' }
  | { readonly action: 'auth'; readonly token: string }
  | { readonly action: 'error'; readonly code: ErrorCode }

const EMPTY_STRING = Buffer.from('""')

/** A member of an envelope that means something to the proxy. */
export type Member = 'action' | 'target' | 'data' | 'token'

function refuse(code: ErrorCode): ClientRequest {
  return { action: 'error', code }
}

/** Which member the key in `bytes[start, end)`, quotes included, names. */
export type MemberAt = (bytes: Buffer, start: number, end: number) => Member | undefined

/** Text of the JSON string in `bytes[start, end)`, or undefined where that value is no string. */
export function stringAt(bytes: Buffer, start: number, end: number): string | undefined {
  if (bytes[start] !== 0x22) return undefined
  for (let at = start + 1; at < end - 1; at++) {
    if (bytes[at] === 0x5c) return JSON.parse(bytes.toString('utf8', start, end)) as string
  }
  return bytes.toString('utf8', start + 1, end - 1)
}

/** Whether the string in `bytes[start, end)`, quotes included, is `word`, spelled without escapes. */
function spells(bytes: Buffer, start: number, end: number, word: string): boolean {
  if (end - start !== word.length + 2) return false
  for (let i = 0; i < word.length; i++) if (bytes[start + 1 + i] !== word.charCodeAt(i)) return false
  return true
}

/**
 * Which of `words` is the JSON string in `bytes[start, end)`: undefined where it is none of them, or no string. The usual
 * spelling is found without making a string of it.
 */
function wordAt<Word extends string>(
  bytes: Buffer,
  start: number,
  end: number,
  words: readonly Word[]
): Word | undefined {
  if (bytes[start] !== 0x22) return undefined
  for (const word of words) if (spells(bytes, start, end, word)) return word
  // An escape takes up to six bytes, `\uXXXX`.
  if (end - start - 2 > LONGEST_WORD * 6 || !bytes.subarray(start, end).includes(0x5c)) return undefined
  const text = stringAt(bytes, start, end)
  return words.find(word => word === text)
}

const MEMBERS = ['action', 'data', 'target', 'token'] as const
const ACTIONS = ['broadcast', 'message', 'status', 'auth'] as const
const LONGEST_WORD = Math.max(...[...MEMBERS, ...ACTIONS].map(word => word.length))

const memberAt: MemberAt = (bytes, start, end) => wordAt(bytes, start, end, MEMBERS)

/** Where the values of an envelope's members are, as offsets; an end of 0: there is no such member. */
export interface Members {
  actionStart: number
  actionEnd: number
  targetStart: number
  targetEnd: number
  dataStart: number
  dataEnd: number
  tokenStart: number
  tokenEnd: number
}

/** Written out, because a computed name would be made, looked up and forgotten for each. */
function keep(found: Members, member: Member, start: number, end: number): void {
  switch (member) {
    case 'action':
      found.actionStart = start
      found.actionEnd = end
      break
    case 'target':
      found.targetStart = start
      found.targetEnd = end
      break
    case 'data':
      found.dataStart = start
      found.dataEnd = end
      break
    case 'token':
      found.tokenStart = start
      found.tokenEnd = end
  }
}

/**
 * Finds the members of the object in `bytes`. Agrees with `JSON.parse` on which value a member has: the last of equal
 * keys counts, escaped keys are the keys they spell.
 *
 * @param memberOf says which keys count; those of this envelope by default
 */
export function findMembers(bytes: Buffer, maxDepth: number, memberOf: MemberAt = memberAt): Members | ErrorCode {
  const found: Members = {
    actionStart: 0,
    actionEnd: 0,
    targetStart: 0,
    targetEnd: 0,
    dataStart: 0,
    dataEnd: 0,
    tokenStart: 0,
    tokenEnd: 0
  }
  const end = bytes.length
  let at = skipSpace(bytes, 0, end)
  if (at >= end || bytes[at] !== 0x7b) return 'NWS_ERR_MESSAGE_NOT_JSON'
  at = skipSpace(bytes, at + 1, end)
  if (at < end && bytes[at] === 0x7d) {
    at++
  } else {
    for (;;) {
      const keyEnd = scanString(bytes, at, end)
      if (keyEnd < 0) return 'NWS_ERR_MESSAGE_NOT_JSON'
      const member = memberOf(bytes, at, keyEnd)
      at = skipSpace(bytes, keyEnd, end)
      if (at >= end || bytes[at] !== 0x3a) return 'NWS_ERR_MESSAGE_NOT_JSON'
      const start = skipSpace(bytes, at + 1, end)
      at = scanValue(bytes, start, end, maxDepth)
      if (at < 0) return at === TOO_DEEP ? 'NWS_ERR_MESSAGE_TOO_DEEP' : 'NWS_ERR_MESSAGE_NOT_JSON'
      if (member !== undefined) keep(found, member, start, at)
      at = skipSpace(bytes, at, end)
      if (at < end && bytes[at] === 0x2c) {
        at = skipSpace(bytes, at + 1, end)
        continue
      }
      if (at >= end || bytes[at] !== 0x7d) return 'NWS_ERR_MESSAGE_NOT_JSON'
      at++
      break
    }
  }
  return skipSpace(bytes, at, end) === end ? found : 'NWS_ERR_MESSAGE_NOT_JSON'
}

/**
 * Reads a client's text message; total.
 *
 * @param bytes the message, valid UTF-8
 * @param maxDepth arrays and objects that `data` may have open at once
 */
export function decodeRequest(bytes: Buffer, maxDepth: number): ClientRequest {
  const found = findMembers(bytes, maxDepth)
  if (typeof found === 'string') return refuse(found)
  const data = found.dataEnd === 0 ? EMPTY_STRING : bytes.subarray(found.dataStart, found.dataEnd)
  switch (found.actionEnd === 0 ? undefined : wordAt(bytes, found.actionStart, found.actionEnd, ACTIONS)) {
    case 'broadcast':
      return { action: 'broadcast', data }
    case 'message': {
      const target = found.targetEnd === 0 ? undefined : stringAt(bytes, found.targetStart, found.targetEnd)
      return target === undefined || target === ''
        ? refuse('NWS_ERR_MESSAGE_TARGET')
        : { action: 'message', target, data }
    }
    case 'status':
      return { action: 'status' }
    case 'auth':
      return {
        action: 'auth',
        token: (found.tokenEnd === 0 ? undefined : stringAt(bytes, found.tokenStart, found.tokenEnd)) ?? ''
      }
    default:
      return refuse('NWS_ERR_MESSAGE_ACTION')
  }
}

/** The token in a message of a client that has to prove it; undefined: the message is not of that kind. */
export function readToken(bytes: Buffer, isBinary: boolean, maxDepth: number): string | undefined {
  const request = isBinary ? undefined : decodeRequest(bytes, maxDepth)
  return request?.action === 'auth' ? request.token : undefined
}

/** What a publish request asks for; `target` undefined: everybody. */
export interface PublishRequest {
  readonly data: Buffer
  readonly target: string | undefined
}

/** Reads the body `{data, target?}` of a publish request, of any bytes; total: the request, or why it is none. */
export function decodePublish(bytes: Buffer, maxDepth: number): PublishRequest | ErrorCode {
  const found = isUtf8(bytes) ? findMembers(bytes, maxDepth) : 'NWS_ERR_REQUEST_NOT_JSON'
  if (typeof found === 'string') return found === 'NWS_ERR_MESSAGE_NOT_JSON' ? 'NWS_ERR_REQUEST_NOT_JSON' : found
  if (found.dataEnd === 0) return 'NWS_ERR_MESSAGE_DATA'
  const target = found.targetEnd === 0 ? undefined : stringAt(bytes, found.targetStart, found.targetEnd)
  if (found.targetEnd !== 0 && (target === undefined || target === '')) return 'NWS_ERR_MESSAGE_TARGET'
  return { data: bytes.subarray(found.dataStart, found.dataEnd), target }
}

/** JSON text of binary data for those that take no binary frames: `{"$binary":"<base64>"}`. */
export function binaryAsText(bytes: Buffer): Buffer {
  return Buffer.from(`{"$binary":"${bytes.toString('base64')}"}`)
}

/** Text of a broadcast up to its data; the JSON text of the data and `}` follow. Ids are of [A-Za-z0-9_-] and need no escaping. */
export function broadcastHead(source: string): string {
  return `{"action":"broadcast","source":"${source}","data":`
}

/** Text of a direct message up to its data; the JSON text of the data and `}` follow. */
export function messageHead(source: string, you: string): string {
  return `{"action":"message","source":"${source}","target":"${you}","data":`
}

/** Text that tells `you` that `other` came or went. */
export function presenceText(action: 'connect' | 'disconnect', you: string, other: string): string {
  return `{"action":"${action}","source":"${you}","target":"${other}"}`
}

/** Text that answers a status request with the asker's own id. */
export function statusText(you: string): string {
  return `{"action":"status","source":"${you}","target":"${you}"}`
}

/** Text that tells a client what could not be done. `extra` members are numbers, such as how many peers missed it. */
export function errorText(code: string, message: string, extra?: Readonly<Record<string, number>>): string {
  return JSON.stringify({ action: 'error', code, message, ...extra })
}
