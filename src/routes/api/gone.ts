// Tells whether the client of a request still waits for the answer.
import type { FastifyReply } from 'fastify'

/** One for all: a reason of its own would cost each request a stack trace. */
const REASON = 'the client has gone'

/** Aborts after the client has gone, or after the answer. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  if (reply.raw.destroyed) gone.abort(REASON)
  else reply.raw.once('close', () => gone.abort(REASON))
  return gone.signal
}
