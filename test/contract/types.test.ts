// The published types, as programs of others see them: strict, with the types of libraries checked too, in both ways in
// which today's tools look modules up.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))

const PAGE = `
import { BroadcastWebSocket, LocalWebSocket, NetworkBroadcastChannel, NetworkWebSocket, type PeerWebSocket } from 'networkwebsockets/client'
import { peerConnection } from 'networkwebsockets/client/webrtc'

const socket = new NetworkWebSocket('webchat', ['chat'], { endpoint: 'ws://localhost:9009', reconnect: { maxAttempts: 3 } })
socket.onconnect = ({ detail: { target } }) => {
  const peer: PeerWebSocket = target
  peer.onopen = () => peer.send('hello')
  const connection: RTCPeerConnection = peerConnection(peer)
  connection.close()
}
socket.addEventListener('message', event => { const id: string | undefined = event.senderId; void id })
export const sockets: WebSocket[] = [socket, new LocalWebSocket('a'), new BroadcastWebSocket('b')]
export const channel: BroadcastChannel = new NetworkBroadcastChannel('news')
const news = new NetworkBroadcastChannel('news')
news.onmessage = ({ data, senderId }) => { const of: [unknown, string | undefined] = [data, senderId]; void of }
`

const SERVER = `
import Fastify from 'fastify'
import networkWebSockets, { NwsError, serverOptions, type Settings } from 'networkwebsockets'

const app = Fastify({ ...serverOptions({ maxMessageBytes: 1000 }) })
await app.register(networkWebSockets, { prefix: '/nws', maxMessageBytes: 1000 })
const member = await app.channelRegistry.join('webchat', { onMessage: ({ source, data }) => { const of: [string, unknown] = [source.id, data]; void of } })
member.broadcast({ hello: 1 })
app.channelRegistry.addHook('join', async candidate => { if (candidate.channel === '') throw new NwsError('NWS_ERR_JOIN_REFUSED') })
const settings: Readonly<Settings> = app.config
const links: number = app.peerMesh.links().length
const state: string = app.discovery.status.state
const tag: string = app.crypto.channelTag('webchat')
const trusts: (request: never) => boolean = app.accessGuard.isTrusted
void [settings, links, state, tag, trusts, app.rendezvous.isOn]
`

t.test('programs of others compile against the package', { timeout: 120_000 }, async t => {
  const folder = await mkdtemp(join(tmpdir(), 'nws-types-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'node_modules'))
  await symlink(root, join(folder, 'node_modules/networkwebsockets'))
  for (const name of ['fastify', '@types'])
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'page.ts'), PAGE)
  await writeFile(join(folder, 'server.ts'), SERVER)
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler']
  ] as const) {
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution,
          target: 'es2023',
          lib: ['es2023', 'dom', 'dom.iterable'],
          types: ['node'],
          strict: true,
          noEmit: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true
        },
        files: ['page.ts', 'server.ts']
      })
    )
    // tap puts NODE_OPTIONS into the environment of every child; the compiler cannot be loaded with them.
    const command = ['-u', 'NODE_OPTIONS', join(root, 'node_modules/.bin/tsc'), '-p', folder]
    const said = await new Promise(resolve =>
      execFile('env', command, (_error, stdout, stderr) => resolve(stdout + stderr))
    )
    t.equal(said, '', moduleResolution)
  }
})
