// A proxy with times of its own, which the protocol fixes and no setting changes: for tests that wait for an end.
// Otherwise the process that `npm start` starts; not the process's own exit codes and signals (src/server.ts).
//   proxy.mjs {"linkTimings":{"deadMs":2000},"dialTimings":{}} {"timings":{}}     settings are environment variables
import { buildApp } from '../../../dist/app.js'
import { readSettings } from '../../../dist/core/environment.js'

const settings = readSettings(process.env)
const app = await buildApp(
  { ...settings, mesh: JSON.parse(process.argv[2] ?? '{}'), cluster: JSON.parse(process.argv[3] ?? '{}') },
  { level: settings.logLevel }
)
await app.listener.listen()
process.once('SIGTERM', () => {
  void app.close()
})
