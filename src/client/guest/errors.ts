// The errors of pages for guests, for people who have never heard of proxies. The ordinary library has none of them.
import type { Problem } from '../errors.ts'

/** Code → sentence. */
export const guestErrors = {
  NWS_CLIENT_NOT_INVITED: 'The invitation is for another channel. NetworkWebSocket.invitation names its channel.',
  NWS_CLIENT_NO_INVITATION: 'This page needs an invitation. Scan the code again.',
  NWS_CLIENT_INVITATION_OVER: 'The invitation is over. Ask for a new code and scan it.',
  NWS_CLIENT_INVITATION_FULL: 'All places are taken. Wait until a guest leaves, or ask for another code.',
  NWS_CLIENT_INVITATION_WRONG: 'The link does not fit the invitation. Scan the code again.',
  NWS_CLIENT_HOST_AWAY:
    'The computer that invited you does not answer. It may be off, its invitation may be over, or this device is no longer in its network.'
} as const

export type GuestErrorCode = keyof typeof guestErrors

/** The problem of a code. */
export function guestProblem(code: GuestErrorCode): Problem {
  return { code, message: guestErrors[code] }
}
