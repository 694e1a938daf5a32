// The test command: says what the tests need beyond npm, runs tap, prints what failed and one closing line
// `N passed, N failed, N skipped`. Not a reporter for tap's own protocol beyond what that line takes.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'

const needed = [
  { file: '/usr/sbin/nats-server', package: 'nats-server', what: 'tests of the cluster' },
  { file: '/usr/bin/chromium', package: 'chromium', what: 'browser tests' },
  { file: '/usr/sbin/ip', package: 'iproute2', what: 'tests with several hosts (network namespaces)' },
  { file: '/usr/bin/tcpdump', package: 'tcpdump', what: 'tests that capture packets' },
  { file: '/usr/sbin/avahi-daemon', package: 'avahi-daemon avahi-utils', what: 'tests beside avahi' },
  { file: '/usr/sbin/iptables', package: 'iptables', what: 'tests with packet loss' }
]
const missing = needed.filter(({ file }) => !existsSync(file))
for (const { package: name, what } of missing) process.stdout.write(`missing for ${what}: apt-get install -y ${name}\n`)

const args = ['node_modules/tap/dist/esm/run.mjs', '--reporter=tap', ...process.argv.slice(2)]
const tap = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
const total = { pass: 0, fail: 0, skip: 0, todo: 0 }
const started = Date.now()
let detail = 0
const path = []

for await (const line of createInterface({ input: tap.stdout })) {
  const depth = line.search(/\S/)
  const subtest = /^\s*# Subtest: (.*)$/.exec(line)
  if (subtest) path[depth / 4] = subtest[1]
  const summary = /^# \{ (.*) \}$/.exec(line)
  if (summary) for (const [, key, value] of summary[1].matchAll(/(\w+): (\d+)/g)) total[key] = Number(value)
  const file = /^(not )?ok \d+ - (\S+)(?: # time=(.*))?$/.exec(line)
  if (file && depth === 0) process.stdout.write(`${file[1] ? 'FAIL' : 'pass'} ${file[2]} ${file[3] ?? ''}\n`)
  const skipped = /^\s*ok \d+ - (.*) # SKIP ?(.*)$/.exec(line)
  if (skipped)
    process.stdout.write(
      `skip ${path.slice(0, depth / 4).join(' > ')} > ${skipped[1]}: ${skipped[2] || 'NO REASON GIVEN'}\n`
    )
  if (/^\s*not ok /.test(line)) {
    process.stdout.write(`${path.slice(0, depth / 4).join(' > ')}\n`)
    detail = 40
  }
  if (detail > 0 && depth > 0) {
    process.stdout.write(`${line}\n`)
    detail = /^\s*\.\.\.$/.test(line) ? 0 : detail - 1
  }
}

const code = tap.exitCode ?? (await new Promise(resolve => tap.once('exit', resolve)))
const failed = Math.max(total.fail ?? 0, code === 0 ? 0 : 1)
process.stdout.write(`${((Date.now() - started) / 1000).toFixed(0)} s\n`)
process.stdout.write(`${total.pass} passed, ${failed} failed, ${total.skip + total.todo} skipped\n`)
process.exit(failed > 0 || total.pass === 0 ? 1 : 0)
