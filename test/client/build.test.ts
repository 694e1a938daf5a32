// What the build makes of the library: its size, that each file stands alone, and what Node.js and TypeScript import.
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, Script } from 'node:vm'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): string => readFileSync(join(root, 'public/lib', name), 'utf8')
const classes = ['NetworkWebSocket', 'LocalWebSocket', 'BroadcastWebSocket', 'NetworkBroadcastChannel']

t.test(
  'the module without the WebRTC helper has at most 8 KiB gzipped, and no file needs another before a file is sent',
  async t => {
    const size = gzipSync(read('networkwebsockets.js'), { level: 9 }).length
    t.ok(size <= 8 * 1024, `${size} bytes`)
    t.ok(size > 2 * 1024, 'it is the whole of it')
    for (const file of [
      'networkwebsockets.js',
      'networkwebsockets-webrtc.js',
      'networkwebsockets-files.js',
      'networkwebsockets.global.js',
      'namedwebsockets.js'
    ]) {
      const text = read(file).replaceAll('import("./networkwebsockets-files.js")', '')
      t.notMatch(text, /\bimport\s*[("'{*]|\brequire\(/, file)
    }
    t.notMatch(read('networkwebsockets.js'), /RTCPeerConnection/)
    const files = gzipSync(read('networkwebsockets-files.js'), { level: 9 }).length
    t.ok(files <= 16 * 1024, `the module of file transfers, which is loaded when it is needed: ${files} bytes`)
  }
)

t.test('the classic scripts define the same globals, to be called with or without new', async t => {
  for (const file of ['networkwebsockets.global.js', 'namedwebsockets.js']) {
    const urls: string[] = []
    const WebSocket = class extends EventTarget {
      constructor(url: string) {
        super()
        urls.push(url)
      }
    }
    const context = createContext({
      EventTarget,
      Event,
      MessageEvent,
      CustomEvent,
      DOMException,
      URL,
      WebSocket,
      TextEncoder,
      Map,
      Proxy
    })
    new Script(read(file)).runInContext(context)
    for (const name of classes) t.type(context[name], 'function', `${file} ${name}`)
    t.equal(new Script('new NetworkWebSocket("x").url').runInContext(context), 'ws://localhost:9009/x?binary=1')
    t.equal(
      new Script('NetworkWebSocket("x") instanceof NetworkWebSocket && LocalWebSocket("y").url').runInContext(context),
      'ws://localhost:9009/local/y'
    )
    t.equal(
      new Script('NetworkWebSocket.OPEN + typeof NetworkWebSocket.peerConnection').runInContext(context),
      '1function'
    )
    t.equal(urls.length, 3)
  }
})

t.test('Node.js imports and requires it by the name of the package', async t => {
  const { ws } = await buildTestApp(t)
  for (const [kind, load] of [
    ['module', "const { NetworkWebSocket } = await import('networkwebsockets/client')"],
    [
      'webrtc',
      "const { NetworkWebSocket } = await import('networkwebsockets/client'); const { peerConnection } = await import('networkwebsockets/client/webrtc'); if (typeof peerConnection !== 'function') throw new Error()"
    ]
  ] as const) {
    const program = `${load}
      const socket = new NetworkWebSocket('room', { endpoint: process.argv[1] })
      socket.onopen = () => { console.log(socket.id.length); socket.close() }`
    const { stdout, stderr } = await run(['--input-type=module', '-e', program, ws])
    t.equal(stdout, '22\n', `${kind} ${stderr}`)
  }
})

/** Runs Node.js in the package's folder. */
async function run(args: string[]): Promise<{ stdout: string; stderr: string }> {
  return await new Promise(resolve =>
    execFile(process.execPath, args, { cwd: root, timeout: 20_000 }, (_error, stdout, stderr) =>
      resolve({ stdout, stderr })
    )
  )
}

const consumer = `
import { NetworkBroadcastChannel, NetworkErrorEvent, NetworkWebSocket, type PeerWebSocket, type SocketOptions } from 'networkwebsockets/client'
import { peerConnection } from 'networkwebsockets/client/webrtc'

const options: SocketOptions = { endpoint: new URL('ws://localhost:9009'), reconnect: { maxDelayMs: 1 } }
const socket = new NetworkWebSocket('x', ['chat'], options)
const plain: WebSocket = socket
socket.addEventListener('connect', ({ detail: { target } }) => {
  const peer: PeerWebSocket = target
  const connection: RTCPeerConnection = peerConnection(peer)
  const id: string = peer.id
})
socket.onmessage = ({ data, senderId }) => { const sender: string | undefined = senderId }
socket.addEventListener('error', event => { const code: string = event.code; const is: boolean = event instanceof NetworkErrorEvent })
for (const peer of socket.peers) peer.send(new Uint8Array(1))
const channel = new NetworkBroadcastChannel('x', { reconnect: false })
channel.onmessage = event => { const data: unknown = event.data }
// @ts-expect-error: a name is a string
const wrong = new NetworkWebSocket(1)
// @ts-expect-error: no such option
const wrongToo = new NetworkWebSocket('x', null, { retry: true })
`
const globals = `
import './lib/networkwebsockets.global.js'
const socket = new NetworkWebSocket('x')
const connection: RTCPeerConnection = NetworkWebSocket.peerConnection(socket.peers[0]!)
const local: WebSocket = new LocalWebSocket('x')
`
const modules = `
import { NetworkWebSocket } from './lib/networkwebsockets.js'
import { peerConnection } from './lib/networkwebsockets-webrtc.js'
const connection: RTCPeerConnection = peerConnection(new NetworkWebSocket('x').peers[0]!)
`

t.test('its types are complete, for Node.js and for bundlers', async t => {
  const folder = t.testdir({
    'consumer.ts': consumer,
    'globals.ts': globals,
    'modules.ts': modules,
    'package.json': '{"type":"module"}'
  })
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/networkwebsockets'))
  symlinkSync(join(root, 'public/lib'), join(folder, 'lib'))
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler']
  ] as const) {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution,
          target: 'es2022',
          lib: ['es2023', 'dom', 'dom.iterable'],
          types: [],
          strict: true,
          noUncheckedIndexedAccess: true,
          noEmit: true,
          skipLibCheck: false
        },
        include: ['*.ts']
      })
    )
    // By a shell: what the test runner adds to the options of Node.js is not for the compiler.
    const { stdout, stderr, status } = spawnSync(
      'sh',
      [
        '-c',
        'unset NODE_OPTIONS; exec "$0" "$@"',
        process.execPath,
        join(root, 'node_modules/@typescript/native/bin/tsc'),
        '-p',
        folder
      ],
      { encoding: 'utf8' }
    )
    t.strictSame([stdout, stderr, status], ['', '', 0], moduleResolution)
  }
})
