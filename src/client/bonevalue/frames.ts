// The messages of two peers on their data channel: one JSON object per message. Malformed messages are undefined. parts.ts
// cuts long messages.
//
//   {"id": 7, "module": "My.Echo", "data": …, "keep": true, "ms": 10000}   a request; the requester chooses its id
//   {"id": 7, "response": …}                                               its answer
//   {"id": 7, …, "places": {…}}                                            one of the two, with binary values (values.ts)
//   {"cancel": 7}                                                          the requester does not wait any more
//   {"signal": {…}}                                                        an offer, answer or candidate, while the rendezvous is away
//   {"id": 7, "code": "NO_MODULE"}                                         the reason why there is no answer
//   {"ping": 3}, {"pong": 3}                                               whether the other end is still present
//   {"bye": true}                                                          takes no more requests, and has answered all that it took
import type { Signal } from './direct-connection.ts'
import { isBoneValueErrorCode, type BoneValueErrorCode } from './errors.ts'
import { unpack, type Packed } from './values.ts'

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
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'bye' }

/** Longest time of a request, milliseconds. */
const MAX_MS = 24 * 60 * 60 * 1000

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

const placesOf = ({ places }: Packed): string => (places === undefined ? '' : `,"places":${places}`)

/** The text of a request. */
export function writeRequest(id: number, module: string, data: Packed, keep: boolean, ms: number): string {
  return `{"id":${id},"module":${JSON.stringify(module)},"data":${data.json},"keep":${keep ? 'true' : 'false'},"ms":${Math.ceil(ms)}${placesOf(data)}}`
}

/** The text of an answer. */
export function writeResponse(id: number, response: Packed): string {
  return `{"id":${id},"response":${response.json}${placesOf(response)}}`
}

function signalOf(value: unknown): Signal | undefined {
  const { type, sdp, candidate } = Object(value) as Record<string, unknown>
  if (type === 'candidate' && typeof candidate === 'object') return { type, candidate }
  return (type === 'offer' || type === 'answer') && typeof sdp === 'string' ? { type, sdp } : undefined
}

/** Reads a message of the other end. @param binary the bytes of its binary values */
export function readFrame(text: string, binary: Uint8Array): Frame | undefined {
  try {
    return frameOf(JSON.parse(text), binary)
  } catch {
    return undefined
  }
}

function frameOf(value: unknown, binary: Uint8Array): Frame | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, module, data, keep, ms, code, ping, pong, bye, cancel, signal, places } = value as Record<string, unknown>
  if (bye === true) return { kind: 'bye' }
  if (isId(ping)) return { kind: 'ping', number: ping }
  if (isId(pong)) return { kind: 'pong', number: pong }
  if (isId(cancel)) return { kind: 'cancel', id: cancel }
  const given = signal === undefined ? undefined : signalOf(signal)
  if (given !== undefined) return { kind: 'signal', signal: given }
  if (!isId(id)) return undefined
  const whole = (content: unknown): unknown => (places === undefined ? content : unpack(content, places, binary))
  if (typeof module === 'string') {
    const waits = typeof ms === 'number' && ms > 0 ? Math.min(ms, MAX_MS) : 10_000
    return { kind: 'request', id, module, data: whole(data), keep: keep === true, ms: waits }
  }
  if (Object.hasOwn(value, 'response'))
    return { kind: 'response', id, response: whole((value as { response: unknown }).response) }
  return isBoneValueErrorCode(code) ? { kind: 'failure', id, code } : undefined
}
