// The built library: its size, that each file stands alone, and that Node.js imports it. Its types are
// tested with the package (integration/package.system.test.ts).
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
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
      const text = read(file).replaceAll(/import\("\.\/networkwebsockets-(?:files|resume)\.js"\)/g, '')
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
      setTimeout,
      clearTimeout,
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
