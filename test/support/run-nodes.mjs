// Runs the test suite on several versions of Node: `npm run test:nodes`, or `npm run test:nodes -- 22 24`.
// Each version comes from the npm package `node`, into a folder outside the project. Not part of `npm test`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24', '26']
const results = []
for (const version of versions) {
  const folder = join(tmpdir(), `networkwebsockets-node-${version}`)
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    spawnSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `node@${version}`], {
      stdio: 'inherit'
    })
  }
  if (!existsSync(binary)) {
    results.push(`Node ${version}: could not be installed`)
    continue
  }
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  process.stdout.write(`\nNode ${stdout.trim()}\n`)
  const { status } = spawnSync(binary, ['test/support/run.mjs'], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` }
  })
  results.push(`Node ${stdout.trim()}: ${status === 0 ? 'passed' : 'FAILED'}`)
}
process.stdout.write(`\n${results.join('\n')}\n`)
process.exit(results.every(line => line.endsWith('passed')) ? 0 : 1)
