// The errors of BoneValue itself: code and sentence. Errors of the rendezvous bring their own (NWS_ERR_…). No
// logic, and never a word that another peer sent.

/** Code → what happened. */
export const boneValueErrors = {
  TIMEOUT: 'The peer did not answer in time.',
  NO_PEER: 'No peer with this id is online.',
  OWN_ID: 'A page cannot send messages to itself.',
  NO_MODULE: 'The peer has no module of this name.',
  MODULE_FAILED: 'The module of the peer failed.',
  PEER_GONE: 'The peer went away before it answered.',
  BUSY: 'The peer has too many requests to answer.',
  TOO_LARGE: 'The data or the answer is larger than 32 MiB.',
  NOT_JSON: 'The data or the answer is no JSON value.',
  DISCONNECTED: 'There is no connection with the rendezvous.',
  UNREACHABLE: 'The rendezvous cannot be reached, or it is not switched on there.',
  BAD_ADDRESS: 'The address of the rendezvous is no host name and no URL of ws, wss, http or https.'
} as const

/** A code of BoneValue. */
export type BoneValueErrorCode = keyof typeof boneValueErrors

/** An error as callbacks get it. */
export interface Failure {
  /** One sentence. */
  readonly err: string
  readonly code: string
}

/** The failure of a code. */
export function failure(code: BoneValueErrorCode): Failure {
  return { err: boneValueErrors[code], code }
}

/** An error as promises are rejected with. */
export class BoneValueError extends Error implements Failure {
  readonly code: string

  constructor({ err, code }: Failure) {
    super(err)
    this.name = 'BoneValueError'
    this.code = code
  }

  get err(): string {
    return this.message
  }
}

/** Whether text is a code of this library; only such are taken from other peers. */
export function isBoneValueErrorCode(value: unknown): value is BoneValueErrorCode {
  return typeof value === 'string' && Object.hasOwn(boneValueErrors, value)
}
