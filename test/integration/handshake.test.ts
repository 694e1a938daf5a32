// Details of RFC 6455 at the handshake of clients, and questions of other sites to the addresses for supervisors.
import t from 'tap'
import { buildTestApp, request, requestBytes, sendRaw, UPGRADE } from '../support/app.ts'

t.test('a handshake of HTTP/1.0 is refused', async t => {
  const { port } = await buildTestApp(t)
  for (const path of ['/room', '/local/room', '/network/room/1234', '/control/network/room/1234'])
    t.match(
      await sendRaw(port, requestBytes(port, 'GET', path, UPGRADE).replace('HTTP/1.1', 'HTTP/1.0')),
      { status: 400, json: { code: 'NWS_ERR_REQUEST_MALFORMED' } },
      path
    )
})

t.test('a client of another version learns which one is spoken', async t => {
  const { port } = await buildTestApp(t)
  for (const version of ['8', '12', '14', 'x'])
    t.match(await request(port, 'GET', '/room', { ...UPGRADE, 'Sec-WebSocket-Version': version }), {
      status: 400,
      headers: { 'sec-websocket-version': '13' }
    })
  t.notOk('sec-websocket-version' in (await request(port, 'GET', '/room')).headers)
})

t.test('other sites ask in vain whether the proxy is well', async t => {
  const { port } = await buildTestApp(t)
  for (const path of ['/api/health', '/api/ready']) {
    t.equal((await request(port, 'GET', path)).status, 200, path)
    for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'http://evil.example' }])
      t.match(await request(port, 'GET', path, headers), { status: 403, json: { code: 'NWS_ERR_CROSS_SITE' } })
  }
})
