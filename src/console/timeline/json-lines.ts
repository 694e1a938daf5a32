// A timeline as JSON Lines, the format of docs/TIMELINE.md. Reading never throws: the result is the moments or one sentence. Pure.
import type { Moment, MomentKind, Payload } from './entry.ts'
import { MAX_RECORDED_BYTES } from './recorder.ts'

const FORMAT = 'nws-timeline'
/** Version that is written, and the only one that is read. */
const VERSION = 1

const KINDS: ReadonlySet<unknown> = new Set<MomentKind>(['message', 'join', 'leave', 'link', 'page', 'fault'])
/** Longest text of `words`. */
const MAX_WORDS = 500
/** Latest time that a Date can have. */
const MAX_AT = 8.64e15

/** Bytes are converted in pieces: a function takes only so many arguments. */
const PIECE = 0x8000

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let from = 0; from < bytes.length; from += PIECE)
    binary += String.fromCharCode(...bytes.subarray(from, from + PIECE))
  return btoa(binary)
}

/** undefined: not base64 */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** Writes a timeline. The name of the channel is a secret and not in it. @param dropped older moments that are missing */
export function toJsonLines(moments: readonly Moment[], dropped: number): string {
  const lines = [JSON.stringify({ format: FORMAT, version: VERSION, dropped })]
  for (const { at, kind, from, to, proxy, own, payload, words } of moments)
    lines.push(
      JSON.stringify({
        at,
        kind,
        ...(from === '' ? {} : { from }),
        ...(to === '' ? {} : { to }),
        ...(proxy === '' ? {} : { proxy }),
        ...(own ? { own } : {}),
        ...(payload === undefined
          ? {}
          : payload.type === 'binary'
            ? { binary: toBase64(payload.bytes) }
            : { [payload.type]: payload.text }),
        ...(words === undefined ? {} : { words })
      })
    )
  return `${lines.join('\n')}\n`
}

/** The moments of a file, or one sentence about what is wrong with it. */
export type ReadTimeline = { readonly moments: Moment[]; readonly dropped: number } | { readonly error: string }

/** Reads a timeline. */
export function fromJsonLines(text: string): ReadTimeline {
  if (text.length > MAX_RECORDED_BYTES) return { error: 'The file has more than 50 MB.' }
  const [head = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const header = objectOf(head)
  if (header?.['format'] !== FORMAT) return { error: `The first line must have "format": "${FORMAT}".` }
  if (header['version'] !== VERSION)
    return { error: `The file has another version of the format. This console reads version ${VERSION}.` }
  const moments: Moment[] = []
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const moment = momentOf(objectOf(line))
    if (typeof moment === 'string') return { error: `Line ${index + 2}: ${moment}` }
    if (moment.at < (moments.at(-1)?.at ?? 0))
      return { error: `Line ${index + 2}: it is earlier than the line before.` }
    moments.push(moment)
  }
  const { dropped } = header
  return { moments, dropped: Number.isSafeInteger(dropped) && Number(dropped) > 0 ? Number(dropped) : 0 }
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** @returns a sentence if it is no moment */
function momentOf(line: Record<string, unknown> | undefined): Moment | string {
  if (line === undefined) return 'it is not one JSON object.'
  const { at, kind, from = '', to = '', proxy = '', own = false, words } = line
  if (typeof at !== 'number' || !(at >= 0 && at <= MAX_AT)) return '"at" must be milliseconds since 1970.'
  if (!KINDS.has(kind)) return '"kind" has an unknown value.'
  for (const [name, id] of Object.entries({ from, to, proxy }))
    if (typeof id !== 'string' || !/^[!-~]{0,255}$/.test(id)) return `"${name}" must be an id.`
  if (typeof own !== 'boolean') return '"own" must be true or false.'
  if (words !== undefined && (typeof words !== 'string' || words.length > MAX_WORDS))
    return `"words" must be a text of at most ${MAX_WORDS} characters.`
  const payload = kind === 'message' ? payloadIn(line) : undefined
  if (typeof payload === 'string') return payload
  return {
    at,
    kind: kind as MomentKind,
    from: from as string,
    to: to as string,
    proxy: proxy as string,
    own,
    ...(payload === undefined ? {} : { payload }),
    ...(words === undefined ? {} : { words })
  }
}

/** @returns a sentence if it has none */
function payloadIn({ text, json, binary }: Record<string, unknown>): Payload | string {
  if ([text, json, binary].filter(value => typeof value === 'string').length !== 1)
    return 'a message needs one of "text", "json" and "binary", as a string.'
  if (typeof text === 'string') return { type: 'text', text }
  if (typeof json === 'string') return isJson(json) ? { type: 'json', text: json } : '"json" is not a JSON text.'
  const bytes = fromBase64(binary as string)
  return bytes === undefined ? '"binary" is not base64.' : { type: 'binary', bytes }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
