// The test command. Runs test files in a few processes (runner/worker.mjs), each of which takes one file after another,
// prints failures as they come, and ends with the line `N passed, N failed, N skipped`.
//
//   node test/support/run.mjs [--ring=quick|system|long …] [--jobs=2] [--limit=280] [--watch] [part of a path …]
//
// A file's ring is in its name: x.test.ts is quick and needs Node alone; x.system.test.ts needs more of the machine, and
// x.long.test.ts takes minutes. Without --ring all rings count.
import { fork } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, watch, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { inspect, parseArgs } from 'node:util'

const OPTIONS = /** @type {const} */ ({
  ring: { type: 'string', multiple: true, default: ['quick', 'system', 'long'] },
  jobs: { type: 'string', default: String(availableParallelism()) },
  limit: { type: 'string', default: '280' },
  watch: { type: 'boolean', default: false }
})

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: OPTIONS })
  } catch (error) {
    console.error(
      `${error.message.split('. ', 1)[0]}. Options are ${Object.keys(OPTIONS)
        .map(name => `--${name}`)
        .join(', ')}.`
    )
    return process.exit(2)
  }
}

const { values, positionals } = readArguments()
process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const TIMES = 'node_modules/.cache/nws-test-times.json'
const LIMIT_MS = Number(values.limit) * 1000
/** How long a process may need to say that a file has exceeded its limit. */
const GRACE_MS = 15_000
/** These leave a processor idle for more than half of their time. One more lane runs them beside the others. */
const MOSTLY_WAITING =
  /\/(?:doctor\S*|file-cuts|pipe|user|cluster-hosts|cluster-servers|mesh-attacks|shutdown|faults|bonevalue-n\w+)\.system\.test/
const ringOf = file => /\.(system|long)\.test\.ts$/.exec(file)?.[1] ?? 'quick'
const say = line => process.stdout.write(`${line}\n`)
const seconds = ms => `${(ms / 1000).toFixed(1)} s`

function findFiles() {
  const all = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => `test/${name.replaceAll('\\', '/')}`)
    .sort()
  const matching = all.filter(file => positionals.length === 0 || positionals.some(part => file.includes(part)))
  const chosen = matching.filter(file => values.ring.includes(ringOf(file)))
  if (chosen.length === 0)
    say(`No ${values.ring.join(' or ')} test file matches. Of other rings: ${matching.join(' ') || 'none'}`)
  return chosen
}

/** Prints what tap says of a failed assertion: texts as they are, the rest as JavaScript. */
function printDiagnostics(diagnostics) {
  const { at, ...others } = diagnostics ?? {}
  if (at?.fileName) say(`    at: ${at.fileName}:${at.lineNumber}:${at.columnNumber}`)
  for (const [key, value] of Object.entries(others)) {
    const text = typeof value === 'string' ? value.trimEnd() : inspect(value, { depth: 8, breakLength: 110 })
    say(text.includes('\n') ? `    ${key}:\n${text.replace(/^/gm, '      ')}` : `    ${key}: ${text}`)
  }
}

/** Runs these files and resolves to the counts. */
async function runAll(files) {
  const started = performance.now()
  const total = { pass: 0, fail: 0, skip: 0 }
  const times = readTimes()
  const sorted = files.toSorted((a, b) => (times[b] ?? Infinity) - (times[a] ?? Infinity)) // The longest first.
  const waiting = sorted.filter(file => MOSTLY_WAITING.test(file))
  const queue = sorted.filter(file => !waiting.includes(file))
  let done = 0

  function finish(file, ms, { pass, fail, skip }) {
    total.pass += pass
    total.fail += fail
    total.skip += skip
    times[file] = Math.round(ms)
    done++
    say(`${done}/${files.length} ${fail > 0 ? 'FAIL' : 'pass'} ${file} (${pass}) ${seconds(ms)}`)
  }

  /** Runs the files that `take` gives, in one process after another. */
  async function lane(take) {
    let file
    while ((file = take()) !== undefined) {
      await new Promise(resolve => {
        let since, watchdog
        const worker = fork('test/support/runner/worker.mjs', {
          execArgv: ['--import', './tools/typescript.mjs?tap'],
          env: { ...process.env, TAP_TIMEOUT: '0' }
        })
        const run = () => {
          since = performance.now()
          watchdog = setTimeout(() => worker.kill('SIGKILL'), LIMIT_MS + GRACE_MS)
          worker.send({ path: file, timeoutMs: LIMIT_MS })
        }
        worker.on('message', message => {
          if (message.ready) run()
          else if (message.skip) say(`skip ${message.skip}: ${message.reason}`)
          else if (message.fail) {
            say(`FAIL ${message.fail}`)
            printDiagnostics(message.diag)
          } else if (message.done) {
            clearTimeout(watchdog)
            const open = message.open.length > 0
            if (open) say(`FAIL ${file} leaves open: ${message.open.join(', ')}`)
            finish(file, performance.now() - since, { ...message.done, fail: message.done.fail + (open ? 1 : 0) })
            file = open ? undefined : take()
            if (open) worker.kill('SIGKILL')
            else if (file === undefined) worker.disconnect()
            else run()
          }
        })
        worker.once('exit', (code, signal) => {
          clearTimeout(watchdog)
          if (file !== undefined) {
            say(`FAIL ${file} ended its process: ${signal ?? code}`)
            finish(file, performance.now() - since, { pass: 0, fail: 1, skip: 0 })
          }
          resolve()
        })
      })
    }
  }

  // Half of the lanes begin at the front of the list, the others at its end: neighbours in the list need the same of the
  // machine, all browsers for example, and a mix of tests leaves no processor idle.
  const lanes = Array.from({ length: Number(values.jobs) }, (_, index) =>
    lane(() => (index % 2 === 0 ? queue.shift() : queue.pop()) ?? waiting.pop())
  )
  if (lanes.length > 1) lanes.push(lane(() => waiting.shift()))
  await Promise.all(lanes)
  mkdirSync('node_modules/.cache', { recursive: true })
  writeFileSync(TIMES, JSON.stringify(times))
  const slowest = files.toSorted((a, b) => times[b] - times[a]).slice(0, 10)
  say(
    `${seconds(performance.now() - started)}; the slowest: ${slowest.map(file => `${file} ${seconds(times[file])}`).join(', ')}`
  )
  say(`${total.pass} passed, ${total.fail} failed, ${total.skip} skipped`)
  return total
}

function readTimes() {
  try {
    return JSON.parse(readFileSync(TIMES, 'utf8'))
  } catch {
    return {}
  }
}

/** Runs the files again after each change of a source or a test. */
async function runOnChange() {
  let changed
  let wake = () => {}
  for (const folder of ['src', 'test'])
    watch(folder, { recursive: true }, (_event, name) => {
      changed = `${folder}/${name}`
      wake()
    })
  for (;;) {
    changed = undefined
    await runAll(findFiles())
    say('Waiting for a change …')
    if (changed === undefined) await new Promise(resolve => (wake = resolve))
    say(`\n${changed} has changed.`)
  }
}

if (values.watch) await runOnChange()
const { pass, fail } = await runAll(findFiles())
process.exit(fail > 0 || pass === 0 ? 1 : 0)
