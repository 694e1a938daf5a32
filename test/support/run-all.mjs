// Runs the tests and then the slow ones, and adds up their closing lines. Not side by side: on two processors each made the
// other miss what it waited for.
// Not the test command itself (run.mjs).
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Runs one npm script, prints its lines under its name and resolves to its counts. */
async function run(script) {
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const counts = [0, 0, 0]
  let closed = false
  for await (const line of createInterface({ input: child.stdout })) {
    const summary = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line)
    if (summary) {
      closed = true
      for (let i = 0; i < 3; i++) counts[i] += Number(summary[i + 1])
    }
    process.stdout.write(`${script}: ${line}\n`)
  }
  const code = child.exitCode ?? (await new Promise(resolve => child.once('exit', resolve)))
  // A run that ends without a closing line, or badly without a failed test, has failed all the same.
  if (!closed || (code !== 0 && counts[1] === 0)) counts[1]++
  return counts
}

const runs = [await run('test:built'), await run('test:slow:built')]
const [passed, failed, skipped] = [0, 1, 2].map(index => runs.reduce((sum, counts) => sum + counts[index], 0))
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
