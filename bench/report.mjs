// Writes the results of a benchmark run: JSON, a chart, and the generated part of docs/PERFORMANCE.md.
// Measures nothing itself.
import { readFileSync, writeFileSync } from 'node:fs'

const BEGIN = '<!-- results: written by npm run bench -->'
const END = '<!-- end of results -->'
const LABELS = { nws: 'this project', ws: '`ws`, one buffer' }

/** A bar chart of the ratios to `ws`, one group of bars a case. */
function chart({ cases, results }) {
  const names = Object.keys(results.A)
  const colours = ['#0b57d0', '#9aa0a6', '#b06000', '#7b4397', '#188038']
  const [barHeight, gap, left, width] = [14, 18, 130, 560]
  const most = Math.max(...cases.flatMap(({ id }) => names.map(name => results[id][name].ratio)))
  const rows = []
  let y = 34
  for (const { id, what } of cases) {
    rows.push(`<text x="12" y="${y + 2}" font-weight="600">${id}: ${what}</text>`)
    y += 8
    names.forEach((name, index) => {
      const { ratio, microseconds } = results[id][name]
      const length = Math.max(1, (ratio / most) * (width - left - 120))
      rows.push(
        `<text x="${left - 8}" y="${y + 11}" text-anchor="end">${(LABELS[name] ?? name).replaceAll('`', '')}</text>` +
          `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${colours[index]}"/>` +
          `<text x="${left + length + 6}" y="${y + 11}">${ratio.toFixed(2)} (${microseconds.toFixed(2)} µs)</text>`
      )
      y += barHeight + 2
    })
    y += gap
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" font-size="11" role="img" aria-label="Processor time of the server per delivered message, as a ratio to ws">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="16" font-size="13">Server CPU per delivered message, ratio to ws (less is better)</text>
${rows.join('\n')}
</svg>
`
}

function table({ cases, results }) {
  const names = Object.keys(results.A)
  const head = `| case | ${names.map(name => LABELS[name] ?? name).join(' | ')} |\n| --- |${' --- |'.repeat(names.length)}`
  const rows = cases.map(
    ({ id, what }) =>
      `| ${id}: ${what} | ${names
        .map(name => {
          const { ratio, microseconds, perSecond, p50, p99 } = results[id][name]
          return `**${ratio.toFixed(2)}** · ${microseconds.toFixed(2)} µs · ${Math.round(perSecond / 1000)} k/s · ${(p50 / 1000).toFixed(2)} / ${(p99 / 1000).toFixed(2)} ms`
        })
        .join(' | ')} |`
  )
  return [head, ...rows].join('\n')
}

/** Writes docs/performance.json, docs/performance.svg and the results in docs/PERFORMANCE.md. */
export function writeReport(report) {
  const docs = new URL('../docs/', import.meta.url)
  writeFileSync(new URL('performance.json', docs), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(new URL('performance.svg', docs), chart(report))
  const memory = Object.entries(report.memory)
    .filter(([, bytes]) => bytes !== undefined)
    .map(([name, bytes]) => `${LABELS[name] ?? name} ${(bytes / 1024).toFixed(1)} KiB`)
    .join(', ')
  const text = `${BEGIN}
Run of ${report.date}, commit ${report.commit}, Node ${report.node}, ${report.machine}, medians of ${report.rounds} interleaved rounds.
Each cell: ratio of server CPU per delivery to \`ws\` in the same round · CPU per delivery · deliveries per second · p50 / p99 latency.

${table(report)}

![ratios](performance.svg)

Memory of an idle connection: ${memory}. A thousand peers joining one channel, one after another: ${(report.joinMs / 1000).toFixed(2)} s.
${END}`
  const path = new URL('PERFORMANCE.md', docs)
  const page = readFileSync(path, 'utf8')
  writeFileSync(path, page.slice(0, page.indexOf(BEGIN)) + text + page.slice(page.indexOf(END) + END.length))
  console.log(`\n${table(report)}\n\nmemory: ${memory}\njoin of 1000: ${report.joinMs.toFixed(0)} ms`)
}
