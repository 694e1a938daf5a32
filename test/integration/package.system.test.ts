// The package as people install it: the files in it, that it runs in an empty project, and that programs of others compile
// against its types.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { statusOf } from '../support/http.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'nws-package-'))
const installed = join(folder, 'node_modules/networkwebsockets')
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command and resolves to all that it prints. */
const run = (cwd: string, command: string, ...args: string[]): Promise<string> =>
  new Promise(resolve => {
    const { NODE_OPTIONS: _ofTap, ...env } = process.env
    execFile(command, args, { cwd, env }, (_error, stdout, stderr) => resolve(stdout + stderr))
  })

t.test('the tarball holds what is needed and nothing else', async t => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore']
    })
  ) as [{ filename: string; unpackedSize: number; files: { path: string; mode: number }[] }]
  const files = packed.files.map(({ path }) => path)
  for (const wanted of [
    'dist/server.js',
    'dist/password-worker.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/client/index.js',
    'dist/client/node.js',
    'dist/client/node.d.ts',
    'public/lib/networkwebsockets.js',
    'public/lib/networkwebsockets-yjs.js',
    'public/lib/qr.js',
    'public/console/index.html',
    'public/console/console.js',
    'public/console/console.css',
    'public/docs/api.js',
    'docs/protocol/link.md',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md'
  ])
    t.ok(files.includes(wanted), wanted)
  t.strictSame(
    files.filter(path => !/^(?:dist|public|docs)\/|^[A-Z]+\.md$|^LICENSE$|^package\.json$/.test(path)),
    []
  )
  t.strictSame(
    files.filter(path =>
      /\.map$|\.test\.|tsconfig|tsbuildinfo|build\.json|node_modules|\.env\b|vectors|decisions|codemirror\.js/.test(
        path
      )
    ),
    []
  )
  const scripts = files.filter(path => /^dist\/.*\.js$/.test(path))
  t.ok(scripts.length < 40, `code is there once: ${scripts.length} files`)
  t.ok(packed.unpackedSize < 3e6, `${packed.unpackedSize} bytes`)
  t.equal(packed.files.find(({ path }) => path === 'dist/cli/nws.js')?.mode, 0o755, 'the command may be run')

  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  const said = await run(
    folder,
    'npm',
    ...['install', '--engine-strict', '--no-audit', '--no-fund', '--prefer-offline', `./${packed.filename}`]
  )
  t.notMatch(said, /EBADENGINE|npm error/, 'it installs on the versions of Node.js that it names')
  t.ok(existsSync(installed), said)
})

t.test('it runs in an empty project', async t => {
  writeFileSync(
    join(folder, 'imports.mjs'),
    "import * as server from 'networkwebsockets'\nimport { NetworkWebSocket } from 'networkwebsockets/client'\nconsole.log(typeof server.serverOptions, typeof server.networkWebSockets, typeof NetworkWebSocket)\n"
  )
  t.equal(await run(folder, process.execPath, 'imports.mjs'), 'function function function\n')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  t.equal(await run(folder, 'node_modules/.bin/nws', '--version'), `${version}\n`)
  const child = spawn(process.execPath, ['node_modules/networkwebsockets/dist/server.js'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], NWS_PORT: '0', NWS_DISCOVERY: 'off' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = new Promise(resolve => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let port = 0
  for await (const line of createInterface({ input: child.stdout })) {
    port = Number(/is running: http:\/\/[^:]+:(\d+)/.exec(line)?.[1] ?? 0)
    if (port !== 0) break
  }
  for (const path of [
    '/',
    '/api/health',
    '/api/metrics',
    '/docs/api',
    '/docs/ERRORS.md',
    '/lib/networkwebsockets.js',
    '/lib/qr.js',
    '/examples/'
  ])
    t.equal(await statusOf(`http://localhost:${port}${path}`, { headers: { connection: 'close' } }), 200, path)
})

const PAGE = `
import { BroadcastWebSocket, LocalWebSocket, NetworkBroadcastChannel, NetworkErrorEvent, NetworkWebSocket, type PeerWebSocket, type SocketOptions } from 'networkwebsockets/client'
import { peerConnection } from 'networkwebsockets/client/webrtc'
import { BoneValue } from 'networkwebsockets/bonevalue'
import { NetworkProvider } from 'networkwebsockets/yjs'
import { Doc } from 'yjs'

const options: SocketOptions = { endpoint: new URL('ws://localhost:9009'), reconnect: { maxDelayMs: 1 } }
const socket = new NetworkWebSocket('webchat', ['chat'], options)
socket.onconnect = ({ detail: { target } }) => {
  const peer: PeerWebSocket = target
  peer.onopen = () => peer.send('hello')
  const connection: RTCPeerConnection = peerConnection(peer, { iceServers: [] })
  connection.close()
}
socket.onmessage = ({ data, senderId }) => { const of: [unknown, string | undefined] = [data, senderId]; void of }
socket.addEventListener('message', event => { const id: string | undefined = event.senderId; void id })
socket.addEventListener('close', ({ code, reason }) => { const of: [number, string] = [code, reason]; void of })
socket.addEventListener('error', event => { const code: string = event.code; void [code, event instanceof NetworkErrorEvent] })
for (const peer of socket.peers) peer.send(new Uint8Array(1))
export const sockets: WebSocket[] = [socket, new LocalWebSocket('a'), new BroadcastWebSocket('b')]
export const channel: BroadcastChannel = new NetworkBroadcastChannel('news', { reconnect: false })
const news = new NetworkBroadcastChannel('news')
news.onmessage = ({ data, senderId }) => { const of: [unknown, string | undefined] = [data, senderId]; void of }
const provider = new NetworkProvider(socket, new Doc(), { connect: false })
provider.on('status', ({ status }) => { const of: 'connecting' | 'connected' | 'disconnected' = status; void of })
provider.on('sync', isSynced => { const of: boolean = isSynced; void [of, provider.awareness.getStates()] })
export const bonevalue = new BoneValue({ RTCPeerConnection })
// @ts-expect-error: a name is a string
void new NetworkWebSocket(1)
// @ts-expect-error: no such option
void new NetworkWebSocket('x', null, { retry: true })
`

const GLOBALS = `
import './node_modules/networkwebsockets/public/lib/networkwebsockets.global.js'
import './node_modules/networkwebsockets/public/lib/BV.js'
import { peerConnection } from './node_modules/networkwebsockets/public/lib/networkwebsockets-webrtc.js'

const socket = new NetworkWebSocket('x')
const connections: RTCPeerConnection[] = [NetworkWebSocket.peerConnection(socket.peers[0]!), peerConnection(socket.peers[0]!)]
const local: WebSocket = new LocalWebSocket('x')
$BV.on('peerconnect', () => {})
void [connections, local]
`

/** As a program of Node.js writes it, whose types lack those of browsers. */
const NODE = `
import { NetworkBroadcastChannel, NetworkWebSocket, type PeerWebSocket } from 'networkwebsockets/client'
import { peerConnection } from 'networkwebsockets/client/webrtc'
import { BoneValue } from 'networkwebsockets/bonevalue'

class RTCPeerConnection { constructor(readonly configuration: { iceServers: string[] }) {} close(): void {} }
const socket = new NetworkWebSocket('webchat', null, { endpoint: 'ws://localhost:9009', reconnect: true })
socket.onmessage = ({ data, senderId }) => { const of: [unknown, string | undefined] = [data, senderId]; void of }
socket.onclose = ({ code }) => { const of: number = code; void of }
socket.addEventListener('close', ({ code, reason }) => { const of: [number, string] = [code, reason]; void of })
socket.addEventListener('message', ({ data, json }) => { const of: [string | ArrayBuffer | Blob, unknown] = [data, json]; void of })
socket.addEventListener('connect', ({ detail: { target } }) => {
  const peer: PeerWebSocket = target
  const connection = peerConnection(peer, {}, { RTCPeerConnection }) as RTCPeerConnection
  connection.close()
})
const news = new NetworkBroadcastChannel('news')
news.onmessage = ({ data }) => void data
void new BoneValue({ RTCPeerConnection })
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

t.test('programs of others compile against it, with the types of libraries checked', async t => {
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
  // Users of shared documents install these.
  for (const name of ['yjs', 'y-protocols', 'lib0'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  for (const [name, text] of Object.entries({ page: PAGE, globals: GLOBALS, node: NODE, server: SERVER }))
    writeFileSync(join(folder, `${name}.ts`), text)
  const dom = ['es2022', 'dom', 'dom.iterable']
  const page = { files: ['page.ts', 'globals.ts'], compilerOptions: { types: [], lib: dom } }
  const node = { files: ['node.ts', 'server.ts'], compilerOptions: { types: ['node'], lib: ['es2022'] } }
  const both = { files: ['page.ts', 'server.ts'], compilerOptions: { types: ['node'], lib: dom } }
  const projects: string[] = []
  for (const [module, moduleResolution, kinds] of [
    ['node16', 'node16', { node }],
    ['nodenext', 'nodenext', { page, both }],
    ['esnext', 'bundler', { page, node }]
  ] as const) {
    for (const [name, { files, compilerOptions }] of Object.entries(kinds)) {
      const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true }
      const config = { target: 'es2022', noEmit: true, skipLibCheck: false, module, moduleResolution }
      projects.push(`${name}.${module}.json`)
      writeFileSync(
        join(folder, projects.at(-1)!),
        JSON.stringify({ files, compilerOptions: { ...config, ...strict, ...compilerOptions } })
      )
    }
  }
  t.equal(
    await run(folder, process.execPath, join(root, 'node_modules/@typescript/native/bin/tsc'), '-b', ...projects),
    ''
  )
})
