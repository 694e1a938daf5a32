// This project as a child process that tells its port and its memory.
import { buildApp } from '../../dist/app.js'

const app = await buildApp({ logLevel: 'silent', port: 0, ...JSON.parse(process.env.BENCH_SETTINGS ?? '{}') })
await app.listener.listen()
process.on('message', () => {
  globalThis.gc()
  globalThis.gc()
  process.send({ memory: process.memoryUsage() })
})
process.send({ port: app.server.address().port })
