// Holds the layout: which folder may import which, and every source file opens with its purpose.
// Not a style check (that is the linter's).
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => normalize(`src/${name}`))

/** The modules that a source file imports: relative ones as paths below the root, others as they stand. */
function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found: { target: string; typeOnly: boolean }[] = []
  for (const match of text.matchAll(
    /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)/gm
  )) {
    const target = match[2] ?? match[3] ?? ''
    found.push({
      target: target.startsWith('.') ? relative(root, join(root, dirname(file), target)) : target,
      typeOnly: match[1] !== undefined
    })
  }
  return found
}

/** The folders of src that a folder may import, besides its own. */
const allowed: Record<string, readonly string[]> = {
  'src/core': ['src/core'],
  'src/platform': ['src/core', 'src/platform'],
  'src/plugins': ['src/core', 'src/platform'],
  'src/routes': ['src/core', 'src/platform', 'src/routes'],
  'src/client': ['src/client'],
  'src/console': ['src/client', 'src/console'],
  'src/cli': ['src/cli', 'src/client/files', 'src/core', 'src/platform']
}

/**
 * Single files that a folder may import besides: the wire as clients speak it, the process that `nws serve` is,
 * and the accounts that `nws user` opens if no proxy runs. */
const exceptions: Record<string, readonly string[]> = {
  // Both ends of a guest's connection have the same cryptography.
  'src/client': ['src/core/guests/handshake.ts', 'src/core/guests/records.ts', 'src/core/link/primitives.ts'],
  // The same words for an id as in commands and in the API.
  'src/console': ['src/core/friendly-words.ts'],
  'src/cli': [
    'src/client/wire.ts',
    'src/client/reconnect.ts',
    // Its types alone.
    'src/client/documents/yjs.ts',
    'src/start.ts',
    'src/service-manager.ts',
    'src/bonevalue-offline.ts'
  ]
}

/** A plugin is one file, or a folder with an index.ts. A folder without one groups plugins. */
function pluginOf(path: string): string {
  const [group, plugin] = path.split('/').slice(2)
  const isGroup = plugin !== undefined && !files.includes(`src/plugins/${group}/index.ts`)
  return (isGroup ? `${group}/${plugin}` : group!).replace(/\.ts$/, '')
}

t.test('imports follow server → app → plugins, routes → platform → core', async t => {
  t.ok(files.length > 10, 'the sources are found')
  for (const file of files) {
    const folder = file.split('/').slice(0, 2).join('/')
    for (const { target, typeOnly } of importsOf(file)) {
      if (!target.startsWith('src/')) continue
      t.not(target, 'src/server.ts', `${file} does not import the process`)
      if (target === 'src/start.ts')
        t.ok(file === 'src/server.ts' || file.startsWith('src/cli/'), `${file} may start a process`)
      const rules = allowed[folder]
      if (rules === undefined) continue
      const within = rules.some(prefix => target.startsWith(`${prefix}/`))
      const ownPlugin =
        folder === 'src/plugins' && target.startsWith('src/plugins/') && pluginOf(file) === pluginOf(target)
      const typesOfPlugin =
        typeOnly && target.startsWith('src/plugins/') && folder !== 'src/core' && folder !== 'src/client'
      const excepted = exceptions[folder]?.includes(target) === true
      t.ok(within || excepted || ownPlugin || typesOfPlugin, `${file} may import ${target}`)
    }
  }
})

t.test('core has no I/O, clock, randomness, environment or log', async t => {
  const banned = /^node:(fs|net|http|https|dgram|dns|tls|crypto|os|child_process|process|timers|worker_threads)/
  for (const file of files.filter(name => name.startsWith('src/core/'))) {
    for (const { target } of importsOf(file)) t.notMatch(target, banned, `${file} imports no I/O`)
    const code = readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
    t.notMatch(
      code,
      /\bprocess\.|Date\.now\(|performance\.now\(|Math\.random\(|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(|\bconsole\./,
      `${file} takes clock and randomness as arguments`
    )
  }
})

t.test('every source file opens with a comment that says what it is', async t => {
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8').replace(/^#!.*\n/, '')
    const opening = /^(?:\/\/.*\n)+|^\/\*[\s\S]*?\*\//.exec(text)?.[0] ?? ''
    t.ok(opening.length > 40, `${file} says what it is`)
  }
})

t.test('only the process reads the environment', async t => {
  for (const file of files.filter(name => name !== 'src/server.ts' && !name.startsWith('src/cli/'))) {
    t.notMatch(readFileSync(join(root, file), 'utf8'), /process\.env/, `${file} reads no environment variable`)
  }
})

t.test('a running proxy loads none of its own files later, since a build may have replaced them', async t => {
  // The cluster is joined at the start; a command loads its files when it begins.
  const isOfProxy = (name: string): boolean =>
    name !== 'src/plugins/cluster/index.ts' && !/^src\/(?:cli|client|console)\//.test(name)
  for (const file of files.filter(isOfProxy))
    t.notMatch(readFileSync(join(root, file), 'utf8'), /\bimport\(\s*['"`]\./, file)
})

t.test('what browsers load needs no secure context', async t => {
  // Pages at http addresses of the local network have none of these.
  const scripts = ['src/client', 'src/console', 'public'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => /\.(?:ts|js)$/.test(name) && !name.startsWith('lib/'))
      .map(name => `${folder}/${name}`)
  )
  t.ok(scripts.length > 50, 'the scripts are found')
  for (const script of scripts)
    t.notMatch(
      readFileSync(join(root, script), 'utf8').replaceAll(/^ *\/\/.*$|\/\*\*.*\*\/$/gm, ''),
      /crypto\.(?:randomUUID|subtle)|navigator\.(?:locks|serviceWorker|storage)|\bcaches\./,
      script
    )
})
