// A host beyond this machine: what clients of other machines may do, with and without the token. In a network namespace
// whose loopback interface has an address of a network, so that nothing of it can be reached from outside.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { needs } from '../support/needs.ts'
import { startServer } from '../support/process.ts'

const ADDRESS = '192.0.2.1'
const TOKEN = 'a-token-of-some-length'

/** What runs within the namespace: prints one JSON object of all that happened. */
const CLIENT = `
import { WebSocket } from 'ws'
import { once } from 'node:events'
const [address, port, token] = process.argv.slice(1)
const results = {}
async function http (name, path, headers = {}, host = address) {
  const answer = await fetch('http://' + host + ':' + port + path, { headers })
  const body = await answer.json().catch(() => ({}))
  results[name] = [answer.status, body.code ?? Object.keys(body).join()]
}
function open (headers = {}, host = address) {
  return new WebSocket('ws://' + host + ':' + port + '/room', { headers })
}
/** First message that comes, or close code and reason, or the status of the refusal. */
async function hear (name, socket, ...messages) {
  results[name] = await new Promise(resolve => {
    socket.on('open', () => { for (const message of messages) socket.send(JSON.stringify(message)) })
    // An error comes before the close with its code.
    socket.on('message', data => { const { action } = JSON.parse(String(data)); if (action !== 'error') resolve([action]) })
    socket.on('close', (code, reason) => resolve([code, String(reason)]))
    socket.on('unexpected-response', (request, response) => { resolve([response.statusCode]); request.destroy() })
    socket.on('error', () => {})
  })
  socket.terminate()
}
const bearer = { authorization: 'Bearer ' + token }
// Cut only after the time to log in, which is long enough for those that do.
const silence = hear('socket that says nothing', open())
await http('health', '/api/health')
await http('health with token', '/api/health', bearer)
await http('channels', '/api/channels')
await http('channels with token', '/api/channels', bearer)
await http('channels with a wrong token', '/api/channels', { authorization: 'Bearer wrong' })
await http('channels by loopback', '/api/channels', bearer, '127.0.0.1')
await hear('socket with header', open(bearer), { action: 'status' })
await hear('socket with a wrong header', open({ authorization: 'Bearer wrong' }), { action: 'status' })
await hear('socket with message', open(), { action: 'auth', token }, { action: 'status' })
await hear('socket with a wrong message', open(), { action: 'auth', token: 'wrong' })
await hear('socket with another message first', open(), { action: 'status' })
await silence
await hear('socket by loopback', open({}, '127.0.0.1'), { action: 'status' })
process.stdout.write(JSON.stringify(results))
`

t.test('[R1] clients of other machines prove the token', { ...needs('unshare', 'nsenter', 'namespaces') }, async t => {
  const server = startServer(
    t,
    {
      NWS_HOST: '0.0.0.0',
      NWS_API_TOKEN: TOKEN,
      NWS_ALLOWED_HOSTS: ADDRESS,
      NWS_AUTH_TIMEOUT_MS: '5000',
      NWS_LOG_LEVEL: 'trace'
    },
    {
      wrapper: [
        'unshare',
        '-n',
        'sh',
        '-c',
        `ip link set lo up && ip address add ${ADDRESS}/32 dev lo && exec "$@"`,
        'sh'
      ]
    }
  )
  const port = await server.port()
  const client = spawn(
    'nsenter',
    [
      '-t',
      String(server.child.pid),
      '-n',
      process.execPath,
      '--input-type=module',
      '-e',
      CLIENT,
      ADDRESS,
      String(port),
      TOKEN
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  t.teardown(() => client.kill())
  const [output] = await Promise.all([text(client.stdout), once(client, 'close')])
  t.strictSame(JSON.parse(output), {
    health: [200, 'status,version'],
    'health with token': [
      200,
      Object.keys({
        status: 0,
        version: 0,
        uptimeSeconds: 0,
        proxyId: 0,
        proxyWords: 0,
        channels: 0,
        peers: 0,
        discovery: 0,
        mesh: 0,
        lan: 0,
        extensions: 0
      }).join()
    ],
    channels: [401, 'NWS_ERR_TOKEN_REQUIRED'],
    'channels with token': [200, 'channels'],
    'channels with a wrong token': [401, 'NWS_ERR_TOKEN_REQUIRED'],
    'channels by loopback': [200, 'channels'],
    'socket with header': ['status'],
    'socket with a wrong header': [401],
    'socket with message': ['status'],
    'socket with a wrong message': [4501, 'NWS_ERR_TOKEN_REQUIRED'],
    'socket with another message first': [4501, 'NWS_ERR_TOKEN_REQUIRED'],
    'socket that says nothing': [4501, 'NWS_ERR_TOKEN_REQUIRED'],
    'socket by loopback': ['status']
  })
  t.notMatch(server.output(), TOKEN, 'the token is not in the log')
})

t.test(
  'an address that is not listed stays a foreign Host',
  { ...needs('unshare', 'nsenter', 'namespaces') },
  async t => {
    const server = startServer(
      t,
      { NWS_HOST: '0.0.0.0', NWS_API_TOKEN: TOKEN },
      {
        wrapper: [
          'unshare',
          '-n',
          'sh',
          '-c',
          `ip link set lo up && ip address add ${ADDRESS}/32 dev lo && exec "$@"`,
          'sh'
        ]
      }
    )
    const port = await server.port()
    const ask = `fetch('http://${ADDRESS}:${port}/api/health').then(async answer => process.stdout.write(await answer.text()))`
    const client = spawn('nsenter', ['-t', String(server.child.pid), '-n', process.execPath, '-e', ask], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.match(JSON.parse(await text(client.stdout)), {
      statusCode: 403,
      code: 'NWS_ERR_HOST_NOT_ALLOWED',
      message: /NWS_ALLOWED_HOSTS/
    })
  }
)
