// `npm run chaos`: five proxies in a bad network for some minutes, with the protocol's own times. Not a test; ends with 1
// where something was wrong.   CHAOS_SECONDS=300 CHAOS_SEED=1 CHAOS_HOSTS=5
import { namespacesUnavailable } from '../support/namespaces.ts'
import { runChaos } from './chaos.ts'

const {
  CHAOS_SECONDS = '300',
  CHAOS_HOSTS = '5',
  CHAOS_SEED = String(Date.now() % 1_000_000),
  CHAOS_MESH = '{}'
} = process.env
const reason = namespacesUnavailable()
if (reason !== undefined) {
  process.stderr.write(`network namespaces cannot be made: ${reason}\n`)
  process.exit(1)
}
const cleanUps: (() => Promise<void> | void)[] = []
const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
try {
  const report = await runChaos(
    {
      teardown: cleanUp => {
        cleanUps.unshift(cleanUp)
      }
    },
    {
      hosts: Number(CHAOS_HOSTS),
      seconds: Number(CHAOS_SECONDS),
      seed: Number(CHAOS_SEED),
      mesh: JSON.parse(CHAOS_MESH) as object,
      healMs: 360_000,
      log: print
    }
  )
  for (const [name, count] of Object.entries(report.faults)) print(`${String(count).padStart(5)} × ${name}`)
  print(
    `${report.heard} numbers were heard by those who were there at the end; ${report.stayed} of ${report.pairs} pairs never lost each other`
  )
  print(`of ${report.promised} numbers between those pairs ${report.missing} are missing`)
  if (report.stayed === 0) print('WRONG nobody stayed connected, also not those with mild faults only')
  for (const line of report.wrong) print(`WRONG ${line}`)
  print(report.wrong.length === 0 ? 'nobody heard anything wrong' : `${report.wrong.length} things were wrong`)
  process.exitCode = report.wrong.length === 0 && report.stayed > 0 && report.missing === 0 ? 0 : 1
} finally {
  for (const cleanUp of cleanUps) await cleanUp()
}
