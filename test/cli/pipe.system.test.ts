// `nws pipe` and its waits at the end of input: receivers that read slowly or not at all, at its own proxy and at
// another one. Its messages are in commands.test.ts.
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { joinChannel, type ChannelClient } from '../support/channel.ts'
import { startNws } from '../support/cli.ts'
import { startServer, type ServerProcess } from '../support/process.ts'

const LOOK_MS = 20
/** Above the buffers of the system for a connection. */
const MANY = randomBytes(24_000_000)
const WAITS = /Waiting until receivers have read everything/

async function get<Answer>(port: number, path: string): Promise<Answer> {
  return (await (await fetch(`http://localhost:${port}${path}`)).json()) as Answer
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()))
    await new Promise(resolve => {
      setTimeout(resolve, LOOK_MS)
    })
}

/** Binary data that a client hears from now on. */
function collect(client: ChannelClient): Buffer[] {
  const parts: Buffer[] = []
  client.socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) parts.push(data.subarray(2 + data[1]!))
  })
  return parts
}

t.test('a slow receiver slows the input down, is not cut off, and is waited for', async t => {
  const server = startServer(t, {})
  const port = await server.port()
  const slow = await joinChannel(t, `http://localhost:${port}`, 'room?binary=1')
  const parts = collect(slow)
  slow.socket.pause()
  const pipe = startNws(t, ['pipe', 'room'], { env: { NWS_PORT: String(port) }, input: MANY })
  // While nobody reads, queued bytes stay queued.
  await until(
    async () =>
      (await get<{ peers?: { waiting: number } }>(port, '/api/channels/room/delivery?until=sent&waitMs=0')).peers
        ?.waiting === 1
  )
  slow.socket.resume()
  const { code, stderr } = await pipe.ended
  t.equal(code, 0, stderr)
  t.ok(Buffer.concat(parts).equals(MANY), 'all was read when the command ended')
})

t.test('a receiver that is cut off before it has read everything', async t => {
  const server = startServer(t, { NWS_MAX_QUEUED_BYTES: '65536' })
  const port = await server.port()
  const address = `http://localhost:${port}`
  const [stuck, other] = await Promise.all([joinChannel(t, address, 'room'), joinChannel(t, address, 'room')])
  stuck.socket.pause()
  const pipe = startNws(t, ['pipe', 'room'], { env: { NWS_PORT: String(port) }, input: 'hello' })
  await pipe.says('stderr', WAITS)
  for (let isThere = true; isThere;) {
    other.send({ action: 'broadcast', data: 'x'.repeat(500_000) })
    isThere = !(await other.arrived()).some(({ action, target }) => action === 'disconnect' && target === stuck.id)
  }
  const { code, stderr } = await pipe.ended
  t.equal(code, 6)
  t.match(stderr, /NWS_CLI_PIPE_CUT/)
})

t.test('who leaves of his own accord is not missed', async t => {
  const server = startServer(t, {})
  const port = await server.port()
  const leaving = await joinChannel(t, `http://localhost:${port}`, 'room')
  leaving.socket.pause()
  const pipe = startNws(t, ['pipe', 'room'], { env: { NWS_PORT: String(port) }, input: 'hello' })
  await pipe.says('stderr', WAITS)
  leaving.socket.terminate()
  t.equal((await pipe.ended).code, 0)
})

/** Two proxies with a link, and a receiver at the second. */
async function startPair(t: Test): Promise<{ one: number; second: ServerProcess; receiver: ChannelClient }> {
  const first = startServer(t, { NWS_MESH_HOST: '127.0.0.1' })
  const one = await first.port()
  const { mesh } = await get<{ mesh: { port: number } }>(one, '/api/health')
  const second = startServer(t, { NWS_MESH_HOST: '127.0.0.1', NWS_PEERS: `127.0.0.1:${mesh.port}` })
  const two = await second.port()
  const receiver = await joinChannel(t, `http://localhost:${two}`, 'room?binary=1')
  await until(async () => (await get<{ links: { state: string }[] }>(one, '/api/links')).links[0]?.state === 'open')
  return { one, second, receiver }
}

t.test('another proxy is waited for until it has taken everything', async t => {
  const { one, second, receiver } = await startPair(t)
  const witness = await joinChannel(t, `http://localhost:${one}`, 'room')
  await witness.nextOf('connect')
  const parts = collect(receiver)
  second.child.kill('SIGSTOP')
  const pipe = startNws(t, ['pipe', 'room'], { env: { NWS_PORT: String(one) }, input: MANY.subarray(0, 300_000) })
  await pipe.says('stderr', WAITS)
  second.child.kill('SIGCONT')
  const { code, stderr } = await pipe.ended
  t.equal(code, 0, stderr)
  await until(async () => parts.reduce((sum, { length }) => sum + length, 0) === 300_000)
  t.ok(Buffer.concat(parts).equals(MANY.subarray(0, 300_000)))
})

t.test('another proxy that ends before it has taken everything', async t => {
  const { one, second } = await startPair(t)
  const witness = await joinChannel(t, `http://localhost:${one}`, 'room')
  await witness.nextOf('connect')
  second.child.kill('SIGSTOP')
  const pipe = startNws(t, ['pipe', 'room'], { env: { NWS_PORT: String(one) }, input: 'hello' })
  await pipe.says('stderr', WAITS)
  second.child.kill('SIGKILL')
  const { code, stderr } = await pipe.ended
  t.equal(code, 6)
  t.match(stderr, /NWS_CLI_PIPE_CUT/)
})

t.test('the reader of its output leaves', async t => {
  const server = startServer(t, {})
  const port = await server.port()
  const env = { NWS_PORT: String(port) }
  const receiver = await joinChannel(t, `http://localhost:${port}`, 'room')
  const early = startNws(t, ['pipe', 'room'], { env, keepsInput: true })
  early.child.stdin!.write('the first part')
  const { target } = await receiver.nextOf('connect')
  early.child.stdout!.destroy()
  for (let isThere = true; isThere;) {
    receiver.send({ action: 'message', target, data: 'read this' })
    isThere = !(await receiver.arrived()).some(({ action }) => action === 'disconnect')
  }
  const { code, stderr } = await early.ended
  t.equal(code, 6, 'not everything was sent')
  t.match(stderr, /NWS_CLI_PIPE_READER/)
})

t.test('a long line', async t => {
  const server = startServer(t, { NWS_MAX_MESSAGE_BYTES: '16000000' })
  const port = await server.port()
  const env = { NWS_PORT: String(port) }
  const receiver = await joinChannel(t, `http://localhost:${port}`, 'room')
  const line = 'ä'.repeat(5_000_000)
  const { code, stderr } = await startNws(t, ['pipe', 'room', '--text'], { env, input: `short\n${line}\nlast` }).ended
  t.equal(code, 0, stderr)
  for (const expected of ['short', line, 'last'])
    t.ok((await receiver.nextOf('broadcast')).data === expected, `${expected.length} characters arrive as one message`)
  const refused = await startNws(t, ['pipe', 'room', '--text'], { env, input: 'x'.repeat(70_000_000) }).ended
  t.equal(refused.code, 1)
  t.match(refused.stderr, /NWS_CLI_PIPE_LINE/)
})

t.test('without the token it says what it cannot know', async t => {
  const server = startServer(t, { NWS_API_TOKEN: 'a-token-of-some-length' })
  const port = await server.port()
  const receiver = await joinChannel(t, `http://localhost:${port}`, 'room?binary=1')
  const parts = collect(receiver)
  const blind = await startNws(t, ['pipe', 'room'], { env: { NWS_PORT: String(port) }, input: 'hello' }).ended
  t.equal(blind.code, 0)
  t.match(blind.stderr, /NWS_ERR_TOKEN_REQUIRED: the proxy does not tell .* Set NWS_API_TOKEN/)
  const seeing = await startNws(t, ['pipe', 'room'], {
    env: { NWS_PORT: String(port), NWS_API_TOKEN: 'a-token-of-some-length' },
    input: ' world'
  }).ended
  t.equal(seeing.code, 0, seeing.stderr)
  t.equal(Buffer.concat(parts).toString(), 'hello world')
})

t.test('nobody comes, or the proxy goes before anything was sent', async t => {
  const server = startServer(t, {})
  const port = await server.port()
  const pipe = startNws(t, ['pipe', 'room'], { env: { NWS_PORT: String(port) }, input: 'hello' })
  await pipe.says('stderr', /Waiting for another peer/)
  server.child.kill('SIGKILL')
  t.match(await pipe.ended, { code: 1, stderr: /NWS_CLI_LOST/ })
})
