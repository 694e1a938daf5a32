// Builds dist/ from src/: with the TypeScript compiler, where each file stays one file, and over that the entries bundled
// with esbuild, so that a start reads a few files and not some eight hundred (most of them typebox's). And public/lib/
// from src/client, where each entry becomes one file for browsers. Not a watcher. `node build.mjs client` builds the
// client alone.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Runs the compiler and ends the process with its exit code when it fails. */
function compile(...args) {
  const result = spawnSync(process.execPath, ['node_modules/@typescript/native/bin/tsc', ...args], {
    cwd: root,
    stdio: 'inherit'
  })
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/** Types of the classic scripts: the same classes, as globals. */
const GLOBAL_TYPES = `import type * as library from './types/index.js'
import type { peerConnection as connect } from './types/webrtc.js'

declare global {
  var NetworkWebSocket: typeof library.NetworkWebSocket & { readonly peerConnection: typeof connect }
  var LocalWebSocket: typeof library.LocalWebSocket
  var BroadcastWebSocket: typeof library.BroadcastWebSocket
  var NetworkBroadcastChannel: typeof library.NetworkBroadcastChannel
}
`

/** The same of BoneValue. */
const BV_TYPES = `import type { BoneValue } from './types/bonevalue/index.js'

declare global {
  var $BV: BoneValue
}
`

async function buildClient() {
  compile('-p', 'src/client/tsconfig.build.json')
  rmSync(new URL('public/lib', import.meta.url), { recursive: true, force: true })
  compile(
    '-p',
    'src/client/tsconfig.build.json',
    '--emitDeclarationOnly',
    '--sourceMap',
    'false',
    '--outDir',
    'public/lib/types'
  )
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    sourcemap: true,
    target: 'es2022',
    logLevel: 'warning',
    outdir: 'public/lib'
  }
  // The module of file transfers is a file of its own, which the others load when it is needed.
  const plugins = [
    {
      name: 'files apart',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/files\/index\.ts$/ }, ({ kind }) =>
          kind === 'dynamic-import' ? { path: './networkwebsockets-files.js', external: true } : undefined
        )
    }
  ]
  const banner = { js: '/*! Network Web Sockets, MIT License */' }
  await build({
    ...common,
    banner,
    plugins,
    format: 'esm',
    entryPoints: {
      networkwebsockets: 'src/client/index.ts',
      'networkwebsockets-files': 'src/client/files/index.ts',
      'networkwebsockets-webrtc': 'src/client/webrtc.ts',
      bonevalue: 'src/client/bonevalue/index.ts'
    }
  })
  await build({
    ...common,
    banner,
    plugins,
    format: 'iife',
    entryPoints: {
      'networkwebsockets.global': 'src/client/global.ts',
      namedwebsockets: 'src/client/global.ts',
      BV: 'src/client/bonevalue/global.ts'
    }
  })
  const types = {
    networkwebsockets: "export * from './types/index.js'\n",
    'networkwebsockets-files': "export * from './types/files/index.js'\n",
    'networkwebsockets-webrtc': "export * from './types/webrtc.js'\n",
    bonevalue: "export * from './types/bonevalue/index.js'\n",
    BV: BV_TYPES,
    'networkwebsockets.global': GLOBAL_TYPES,
    namedwebsockets: "import './networkwebsockets.global.js'\n"
  }
  for (const [name, text] of Object.entries(types))
    writeFileSync(new URL(`public/lib/${name}.d.ts`, import.meta.url), text)
}

/** The entries of the server as few files. Measured: 650 ms to the first answer without, 450 ms with. */
async function bundleServer() {
  const entries = ['server', 'index', 'app']
  const command = 'cli/nws' // As deep as a chunk.
  await build({
    absWorkingDir: root,
    bundle: true,
    splitting: true, // What an extension imports by the package's name has to be what runs.
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
    entryPoints: [...entries, command].map(name => `src/${name}.ts`),
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    packages: 'external',
    // A path is no package: it is bundled.
    alias: Object.fromEntries(
      Object.entries({ typebox: '', 'typebox/format': 'format/', 'typebox/schema': 'schema/' }).map(
        ([name, folder]) => [name, `./node_modules/typebox/build/${folder}index.mjs`]
      )
    )
  })
  // Code that looks for files beside itself counts on being two folders deep, in dist/chunks as in src/routes.
  for (const name of entries) {
    if (readFileSync(new URL(`dist/${name}.js`, import.meta.url), 'utf8').includes('import.meta.url'))
      throw new Error(`dist/${name}.js looks for files beside itself: that code has to be in a chunk`)
  }
}

if (process.argv[2] !== 'client') {
  rmSync(new URL('dist', import.meta.url), { recursive: true, force: true })
  compile('-p', 'tsconfig.json')
  await bundleServer()
}
await buildClient()
