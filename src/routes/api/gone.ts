// Tells whether the client of a request still waits for the answer.
import type { FastifyReply } from 'fastify'

/** Aborts after the client has gone, or after the answer. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  if (reply.raw.destroyed) gone.abort()
  else reply.raw.once('close', () => gone.abort())
  return gone.signal
}
