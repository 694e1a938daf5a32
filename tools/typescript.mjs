// Lets this process import TypeScript: `node --import ./tools/typescript.mjs program.ts`. Each file stays a
// module of its own at its own address, so that it finds the files beside it. Types are removed, not checked.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { transformSync } from 'esbuild'

const CACHE = fileURLToPath(new URL('../node_modules/.cache/nws-typescript/', import.meta.url))
const TAP = new URL('../test/support/runner/tap.mjs', import.meta.url).href
let tap

/** Called by Node in the thread of the hooks. */
export function initialize(options) {
  tap = options?.tap ? TAP : undefined
}

/** In a worker of the runner, `import t from 'tap'` gives the test of the file that runs. */
export async function resolve(specifier, context, next) {
  return tap !== undefined && specifier === 'tap' && context.parentURL !== TAP
    ? { url: tap, shortCircuit: true }
    : await next(specifier, context)
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return await next(url, context)
  const path = fileURLToPath(url)
  const text = readFileSync(path, 'utf8')
  const cached = `${CACHE}${createHash('sha256').update(`${path}\n${text}`).digest('hex')}.mjs`
  let source
  try {
    source = readFileSync(cached, 'utf8')
  } catch {
    const options = {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcefile: path,
      sourcemap: 'inline',
      sourcesContent: false
    }
    source = transformSync(text, options).code
    mkdirSync(CACHE, { recursive: true })
    writeFileSync(`${cached}.${process.pid}`, source)
    renameSync(`${cached}.${process.pid}`, cached)
  }
  return { format: 'module', source, shortCircuit: true }
}

if (isMainThread) {
  process.setSourceMapsEnabled(true)
  register(import.meta.url, { data: { tap: import.meta.url.endsWith('?tap') } })
}
