// The envelope of the channel wire: requests in the JSON text of clients, and the texts that clients get. Decoding finds
// the bytes of `data` and does not touch them.
import { isUtf8 } from 'node:buffer'
import type { ErrorCode } from './errors.ts'
import { scanString, scanValue, skipSpace, TOO_DEEP } from './json-text.ts'

/** A request of a client. `data` is the JSON text of this member without outer space, or `""` if the member is absent. */
export type ClientRequest =
  | { readonly action: 'broadcast'; readonly data: Buffer }
  | { readonly action: 'message'; readonly target: string; readonly data: Buffer }
  | { readonly action: 'status' }
  | { readonly action: 'auth'; readonly token: string }
  | { readonly action: 'resume'; readonly token: string; readonly received: number }
  | { readonly action: 'error'; readonly code: ErrorCode }

const EMPTY_STRING = Buffer.from('""')

/** A member of an envelope that the proxy reads. */
export type Member = 'action' | 'target' | 'data' | 'token'

function refuse(code: ErrorCode): ClientRequest {
  return { action: 'error', code }
}

/** Returns the member that the key in `bytes[start, end)` names. The range includes the quotes. */
export type MemberAt = (bytes: Buffer, start: number, end: number) => Member | undefined

/** Text of the JSON string in `bytes[start, end)`; undefined if the value is no string. */
export function stringAt(bytes: Buffer, start: number, end: number): string | undefined {
  if (bytes[start] !== 0x22) return undefined
  for (let at = start + 1; at < end - 1; at++) {
    if (bytes[at] === 0x5c) return JSON.parse(bytes.toString('utf8', start, end)) as string
  }
  return bytes.toString('utf8', start + 1, end - 1)
}

/** Whether the string in `bytes[start, end)`, quotes included, is `word` without escapes. */
function spells(bytes: Buffer, start: number, end: number, word: string): boolean {
  if (end - start !== word.length + 2) return false
  for (let i = 0; i < word.length; i++) if (bytes[start + 1 + i] !== word.charCodeAt(i)) return false
  return true
}

/**
 * The word that the JSON string in `bytes[start, end)` is; undefined if it is no string or another one. Words without escapes
 * are found without making a string.
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
const ACTIONS = ['broadcast', 'message', 'status', 'auth', 'resume'] as const
const LONGEST_WORD = Math.max(...[...MEMBERS, ...ACTIONS].map(word => word.length))

const memberAt: MemberAt = (bytes, start, end) => wordAt(bytes, start, end, MEMBERS)

/** Offsets of the values of members. An end of 0 means that the member is absent. */
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

/** Written out, because computed names cost time with each message. */
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
 * Finds the members of the object in `bytes`. Members have the values that `JSON.parse` gives them: the last of equal keys
 * counts, and an escaped key is the key that it spells.
 *
 * @param memberOf finds the keys to keep; by default those of this envelope
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
 * @param maxDepth arrays and objects that may be open at once in `data`
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
    case 'resume': {
      const { token = '', received } = JSON.parse(bytes.toString()) as { token?: unknown; received?: unknown }
      return typeof token === 'string' && Number.isSafeInteger(received) && (received as number) >= 0
        ? { action: 'resume', token, received: received as number }
        : refuse('NWS_ERR_MESSAGE_RESUME')
    }
    default:
      return refuse('NWS_ERR_MESSAGE_ACTION')
  }
}

/** The token in the `auth` message of a client; undefined for any other message. */
export function readToken(bytes: Buffer, isBinary: boolean, maxDepth: number): string | undefined {
  const request = isBinary ? undefined : decodeRequest(bytes, maxDepth)
  return request?.action === 'auth' ? request.token : undefined
}

/** A publish request. Without a target it is a broadcast. */
export interface PublishRequest {
  readonly data: Buffer
  readonly target: string | undefined
}

/** Reads the body `{data, target?}` of a publish request; never throws. Returns the request, or the code of an error. */
export function decodePublish(bytes: Buffer, maxDepth: number): PublishRequest | ErrorCode {
  const found = isUtf8(bytes) ? findMembers(bytes, maxDepth) : 'NWS_ERR_REQUEST_NOT_JSON'
  if (typeof found === 'string') return found === 'NWS_ERR_MESSAGE_NOT_JSON' ? 'NWS_ERR_REQUEST_NOT_JSON' : found
  if (found.dataEnd === 0) return 'NWS_ERR_MESSAGE_DATA'
  const target = found.targetEnd === 0 ? undefined : stringAt(bytes, found.targetStart, found.targetEnd)
  if (found.targetEnd !== 0 && (target === undefined || target === '')) return 'NWS_ERR_MESSAGE_TARGET'
  return { data: bytes.subarray(found.dataStart, found.dataEnd), target }
}

/** JSON text of binary data for clients that take no binary frames: `{"$binary":"<base64>"}`. */
export function binaryAsText(bytes: Buffer): Buffer {
  return Buffer.from(`{"$binary":"${bytes.toString('base64')}"}`)
}

/** Text of a broadcast before its data. The JSON text of the data and `}` follow. Ids have [A-Za-z0-9_-] only: no escapes. */
export function broadcastHead(source: string): string {
  return `{"action":"broadcast","source":"${source}","data":`
}

/** Text of a direct message before its data. The JSON text of the data and `}` follow. */
export function messageHead(source: string, you: string): string {
  return `{"action":"message","source":"${source}","target":"${you}","data":`
}

/** Text that tells `you` that `other` has joined or left. */
export function presenceText(action: 'connect' | 'disconnect', you: string, other: string): string {
  return `{"action":"${action}","source":"${you}","target":"${other}"}`
}

/** Text that answers a status request with the asker's own id. */
export function statusText(you: string): string {
  return `{"action":"status","source":"${you}","target":"${you}"}`
}

/** Text about coming back: the token and how long the proxy waits, or how many messages of the client have arrived. */
export function resumeText(
  facts: { readonly token: string; readonly forMs: number } | { readonly received: number }
): string {
  return JSON.stringify({ action: 'resume', ...facts })
}

/** Text that tells a client what could not be done. `extra` members are numbers, such as how many peers missed it. */
export function errorText(code: string, message: string, extra?: Readonly<Record<string, number>>): string {
  return JSON.stringify({ action: 'error', code, message, ...extra })
}
