// Builds dist/ from src/ with the TypeScript compiler. Not a bundler: dist mirrors src, one file each.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Runs one build step and ends the process with its exit code when it fails. */
function step (args) {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (result.status !== 0) process.exit(result.status ?? 1)
}

rmSync(new URL('dist', import.meta.url), { recursive: true, force: true })
step(['node_modules/@typescript/native/bin/tsc', '-p', 'tsconfig.json'])
