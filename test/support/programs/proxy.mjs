// The process that `npm start` starts, with durations that the protocol fixes and no setting changes: for tests that wait
// for an end. Settings are environment variables.
//   proxy.mjs {"linkTimings":{"deadMs":2000},"dialTimings":{}} {"timings":{}}
import { startProcess } from '../../../dist/start.js'

const [mesh = '{}', cluster = '{}'] = process.argv.slice(2)
await startProcess(process.env, { mesh: JSON.parse(mesh), cluster: JSON.parse(cluster) })
