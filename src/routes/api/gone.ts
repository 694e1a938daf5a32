// Whether the client of a request still waits for the answer. Not what is done then.
import type { FastifyReply } from 'fastify'

/** Aborts when the client has gone, or has been answered. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  if (reply.raw.destroyed) gone.abort()
  else reply.raw.once('close', () => gone.abort())
  return gone.signal
}
