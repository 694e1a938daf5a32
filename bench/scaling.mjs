// How the cost of a delivery behaves when there is more of everything: receivers, channels, dialects in one channel, and
// messages of a mebibyte beside small ones. This project only; fanout.mjs compares it with others. A full run writes its
// table into docs/PERFORMANCE.md. Usage: npm run bench:scaling [part of the name of a measurement …]
import { fork } from 'node:child_process'
import { circumstances, writeSection } from './section.ts'
import { measure, start } from './servers.mjs'
import { median } from './support.mjs'

const ROUNDS = 5
const RUN = { senders: 1, window: 16, bytes: 100, warmUpMs: 500, measureMs: 1500 }

const server = await start('nws')

/** Measures the variants in turn, round by round: one list of samples a variant. */
async function interleaved(variants) {
  const samples = variants.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, variant] of variants.entries())
      samples[index].push(await measure(server, { ...RUN, ...variant }))
  }
  return samples
}

const cost = samples => median(samples.map(({ microseconds }) => microseconds))
/** Of samples of the same round, so that a slow moment of the machine is in both. */
const ratio = (samples, base) =>
  median(samples.map(({ microseconds }, round) => microseconds / base[round].microseconds))

/** Latencies, in microseconds, of small messages in a channel while somebody else sends as told. */
async function smallBeside(bytes) {
  const child = fork('bench/load/beside.mjs', [String(server.port), String(bytes)])
  const result = await new Promise(resolve => child.once('message', resolve))
  child.kill('SIGKILL')
  return result
}

const measurements = [
  {
    name: 'CPU per delivery with 10, 100, 1000 receivers, 1 sender, 16 in flight',
    wanted: 'flat',
    async run() {
      const counts = [10, 100, 1000]
      const samples = await interleaved(counts.map(count => ({ connections: count + 1 })))
      return counts.map((count, index) => `${count}: ${cost(samples[index]).toFixed(2)} µs`).join(', ')
    }
  },
  {
    name: 'CPU per delivery with 1, 10, 100, 1000 channels, in each 1 sender, 16 in flight, 10 receivers',
    wanted: 'flat',
    async run() {
      const counts = [1, 10, 100, 1000]
      const samples = await interleaved(
        counts.map(channels => ({ channels, connections: channels * 11, senders: channels }))
      )
      return counts.map((count, index) => `${count}: ${cost(samples[index]).toFixed(2)} µs`).join(', ')
    }
  },
  {
    name: 'dialects mixed in one channel (a third each: envelope, raw, numbered), 99 receivers, as a ratio to the envelope alone',
    wanted: '≤ 1.5',
    async run() {
      const [alone, mixed] = await interleaved([
        { connections: 100 },
        { connections: 100, targets: ['nws', 'raw', 'numbered'] }
      ])
      return `${ratio(mixed, alone).toFixed(2)} (${cost(mixed).toFixed(2)} µs, alone ${cost(alone).toFixed(2)} µs)`
    }
  },
  {
    name: 'a message of 1 MiB to 10 receivers every 50 ms: latency of small messages in another channel, beside that without',
    wanted: 'at most 20 ms more',
    async run() {
      const rounds = []
      for (let round = 0; round < ROUNDS; round++) rounds.push([await smallBeside(0), await smallBeside(2 ** 20)])
      const shown = index =>
        ['p50', 'p99', 'max']
          .map(key => `${key} ${(median(rounds.map(pair => pair[index][key])) / 1000).toFixed(2)} ms`)
          .join(', ')
      return `with: ${shown(1)}; without: ${shown(0)}`
    }
  }
]

const words = process.argv.slice(3)
const rows = []
try {
  for (const measurement of measurements) {
    const { name, wanted } = measurement
    if (words.length > 0 && !words.some(word => name.includes(word))) continue
    const result = await measurement.run()
    console.log(`${name}\n  wanted ${wanted}\n  ${result}`)
    rows.push(`| ${name} | ${wanted} | ${result} |`)
  }
} finally {
  server.child.kill('SIGKILL')
}
if (words.length === 0) {
  writeSection(
    '<!-- scaling results: written by npm run bench:scaling -->',
    '<!-- end of scaling results -->',
    `${circumstances()} Medians of ${ROUNDS} interleaved rounds.\n\n| what | wanted | measured |\n| --- | --- | --- |\n${rows.join('\n')}`
  )
}
process.exit()
