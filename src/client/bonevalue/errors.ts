// The errors of BoneValue: code and sentence. Errors of the rendezvous have their own (NWS_ERR_…). No sentence has anything
// of a peer in it.

/** Code → sentence. */
export const boneValueErrors = {
  TIMEOUT: 'The peer did not answer in time.',
  NO_PEER: 'No peer with this id is online.',
  OWN_ID: 'A page cannot send messages to itself.',
  NO_MODULE: 'The peer has no module of this name.',
  MODULE_FAILED: 'The module of the peer failed.',
  ABORTED: 'The request was ended.',
  PEER_GONE: 'The peer left before it answered.',
  BUSY: 'The peer has too many requests to answer.',
  TOO_LARGE: 'The data or the answer is larger than 32 MiB.',
  NOT_JSON: 'The data or the answer has a value that is neither JSON nor binary, such as a function, a Map or NaN.',
  DISCONNECTED: 'There is no connection to the rendezvous.',
  UNREACHABLE: 'The rendezvous cannot be reached, or it is switched off.',
  NO_SESSION: 'No session is stored here. Log in with the password.',
  BAD_ADDRESS: 'The address of the rendezvous must be a host name, or a URL with ws, wss, http or https.'
} as const

export type BoneValueErrorCode = keyof typeof boneValueErrors

/** An error for callbacks. */
export interface Failure {
  readonly err: string
  readonly code: string
  /** When to try again, milliseconds. The library does so by itself. */
  readonly retryAfterMs?: number
}

export function failure(code: BoneValueErrorCode): Failure {
  return { err: boneValueErrors[code], code }
}

/** An error for promises. */
export class BoneValueError extends Error implements Failure {
  readonly code: string
  declare readonly retryAfterMs?: number

  constructor({ err, code, retryAfterMs }: Failure) {
    super(err)
    this.name = 'BoneValueError'
    this.code = code
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }

  get err(): string {
    return this.message
  }
}

/** Whether a value is a code of this library. Only such codes are accepted from other peers. */
export function isBoneValueErrorCode(value: unknown): value is BoneValueErrorCode {
  return typeof value === 'string' && Object.hasOwn(boneValueErrors, value)
}
