// `nws serve`: runs a proxy in this process. Every setting is a flag, made from its row; a flag overrides its variable.
import cluster from 'node:cluster'
import { Command, InvalidArgumentError, Option } from 'commander'
import { readSettings } from '../core/environment.ts'
import { defaultOf, settingNames, settingRows, variableOf, type SettingName } from '../core/settings.ts'
import { limitLookUps } from '../platform/look-ups.ts'
import { CliError } from './errors.ts'
import { joinMetrics } from './worker-metrics.ts'
import { keepDatagrams, MAX_WORKERS, runWorkers, workerEnvironment, workerListens } from './workers.ts'

/** `--max-message-bytes` for `maxMessageBytes`. */
export function flagOf(name: SettingName): string {
  return `--${variableOf(name).slice('NWS_'.length).toLowerCase().replaceAll('_', '-')}`
}

const PLACEHOLDERS = { integer: 'number', boolean: 'on|off', array: 'list', string: 'text' } as const

function optionOf(name: SettingName): Option {
  const { schema, doc } = settingRows[name]
  const { type = 'string', enum: choices } = schema as { type?: keyof typeof PLACEHOLDERS; enum?: readonly string[] }
  const initial = defaultOf(name)
  const shown = initial === '' ? '' : ` (default: ${initial})`
  return new Option(`${flagOf(name)} <${choices?.join('|') ?? PLACEHOLDERS[type]}>`, `${doc}${shown}`)
}

function workersOf(text: string): number {
  const count = Number(text)
  if (!/^[1-9][0-9]?$/.test(text) || count > MAX_WORKERS)
    throw new InvalidArgumentError(`allowed is a whole number from 1 to ${MAX_WORKERS}.`)
  return count
}

export function serveCommand(): Command {
  const command = new Command('serve')
    .description('run a proxy; every flag is also a variable, such as NWS_PORT')
    .addHelpText('after', '\nOther users can read a token flag in the list of processes: use NWS_API_TOKEN instead.')
  command.addOption(
    new Option(
      '--workers <number>',
      'processes that share the port, connected by NWS_CLUSTER_URL or by links over loopback'
    ).argParser(workersOf)
  )
  for (const name of settingNames) command.addOption(optionOf(name))
  return command.action(
    async ({ workers = 1, ...flags }: Partial<Record<SettingName, string>> & { workers?: number }) => {
      limitLookUps(process.env)
      const environment = { ...process.env }
      for (const name of settingNames) if (flags[name] !== undefined) environment[variableOf(name)] = flags[name]
      if (workers > 1 && readSettings(environment).bv)
        throw new CliError(
          'NWS_CLI_USAGE',
          'The rendezvous works in one process only: NWS_BV=on and --workers exclude each other.'
        )
      if (workers > 1 && cluster.isPrimary) {
        await runWorkers(environment, workers)
        return
      }
      if (cluster.isWorker) keepDatagrams()
      const { startProcess } = await import('../start.ts')
      const app = await startProcess(cluster.isWorker ? workerEnvironment(environment) : environment)
      if (!cluster.isWorker) return
      app.metrics.joinOthers(joinMetrics)
      workerListens()
    }
  )
}
