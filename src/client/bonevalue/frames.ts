// The messages of two peers on their data channel: one JSON object a message. Reading is total: a frame, or
// undefined for anything that is none. Not how long messages are cut in parts (parts.ts), and no state.
//
//   {"id": 7, "module": "My.Echo", "data": …, "keep": true, "ms": 10000}   a request; ids are the requester's own
//   {"id": 7, "response": …}                                               its answer
//   {"id": 7, "code": "NO_MODULE"}                                         why there is none
//   {"ping": 3}, {"pong": 3}                                               is the other end still connected?
//   {"bye": true}                                                          takes no more requests; all it took are answered
import { isBoneValueErrorCode, type BoneValueErrorCode } from './errors.ts'

/** A message between peers. */
export type Frame =
  | {
      readonly kind: 'request'
      readonly id: number
      readonly module: string
      readonly data: unknown
      readonly keep: boolean
      readonly ms: number
    }
  | { readonly kind: 'response'; readonly id: number; readonly response: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly code: BoneValueErrorCode }
  | { readonly kind: 'ping' | 'pong'; readonly number: number }
  | { readonly kind: 'bye' }

/** Longest time that a requester may say it waits, milliseconds. */
const MAX_MS = 24 * 60 * 60 * 1000

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/** Text of a request. @param data as JSON text */
export function writeRequest(id: number, module: string, data: string, keep: boolean, ms: number): string {
  return `{"id":${id},"module":${JSON.stringify(module)},"data":${data},"keep":${keep ? 'true' : 'false'},"ms":${Math.ceil(ms)}}`
}

/** Text of an answer. @param response as JSON text; undefined: the module answered nothing */
export function writeResponse(id: number, response: string | undefined): string {
  return response === undefined ? `{"id":${id},"response":null}` : `{"id":${id},"response":${response}}`
}

/** Reads a message of the other end, of any content. */
export function readFrame(text: string): Frame | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { id, module, data, keep, ms, code, ping, pong, bye } = value as Record<string, unknown>
  if (bye === true) return { kind: 'bye' }
  if (isId(ping)) return { kind: 'ping', number: ping }
  if (isId(pong)) return { kind: 'pong', number: pong }
  if (!isId(id)) return undefined
  if (typeof module === 'string') {
    const waits = typeof ms === 'number' && ms > 0 ? Math.min(ms, MAX_MS) : 10_000
    return { kind: 'request', id, module, data, keep: keep === true, ms: waits }
  }
  if (Object.hasOwn(value, 'response'))
    return { kind: 'response', id, response: (value as { response: unknown }).response }
  return isBoneValueErrorCode(code) ? { kind: 'failure', id, code } : undefined
}
