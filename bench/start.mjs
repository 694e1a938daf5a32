// Start to first answer: this project against an empty app with the same imports, in turn, median of seven.
// Run: npm run build && node bench/start.mjs
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { median } from './support.mjs'

const RUNS = 7
const PORT = 19_009

/** Resolves true when the port answers 200. */
function answers() {
  return new Promise(resolve => {
    const asked = request({ host: '127.0.0.1', port: PORT, path: '/api/health', agent: false }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200))
    })
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

async function timeOf(file) {
  const started = process.hrtime.bigint()
  const child = spawn(process.execPath, [file], {
    stdio: 'ignore',
    env: { ...process.env, NWS_PORT: String(PORT), NWS_DISCOVERY: 'off' }
  })
  while (!(await answers())) await new Promise(resolve => setTimeout(resolve, 2))
  const milliseconds = Number(process.hrtime.bigint() - started) / 1e6
  child.kill('SIGKILL')
  await once(child, 'exit')
  return milliseconds
}

const times = { empty: [], nws: [] }
for (let run = 0; run < RUNS + 1; run++) {
  const empty = await timeOf('bench/targets/empty.mjs')
  const nws = await timeOf('dist/server.js')
  if (run === 0) continue // warms the disk cache
  times.empty.push(empty)
  times.nws.push(nws)
}
const ratio = median(times.nws) / median(times.empty)
console.log(
  `empty app ${median(times.empty).toFixed(0)} ms, this project ${median(times.nws).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (wanted: at most 1.3)`
)
