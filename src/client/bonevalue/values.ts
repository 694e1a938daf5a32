// Data of requests and answers: JSON, with binary values beside it as they are. Values that JSON would change without a word are
// refused.
import { MAX_TEXT_BYTES } from './parts.ts'
import type { BoneValueErrorCode } from './errors.ts'

/** Data that is ready to send. */
export interface Packed {
  readonly json: string
  /** JSON text that says where the binary values belong; undefined: there are none. */
  readonly places: string | undefined
  readonly binary: readonly Uint8Array[]
}

export interface Unpackable {
  readonly code: BoneValueErrorCode
}

/** A binary value: its class, its bytes, and media type, name and time of a file. */
type Place = readonly [kind: string, size: number, type?: string, name?: string, modifiedAt?: number]

interface Places {
  /** Random text that begins each string that stands for a binary value. */
  readonly mark: string
  readonly list: readonly Place[]
}

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView
] as const
const CLASSES: ReadonlyMap<string, new (buffer: ArrayBuffer) => unknown> = new Map(
  VIEWS.map(Class => [Class.name, Class])
)

/** Room for the other members of a message. */
const FRAME_BYTES = 4096

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** JSON has these, or a class with nothing but members. Others would become empty objects. */
const PLAIN: ReadonlySet<string> = new Set(['Object', 'Array', 'String', 'Number', 'Boolean', 'Null'])

class NotJson extends Error {}

/** Packs data. A promise only if there are Blobs, whose bytes come later. @param isOwn whether its bytes never change */
export function pack(data: unknown, isOwn = false): Packed | Unpackable | Promise<Packed | Unpackable> {
  const found: (ArrayBuffer | ArrayBufferView | Blob)[] = []
  let mark = ''
  let json: string
  try {
    json =
      JSON.stringify(data, function (this: Record<string, unknown>, key, value: unknown) {
        const given = this[key]
        if (given instanceof ArrayBuffer || ArrayBuffer.isView(given) || given instanceof Blob) {
          mark ||= Array.from(crypto.getRandomValues(new Uint32Array(4)), part => part.toString(36)).join('.')
          return `${mark} ${found.push(given) - 1}`
        }
        const isLost =
          value === undefined
            ? Array.isArray(this)
            : typeof value === 'number'
              ? !Number.isFinite(value)
              : !PLAIN.has(tagOf(value))
        if (isLost) throw new NotJson()
        return value
      }) ?? 'null'
  } catch {
    return { code: 'NOT_JSON' }
  }
  if (found.length === 0) return isTooLarge(json, 0) ? { code: 'TOO_LARGE' } : { json, places: undefined, binary: [] }
  const list = found.map((value): Place => {
    if (!(value instanceof Blob)) return [tagOf(value), value.byteLength]
    const { name, lastModified } = value as Partial<File>
    return name === undefined ? ['Blob', value.size, value.type] : ['File', value.size, value.type, name, lastModified!]
  })
  const places = JSON.stringify({ mark, list } satisfies Places)
  if (
    isTooLarge(
      json + places,
      list.reduce((sum, [, size]) => sum + size, 0)
    )
  )
    return { code: 'TOO_LARGE' }
  const packed = (binary: Uint8Array[]): Packed => ({ json, places, binary })
  if (!found.some(value => value instanceof Blob)) return packed(found.map(value => bytesOf(value, isOwn)))
  return Promise.all(
    found.map(async value =>
      value instanceof Blob ? new Uint8Array(await value.arrayBuffer()) : bytesOf(value, isOwn)
    )
  ).then(packed, () => ({ code: 'NOT_JSON' }))
}

/** A copy, unless the bytes are the library's own: an application may change its bytes while the message waits. */
function bytesOf(value: ArrayBuffer | ArrayBufferView | Blob, isOwn: boolean): Uint8Array {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value as ArrayBuffer)
  return isOwn ? bytes : bytes.slice()
}

/** Puts binary values back into data. The other end may send anything. @throws any error if they do not fit */
export function unpack(data: unknown, places: unknown, binary: Uint8Array): unknown {
  const { mark, list } = places as Places
  let at = 0
  const values = list.map(([kind, size, type, name, modifiedAt]) => {
    const bytes = binary.slice(at, (at += size))
    if (bytes.length !== size) throw new RangeError('too few bytes')
    if (kind === 'ArrayBuffer') return bytes.buffer
    if (kind === 'Blob') return new Blob([bytes], { type: String(type) })
    if (kind === 'File')
      return new File([bytes], String(name), { type: String(type), lastModified: Number(modifiedAt) })
    return new (CLASSES.get(kind)!)(bytes.buffer)
  })
  if (at !== binary.length || typeof mark !== 'string' || mark.length < 8) throw new RangeError('other bytes')
  const revive = (value: unknown): unknown => {
    if (typeof value === 'string') return value.startsWith(mark) ? values[Number(value.slice(mark.length))] : value
    if (typeof value !== 'object' || value === null) return value
    for (const [key, member] of Object.entries(value)) {
      const revived = revive(member)
      if (revived !== member)
        Object.defineProperty(value, key, { value: revived, writable: true, enumerable: true, configurable: true })
    }
    return value
  }
  return revive(data)
}

/** Whether a text, with so many bytes behind it, is too large to send. */
function isTooLarge(json: string, more: number): boolean {
  const room = MAX_TEXT_BYTES - FRAME_BYTES - more
  if (json.length * 3 <= room) return false
  return json.length > room || new TextEncoder().encode(json).length > room
}
