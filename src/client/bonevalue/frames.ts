// The messages of two peers on their data channel: one JSON object per message. Malformed messages are undefined. parts.ts
// cuts long messages.
//
//   {"id": 7, "module": "My.Echo", "data": …, "keep": true, "ms": 10000}   a request; the requester chooses its id
//   {"id": 7, "response": …}                                               its answer
//   {"id": 7, "code": "NO_MODULE"}                                         the reason why there is no answer
//   {"ping": 3}, {"pong": 3}                                               whether the other end is still present
//   {"bye": true}                                                          takes no more requests, and has answered all that it took
import { isBoneValueErrorCode, type BoneValueErrorCode } from './errors.ts'

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

/** Longest time of a request, milliseconds. */
const MAX_MS = 24 * 60 * 60 * 1000

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/** The text of a request. @param data as JSON text */
export function writeRequest(id: number, module: string, data: string, keep: boolean, ms: number): string {
  return `{"id":${id},"module":${JSON.stringify(module)},"data":${data},"keep":${keep ? 'true' : 'false'},"ms":${Math.ceil(ms)}}`
}

/** The text of an answer. @param response as JSON text; undefined: null */
export function writeResponse(id: number, response: string | undefined): string {
  return response === undefined ? `{"id":${id},"response":null}` : `{"id":${id},"response":${response}}`
}

/** Reads a message of the other end. */
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
