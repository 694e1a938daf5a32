// An event stream whose client is gone without a word, on another machine: its peer goes as a silent WebSocket's does.
import t from 'tap'
import { createNetwork, type Host, type Network } from '../support/namespaces.ts'
import { needs } from '../support/needs.ts'

const TOKEN = 'a-token-of-some-length'

t.test('a stream that is not acknowledged any more is ended', needs('namespaces'), async t => {
  const {
    hosts: [alice, bob]
  } = (await createNetwork(t, 2)) as Network & { hosts: [Host, Host] }
  const proxy = alice.node('dist/server.js', [], {
    env: {
      NWS_DISCOVERY: 'off',
      NWS_HOST: '0.0.0.0',
      NWS_API_TOKEN: TOKEN,
      NWS_ALLOWED_HOSTS: alice.address,
      NWS_PING_INTERVAL_MS: '1000',
      NWS_PEER_TIMEOUT_MS: '3000'
    }
  })
  await proxy.printed(/Network Web Sockets is running/)
  const member = alice.program('test/support/programs/member.ts', ['ws://localhost:9009/room'])
  await member.event('status')
  const url = `http://${alice.address}:9009/api/channels/room/events`
  bob.spawn('curl', ['-sN', '-H', 'accept: text/event-stream', '-H', `authorization: Bearer ${TOKEN}`, url])
  const { target } = await member.event('connect')
  bob.cut()
  member.send({ action: 'broadcast', data: 'lost' })
  await member.event('disconnect', event => event.target === target)
  t.pass('it has gone')
})
