// The binary form of the envelope: `op(1) | id length(1) | id | payload`. The id is the target if a client sends the frame
// (empty in a broadcast), and the source if the proxy sends it.
import type { ErrorCode } from './errors.ts'

/** Op of a broadcast. */
export const OP_BROADCAST = 3
/** Op of a direct message. */
export const OP_MESSAGE = 4

/** The request in a binary frame of a client. */
export type BinaryRequest =
  | { readonly action: 'broadcast'; readonly payload: Buffer }
  | { readonly action: 'message'; readonly target: string; readonly payload: Buffer }
  | { readonly action: 'error'; readonly code: ErrorCode }

/** Reads a binary frame of a client; never throws. The target of a broadcast is ignored, as in the text form. */
export function decodeBinaryRequest(bytes: Buffer): BinaryRequest {
  const op = bytes[0]
  const length = bytes[1]
  if (length === undefined || 2 + length > bytes.length) return { action: 'error', code: 'NWS_ERR_MESSAGE_BINARY' }
  const payload = bytes.subarray(2 + length)
  if (op === OP_BROADCAST) return { action: 'broadcast', payload }
  if (op !== OP_MESSAGE) return { action: 'error', code: 'NWS_ERR_MESSAGE_BINARY' }
  if (length === 0) return { action: 'error', code: 'NWS_ERR_MESSAGE_TARGET' }
  return { action: 'message', target: bytes.toString('latin1', 2, 2 + length), payload }
}
