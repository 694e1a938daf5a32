// @ts-check
// Builds dist/ from src/, public/lib/ from src/client/, and the script and styles of the console from src/console/: esbuild
// makes the JavaScript, the compiler the types.
//
//   node build.mjs            JavaScript and types
//   node build.mjs scripts    JavaScript alone: all that a proxy needs to run
//   node build.mjs pack       JavaScript and types, and removes everything else, so that it does not get into a package
//   node build.mjs dev        JavaScript with source maps, and runs the proxy; both again after each change of a source
//
// Unchanged sources are not built again. Programs may run from dist/ meanwhile: each file is replaced in one step, and the
// files of the build before stay, so a program that has read its first file finds the others. A running proxy loads none of
// its own files later.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('.', import.meta.url)))

const COMMAND = 'dist/cli/nws.js'
/** A digest of the last build's inputs, and the files that this build and the one before made. */
const RECORD = 'dist/build.json'
/** Files of dist/ that get into no package. */
const LEFT_OUT = 'dist/.npmignore'
/** The types of the browsers' files are those of the client library. */
const LIBRARY = {
  networkwebsockets: 'index',
  'networkwebsockets-files': 'files/index',
  'networkwebsockets-resume': 'resume/index',
  'networkwebsockets-webrtc': 'webrtc',
  'networkwebsockets-yjs': 'documents/page',
  bonevalue: 'bonevalue/index',
  'networkwebsockets.global': 'global',
  namedwebsockets: 'global',
  BV: 'bonevalue/global'
}

/** Modules of other packages for the pages. Their types are those of the packages. */
const MODULES = {
  qr: "export { encode } from 'uqr'\n",
  codemirror: `export { EditorState } from '@codemirror/state'
export { EditorView, keymap, placeholder } from '@codemirror/view'
export { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
`
}

/** The builds for guests have cryptography in them. */
const GUEST_BANNER = {
  js: '/*! Network Web Sockets, MIT License. noble-curves, noble-ciphers, noble-hashes, MIT License, Copyright (c) Paul Miller */'
}

const QR_BANNER = { js: '/*! uqr, MIT License, Copyright (c) Project Nayuki, Copyright (c) 2023 Anthony Fu */' }

/** @typedef {{ inputs: string, files: string[], before: string[] }} BuildRecord */

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)

/** @param {string} folder */
const filesOf = folder =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(({ parentPath, name }) => `${parentPath}/${name}`.replaceAll('\\', '/'))
        .sort()
    : []

/** A digest of everything that a build is made of. @param {boolean} sourcemap */
function digestInputs(sourcemap) {
  const hash = createHash('sha256').update(String(sourcemap))
  for (const file of ['build.mjs', 'package.json', 'package-lock.json', ...filesOf('src')])
    hash.update(`\0${file}\0`).update(readFileSync(file))
  return hash.digest('hex')
}

/** @returns {BuildRecord} */
function readRecord() {
  return existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, 'utf8')) : { inputs: '', files: [], before: [] }
}

/** Installs the packages of a fresh clone, which npm also builds when it installs from a folder. */
function providePackages() {
  const { npm_execpath: npm, npm_lifecycle_event: event, npm_config_omit: omit = '' } = process.env
  if (npm !== undefined && !existsSync('node_modules')) {
    say('Installing the packages that the build needs …')
    const options = ['--global=false', '--prefix=.', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']
    spawnSync(process.execPath, [npm, 'ci', ...options], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  if (existsSync('node_modules/esbuild')) return
  if (event === 'prepare' && omit.includes('dev')) process.exit(0) // Packages for development are not wanted.
  say('The build needs the packages for development: run npm ci.')
  process.exit(1)
}

/** Writes a file in one step. @param {string} path @param {Uint8Array} contents */
function replace(path, contents) {
  if (!existsSync(path) || !readFileSync(path).equals(contents)) {
    mkdirSync(dirname(path), { recursive: true })
    const draft = `${path}.${process.pid}`
    writeFileSync(draft, contents)
    renameSync(draft, path)
  }
  if (path === COMMAND) chmodSync(path, 0o755)
}

/** Providers of documents import the library from its place. @param {string} path @returns {import('esbuild').Plugin} */
const libraryApart = path => ({
  name: 'library apart',
  setup: build => build.onResolve({ filter: /\/network-web-socket\.ts$/ }, () => ({ path, external: true }))
})

/**
 * The editor of the notes imports Yjs from its place. lib0 sets the style of an element as an attribute, which the policy of the
 * pages forbids; scripts may set it.
 *
 * @type {import('esbuild').Plugin}
 */
const editorInPages = {
  name: 'editor in pages',
  setup: build => {
    build.onResolve({ filter: /^yjs$/ }, () => ({ path: './networkwebsockets-yjs.js', external: true }))
    build.onLoad({ filter: /\/lib0\/dom\.js$/ }, () => ({
      contents: `export const text = text => document.createTextNode(text)
        export const element = (name, attributes, children = []) => {
          const made = document.createElement(name)
          for (const { left, right } of attributes)
            if (left === 'style') made.style.cssText = right
            else made.setAttribute(left, right)
          made.append(...children)
          return made
        }`
    }))
  }
}

/** Bundles everything. @param {boolean} sourcemap @returns {Promise<Map<string, Uint8Array>>} files by path, entries last */
async function bundle(sourcemap) {
  const { build } = await import('esbuild')
  const named = (/** @type {readonly string[]} */ names) =>
    Object.fromEntries(
      names.map(name => [name, `src/client/${LIBRARY[/** @type {keyof typeof LIBRARY} */ (name)]}.ts`])
    )
  /** Few files instead of several hundred: a start takes two thirds of the time. @type {import('esbuild').BuildOptions} */
  const node = {
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external'
  }
  /** @type {import('esbuild').BuildOptions} */
  const browser = {
    bundle: true,
    minify: true,
    target: 'es2022',
    outdir: 'public/lib',
    // The module of file transfers is a file of its own. The others load it when it is needed.
    plugins: [
      {
        name: 'files apart',
        setup: build =>
          build.onResolve({ filter: /\/(?:files|resume)\/index\.ts$/ }, ({ kind, path }) =>
            kind === 'dynamic-import'
              ? { path: `./networkwebsockets-${path.split('/').at(-2)}.js`, external: true }
              : undefined
          )
      }
    ],
    banner: { js: '/*! Network Web Sockets, MIT License */' }
  }
  /** @type {import('esbuild').BuildOptions[]} */
  const builds = [
    {
      ...node,
      entryPoints: ['server', 'start', 'index', 'app', 'cli/nws'].map(name => `src/${name}.ts`),
      outdir: 'dist',
      chunkNames: 'chunks/[name]-[hash]',
      // A path is no package: it is bundled.
      alias: {
        typebox: './node_modules/typebox/build/index.mjs',
        'typebox/format': './node_modules/typebox/build/format/index.mjs',
        'typebox/schema': './node_modules/typebox/build/schema/index.mjs'
      }
    },
    { ...node, splitting: false, entryPoints: ['src/plugins/bonevalue/accounts/password-worker.ts'], outdir: 'dist' },
    {
      ...node,
      entryPoints: ['index', 'node', 'files/index', 'files/node', 'webrtc', 'bonevalue/index', 'bonevalue/node'].map(
        name => `src/client/${name}.ts`
      ),
      outdir: 'dist/client',
      chunkNames: 'chunks/[name]-[hash]',
      target: 'es2022'
    },
    {
      ...node,
      entryPoints: ['yjs', 'automerge'].map(name => `src/client/documents/${name}.ts`),
      outdir: 'dist/client/documents',
      chunkNames: 'chunk-[hash]',
      target: 'es2022',
      plugins: [libraryApart('networkwebsockets/client')]
    },
    {
      ...browser,
      format: 'esm',
      entryPoints: named([
        'networkwebsockets',
        'networkwebsockets-files',
        'networkwebsockets-resume',
        'networkwebsockets-webrtc',
        'bonevalue'
      ])
    },
    {
      ...browser,
      format: 'esm',
      entryPoints: named(['networkwebsockets-yjs']),
      plugins: [libraryApart('./networkwebsockets.js')],
      banner: {
        js: '/*! Network Web Sockets, MIT License. Yjs, y-protocols, lib0, MIT License, Copyright (c) Kevin Jahns */'
      }
    },
    {
      ...browser,
      format: 'esm',
      stdin: { contents: MODULES.codemirror, resolveDir: '.', sourcefile: 'codemirror.js' },
      entryNames: 'codemirror',
      plugins: [editorInPages],
      banner: {
        js: '/*! CodeMirror, MIT License, Copyright (c) Marijn Haverbeke and others. y-codemirror.next, MIT License, Copyright (c) Kevin Jahns */'
      }
    },
    {
      ...browser,
      format: 'iife',
      entryPoints: named(['networkwebsockets.global', 'namedwebsockets', 'BV'])
    },
    {
      ...browser,
      format: 'esm',
      entryPoints: { networkwebsockets: 'src/client/guest/index.ts' },
      outdir: 'public/lib/guest',
      banner: GUEST_BANNER
    },
    {
      ...browser,
      format: 'iife',
      entryPoints: { 'networkwebsockets.global': 'src/client/guest/global.ts' },
      outdir: 'public/lib/guest',
      banner: GUEST_BANNER
    },
    {
      ...browser,
      format: 'esm',
      stdin: { contents: MODULES.qr, resolveDir: '.', sourcefile: 'qr.js' },
      entryNames: 'qr',
      banner: QR_BANNER
    },
    {
      // One script with everything, so the page needs few requests.
      ...browser,
      format: 'esm',
      entryPoints: { console: 'src/console/console.ts', theme: 'src/console/theme.css' },
      outdir: 'public/console',
      plugins: [],
      banner: { js: `${browser.banner?.['js']}\n${QR_BANNER.js}` }
    },
    {
      ...browser,
      format: 'esm',
      entryPoints: { 'console/console': 'src/console/console.css', 'docs/api': 'src/console/api-docs.ts' },
      outdir: 'public'
    }
  ]
  /** @type {[string, Uint8Array][]} */
  const files = [
    ...Object.entries(LIBRARY).map(([name, types]) => [name, `export * from '../../dist/client/${types}.js'\n`]),
    ...Object.entries(MODULES)
  ].map(([name, types]) => [`public/lib/${name}.d.ts`, Buffer.from(/** @type {string} */ (types))])
  for (const options of builds) {
    const { outputFiles } = await build({ ...options, sourcemap, write: false, logLevel: 'warning' })
    for (const { path, contents } of outputFiles) files.push([relative('.', path).replaceAll('\\', '/'), contents])
  }
  const isChunk = (/** @type {string} */ path) => path.includes('/chunks/')
  return new Map(files.sort(([one], [other]) => Number(isChunk(other)) - Number(isChunk(one))))
}

/** Builds the JavaScript, unless nothing has changed. */
async function buildScripts({ sourcemap = false } = {}) {
  const inputs = digestInputs(sourcemap)
  const last = readRecord()
  if (last.inputs === inputs && last.files.every(file => existsSync(file))) return
  providePackages()
  say('Building dist/ and public/ …')
  const files = await bundle(sourcemap)
  for (const [path, contents] of files) replace(path, contents)
  /** @type {BuildRecord} */
  const record = { inputs, files: [...files.keys()], before: last.files }
  replace(RECORD, Buffer.from(JSON.stringify(record)))
  for (const path of last.before) if (!files.has(path) && !last.files.includes(path)) rmSync(path, { force: true })
}

/** @param {unknown} error esbuild has said what is wrong in a source */
function explain(error) {
  const text = error instanceof Error ? (error.stack ?? '') : ''
  if (!(error instanceof Error && 'errors' in error)) say(text)
  else if (text.includes('Could not resolve "')) say('If a package is missing, npm ci installs it.')
}

/** The compiler keeps a record of its own and compiles what has changed. */
function buildTypes() {
  const { status } = spawnSync(process.execPath, ['node_modules/@typescript/native/bin/tsc', '-b', 'src'], {
    stdio: 'inherit'
  })
  if (status !== 0) process.exit(status ?? 1)
}

/** Leaves the types that nothing of the package's types imports out of the package: npm reads this file. */
function leaveOutTypes() {
  /** @type {{ exports: Record<string, Record<string, string>> }} */
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
  const used = new Set(Object.values(LIBRARY).map(name => `dist/client/${name}.d.ts`))
  for (const conditions of Object.values(exports))
    for (const path of Object.values(conditions))
      if (path.endsWith('.js')) used.add(path.replace(/^\.\/(.*)\.js$/, '$1.d.ts'))
  // A set grows while it is walked.
  for (const path of used)
    if (existsSync(path))
      for (const [, other] of readFileSync(path, 'utf8').matchAll(/["'](\.[^"']*)\.[jt]s["']/g))
        used.add(join(dirname(path), `${other}.d.ts`).replaceAll('\\', '/'))
  const others = filesOf('dist')
    .filter(path => path.endsWith('.d.ts') && !used.has(path))
    .map(path => path.slice('dist'.length))
  replace(LEFT_OUT, Buffer.from(`${others.join('\n')}\n`))
}

/** Removes all files but those of the last build, and the types of sources that exist. */
function removeOthers() {
  const wanted = new Set([RECORD, LEFT_OUT, ...readRecord().files])
  for (const path of [...filesOf('dist'), ...filesOf('public/lib')]) {
    const source = path.replace(/^dist\/(.*)\.d\.ts$/, 'src/$1.ts')
    if (!wanted.has(path) && !path.endsWith('.tsbuildinfo') && (source === path || !existsSync(source))) rmSync(path)
  }
}

/** Runs the proxy, and again after each change. */
async function develop() {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let proxy
  let changed = true
  let wake = () => {}
  const stop = () =>
    new Promise(resolve => {
      if (proxy === undefined || proxy.exitCode !== null || proxy.signalCode !== null) return resolve(undefined)
      proxy.once('exit', resolve)
      proxy.kill()
    })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => void stop().then(() => process.exit()))
  watch('src', { recursive: true }, () => {
    changed = true
    wake()
  })
  for (;;) {
    if (!changed) await new Promise(resolve => (wake = () => resolve(undefined)))
    await setTimeout(50) // An editor writes a file in several steps.
    changed = false
    try {
      await buildScripts({ sourcemap: true })
    } catch (error) {
      explain(error)
      continue
    }
    await stop()
    proxy = spawn(process.execPath, ['--enable-source-maps', 'dist/server.js'], { stdio: 'inherit' })
  }
}

const [task = 'all'] = process.argv.slice(2)
if (task === 'dev') await develop()
else {
  await buildScripts().catch(error => {
    explain(error)
    process.exit(1)
  })
  if (task !== 'scripts') {
    buildTypes()
    if (task === 'pack') removeOthers()
    leaveOutTypes()
  }
}
