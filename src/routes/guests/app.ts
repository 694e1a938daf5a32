// The user's own pages for guests, under `/app/`: files of NWS_GUEST_APP, or the answers of a server on this machine.
import { createReadStream } from 'node:fs'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/guests/index.ts'
import { fileInFolder } from '../../platform/app-folder.ts'
import { mediaType } from '../../platform/media-types.ts'

const HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const
/** Time for an answer of a server on this machine, milliseconds. */
const ANSWER_MS = 10_000

export default async function appRoutes(app: FastifyInstance): Promise<void> {
  async function fromFolder(reply: FastifyReply, path: string): Promise<FastifyReply> {
    const file = await fileInFolder(app.config.guestApp, path)
    if (file === undefined) throw new NwsError('NWS_ERR_NOT_FOUND')
    return await reply.headers(HEADERS).type(mediaType(file)).send(createReadStream(file))
  }

  /** @param base address on this machine */
  async function fromServer(reply: FastifyReply, base: string, path: string): Promise<FastifyReply> {
    let answer: Response
    try {
      answer = await fetch(`${base}/${path}`, { redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS) })
    } catch {
      throw new NwsError('NWS_ERR_NOT_FOUND')
    }
    if (!answer.ok) throw new NwsError('NWS_ERR_NOT_FOUND')
    return await reply
      .headers(HEADERS)
      .type(answer.headers.get('content-type') ?? 'application/octet-stream')
      .send(Buffer.from(await answer.arrayBuffer()))
  }

  app.get('/app', { config: { surface: 'public' } }, (_request, reply) => reply.redirect('app/'))
  app.get<{ Params: { '*': string } }>('/app/*', { config: { surface: 'public' } }, async (request, reply) => {
    const path = request.params['*']
    const [invitation] = [...app.guests.open()].filter(({ facts: { page } }) => page === 'app').reverse()
    if (invitation === undefined) throw new NwsError('NWS_ERR_NOT_FOUND')
    const { app: base } = invitation.facts
    if (base === undefined) return await fromFolder(reply, path)
    // The query belongs to the page. A path cannot leave the address.
    if (path.split('/').some(name => name.startsWith('.'))) throw new NwsError('NWS_ERR_NOT_FOUND')
    return await fromServer(reply, base, path.split('/').map(encodeURIComponent).join('/'))
  })
}
