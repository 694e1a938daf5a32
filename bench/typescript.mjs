// Runs a benchmark that is written in TypeScript, since it shares code with the tests: bundles it and imports the
// result. Usage: node bench/typescript.mjs bench/discovery.ts [arguments]. Measures nothing itself.
import { mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = `${root}node_modules/.cache`
mkdirSync(folder, { recursive: true })
const entry = process.argv[2]
const outfile = `${folder}/bench-${process.pid}.mjs`
buildSync({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error'
})
process.once('exit', () => {
  rmSync(outfile, { force: true })
})
await import(pathToFileURL(outfile).href)
