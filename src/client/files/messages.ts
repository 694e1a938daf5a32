// The messages of a file transfer (docs/protocol/files.md). Reading is total: it gives a message, or undefined for anything else.

/** A JSON message of a transfer is an object with this one member. Applications never see such messages. */
export const FILE_MEMBER = '$file'

/** Longest texts, in characters, and longest list. */
export const MAX_PATH = 1024
const MAX_TYPE = 127
const MAX_FROM = 64
export const MAX_LIST = 64
/** Most files of one offer. */
export const MAX_FILES = 100_000

/** One file of an offer. */
export interface FileEntry {
  /** Its name, or its path below the offered folder with `/` between the components. As the sender says it: not safe. */
  readonly path: string
  /** Its media type; empty if it is not known. */
  readonly type: string
  /** Bytes; undefined for a stream whose end is not known yet. */
  readonly size: number | undefined
}

/** Messages by their purpose. */
export type FileMessage =
  | {
      readonly do: 'offer'
      readonly id: string
      /** How often the sender has come back under another peer id, and the proof that it is the same (offer-key.ts). */
      readonly turn: number
      readonly key: string
      readonly name: string
      readonly type: string
      /** Bytes of all files; undefined if one of them is a stream. */
      readonly size: number | undefined
      readonly files: number
      /** The same again if the same files are offered again, so that what came before is of use. */
      readonly version: string
      /** A name that the sender gives itself; empty: none. */
      readonly from: string
    }
  | { readonly do: 'seek' }
  | { readonly do: 'seen'; readonly id: string }
  | { readonly do: 'list'; readonly id: string; readonly receiver: string; readonly from: number }
  | { readonly do: 'files'; readonly id: string; readonly from: number; readonly files: readonly FileEntry[] }
  | {
      readonly do: 'want'
      readonly id: string
      readonly receiver: string
      readonly file: number
      readonly stream: number
      /** In the first `want` of a stream: its beginning. Later: the end of the written bytes. */
      readonly offset: number
      readonly until: number
    }
  | {
      readonly do: 'end'
      readonly id: string
      readonly receiver: string
      readonly stream: number
      readonly size: number
      readonly seal: string
    }
  | { readonly do: 'done'; readonly id: string; readonly receiver: string }
  | { readonly do: 'bye'; readonly id: string; readonly receiver: string }
  | { readonly do: 'refuse'; readonly id: string; readonly code: string }
  | { readonly do: 'withdraw'; readonly id: string; readonly code: string }

/** Of the message that does this. */
export type FileMessageOf<Do extends FileMessage['do']> = Extract<FileMessage, { do: Do }>

/** The JSON text of a message. */
export function encodeMessage(message: FileMessage): string {
  return JSON.stringify({ [FILE_MEMBER]: message })
}

/** Whether a JSON value claims to be a message of a transfer. */
export function isFileMessage(json: unknown): json is object {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, FILE_MEMBER)
}

type Fields = Readonly<Record<string, unknown>>

const isCount = (value: unknown, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max
const isText = (value: unknown, max: number): value is string => typeof value === 'string' && value.length <= max
const isHex = (value: unknown, length: number): value is string =>
  typeof value === 'string' && value.length === length && /^[\da-f]*$/.test(value)
const isId = (value: unknown): value is string => isHex(value, 32)
const MAX_STREAM = 0xffff_ffff

/** Reads a JSON value; undefined: not a message of a transfer, or malformed. */
export function decodeMessage(json: unknown): FileMessage | undefined {
  if (!isFileMessage(json)) return undefined
  const fields = (json as Fields)[FILE_MEMBER]
  if (typeof fields !== 'object' || fields === null) return undefined
  const { do: what, ...rest } = fields as Fields
  if (what === 'seek') return { do: what }
  return isId(rest['id']) ? decodeFields(what, rest['id'], rest) : undefined
}

function decodeFields(what: unknown, id: string, fields: Fields): FileMessage | undefined {
  const { receiver, from, file, stream, offset, until, size, seal, code } = fields
  switch (what) {
    case 'offer':
      return decodeOffer(id, fields)
    case 'seen':
      return { do: what, id }
    case 'refuse':
    case 'withdraw':
      return isText(code, 64) ? { do: what, id, code } : undefined
    case 'files':
      return decodeFiles(id, fields)
  }
  if (!isId(receiver)) return undefined
  switch (what) {
    case 'list':
      return isCount(from, MAX_FILES) ? { do: what, id, receiver, from } : undefined
    case 'want':
      return isCount(file, MAX_FILES) && isCount(stream, MAX_STREAM) && isCount(offset) && isCount(until)
        ? { do: what, id, receiver, file, stream, offset, until }
        : undefined
    case 'end':
      return isCount(stream, MAX_STREAM) && isCount(size) && isHex(seal, 64)
        ? { do: what, id, receiver, stream, size, seal }
        : undefined
    case 'done':
    case 'bye':
      return { do: what, id, receiver }
    default:
      return undefined
  }
}

function decodeOffer(id: string, fields: Fields): FileMessage | undefined {
  const { turn, key = '', name, type = '', size, files, version, from = '' } = fields
  return isCount(turn, 1000) &&
    (key === '' || isId(key)) &&
    isText(name, MAX_PATH) &&
    isText(type, MAX_TYPE) &&
    (size === undefined || isCount(size)) &&
    isCount(files, MAX_FILES) &&
    files > 0 &&
    typeof version === 'string' &&
    /^[\da-z]{1,32}$/.test(version) &&
    isText(from, MAX_FROM)
    ? { do: 'offer', id, turn, key, name, type, size, files, version, from }
    : undefined
}

function decodeFiles(id: string, { from, files }: Fields): FileMessage | undefined {
  if (!isCount(from, MAX_FILES) || !Array.isArray(files) || files.length > MAX_LIST) return undefined
  const entries: FileEntry[] = []
  for (const file of files as unknown[]) {
    const { path, type = '', size } = Object(file) as Fields
    if (!isText(path, MAX_PATH) || !isText(type, MAX_TYPE) || (size !== undefined && !isCount(size))) return undefined
    entries.push({ path, type, size })
  }
  return { do: 'files', id, from, files: entries }
}
