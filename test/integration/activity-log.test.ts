// The log at the level debug: it tells what happened to each channel, client and link, and no name, token or data.
import t from 'tap'
import { buildTestApp, request, UPGRADE } from '../support/app.ts'
import { joinChannel, openSocket } from '../support/channel.ts'

const CHANNEL = 'canary-channel-of-the-story'
const TOKEN = 'canary-token-of-the-story'
const DATA = 'canary-data-of-the-story'

interface Line {
  readonly msg: string
  readonly channel?: string
  readonly [name: string]: unknown
}

t.test('a full story', async t => {
  const first = await buildTestApp(t, { apiToken: TOKEN, meshHost: '127.0.0.1', maxMessagesPerSecond: 5 })
  const second = await buildTestApp(t, { meshHost: '127.0.0.1', peers: [`127.0.0.1:${first.app.peerMesh.port}`] })
  const alice = await joinChannel(t, first.ws, CHANNEL)
  const bob = await joinChannel(t, second.ws, CHANNEL)
  await alice.nextOf('connect')
  // Refusals: of a message, for the rate, of a request, of an upgrade, of a token, of a large message.
  alice.send({ action: DATA })
  alice.send({ action: 'message', target: DATA, data: DATA })
  for (let i = 0; i < 8; i++) alice.send({ action: 'broadcast', data: DATA })
  await bob.nextOf('broadcast')
  await alice.nextOf('error')
  await request(first.port, 'GET', `/api/channels/${CHANNEL}`, { Authorization: `Bearer ${DATA}` })
  await request(first.port, 'GET', `/api/channels/${CHANNEL}?scope=${DATA}`, { Authorization: `Bearer ${TOKEN}` })
  await request(first.port, 'GET', `/${CHANNEL}`, {
    ...UPGRADE,
    Origin: `http://${DATA}`,
    'Sec-WebSocket-Version': '8'
  })
  first.app.accessGuard.mustAuthenticate = () => true
  const guesser = openSocket(t, `${first.ws}/${CHANNEL}`)
  guesser.socket.once('open', () => guesser.socket.send(JSON.stringify({ action: 'auth', token: DATA })))
  await guesser.closed
  bob.socket.close(4000, DATA)
  await alice.nextOf('disconnect')
  alice.socket.close()
  await alice.closed()
  await second.app.close()
  await first.app.close()

  const lines = (log: string): Line[] =>
    log
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Line)
  const told = (text: string, facts: object): void => {
    const found = lines(first.log()).filter(({ msg }) => msg === text)
    t.ok(
      found.some(line => Object.entries(facts).every(([name, value]) => line[name] === value)),
      `${text} ${JSON.stringify(facts)}: ${JSON.stringify(found)}`
    )
  }
  const channel = lines(first.log()).find(({ msg }) => msg === 'channel opened')?.channel
  t.type(channel, 'string')
  told('peer joined', { channel, location: 'local', dialect: 'envelope' })
  told('peer joined', { channel, location: 'remote' })
  told('peer left', { channel, location: 'remote' })
  told('peer left', { channel, location: 'local' })
  told('channel closed', { channel })
  told('refused', { channel, code: 'NWS_ERR_MESSAGE_ACTION', from: 'this machine' })
  told('refused', { channel, code: 'NWS_ERR_PEER_NOT_FOUND' })
  told('refused', { channel, code: 'NWS_ERR_RATE_LIMITED' })
  told('request refused', { code: 'NWS_ERR_TOKEN_REQUIRED', route: '/api/channels/:name', from: 'this machine' })
  told('request refused', { code: 'NWS_ERR_REQUEST_INVALID' })
  told('request refused', { code: 'NWS_ERR_REQUEST_MALFORMED' })
  told('socket closed', { code: 'NWS_ERR_TOKEN_REQUIRED', from: 'this machine' })
  told('socket closed', { channel, code: undefined })
  told('round ended', { confirmed: 1 })
  told('linked', {})
  for (const line of lines(first.log()).filter(({ msg }) => /closed|left|round/.test(msg) && !msg.startsWith('link')))
    t.type(line['ms'], 'number', line.msg)
  for (const { log } of [first, second])
    for (const secret of [CHANNEL, TOKEN, DATA, 'canary']) t.notMatch(log(), secret, 'nothing secret')
})
