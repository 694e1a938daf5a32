// The limit on connections: newcomers are refused with a code, members go on, a free place is given again.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import t from 'tap'
import { buildTestApp, openSocket, requestBytes, sendRaw } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'

t.test('a connection above NWS_MAX_CONNECTIONS is refused with a code, and the others go on', async t => {
  const { app, port, url, log } = await buildTestApp(t, { maxConnections: 8 })
  const a = await joinChannel(t, url, 'room')
  const b = await joinChannel(t, url, 'room')
  const idle = await Promise.all(Array.from({ length: 6 }, (_, i) => openSocket(t, port, i % 2 ? '::1' : '127.0.0.1')))
  for (const host of ['127.0.0.1', '::1']) {
    const answer = await sendRaw(port, requestBytes(port, 'GET', '/api/health'), host)
    t.equal(answer.status, 503)
    t.match(answer.body, /"NWS_ERR_TOO_MANY_CONNECTIONS"/)
  }
  const refused = new WebSocket(`ws://127.0.0.1:${port}/room`)
  const [error] = (await once(refused, 'error')) as [Error]
  t.match(error.message, '503')
  a.send({ action: 'broadcast', data: 'still here' })
  t.match(await b.nextOf('broadcast'), { data: 'still here' })
  t.strictSame([...app.refusals.all()], [{ kind: 'request', code: 'NWS_ERR_TOO_MANY_CONNECTIONS', count: 3 }])
  t.equal(log().split('connections are refused').length - 1, 1, 'one warning')
  const freed = once(idle[0]!, 'close')
  idle[0]!.destroy()
  await freed
  let status = 503
  while (status === 503) status = (await sendRaw(port, requestBytes(port, 'GET', '/api/health'))).status
  t.equal(status, 200)
})
