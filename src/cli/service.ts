// `nws service install|uninstall|status`: the proxy as a service of this user, with systemd on Linux and launchd on macOS
// (not tested there).
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { packageFile } from '../platform/package.ts'
import { CliError, EXIT, fileError } from './errors.ts'
import { launchdPlist, systemdUnit, type ServiceProgram } from './service-files.ts'
import { note, write } from './output.ts'

/** A service file and the commands of its service manager. */
interface Manager {
  readonly name: string
  readonly path: string
  readonly text: string
  readonly start: readonly (readonly string[])[]
  readonly stop: readonly (readonly string[])[]
  readonly isActive: readonly string[]
}

const LABEL = 'org.networkwebsockets.nws'

export function serviceCommand(): Command {
  const service = new Command('service').description('run the proxy as a service of this user')
  service.addCommand(
    new Command('install')
      .description('install and start the service')
      .option('--print', 'print the service file and change nothing')
      .option('--no-start', 'write the service file and start nothing')
      .option('--force', 'replace a different service file')
      .action(install)
  )
  service.addCommand(new Command('uninstall').description('stop and remove the service').action(uninstall))
  service.addCommand(
    new Command('status')
      .description('tell whether the service is installed and running; exit with 3 if it is not running')
      .action(status)
  )
  return service
}

/** The file of settings, one NWS_…=value per line. */
function settingsFile(environment: NodeJS.ProcessEnv): string {
  return join(environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'nws', 'env')
}

function managerOf(environment: NodeJS.ProcessEnv = process.env): Manager {
  const program: ServiceProgram = {
    node: process.execPath,
    script: packageFile('dist/cli/nws.js'),
    settings: settingsFile(environment)
  }
  if (process.platform === 'linux') {
    return {
      name: 'systemd',
      path: join(environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'systemd', 'user', 'nws.service'),
      text: systemdUnit(program),
      start: [
        ['systemctl', '--user', 'daemon-reload'],
        ['systemctl', '--user', 'enable', '--now', 'nws.service']
      ],
      stop: [['systemctl', '--user', 'disable', '--now', 'nws.service']],
      isActive: ['systemctl', '--user', 'is-active', '--quiet', 'nws.service']
    }
  }
  if (process.platform === 'darwin') {
    const path = join(homedir(), 'Library', 'LaunchAgents', `${LABEL}.plist`)
    const domain = `gui/${process.getuid?.() ?? 0}`
    return {
      name: 'launchd',
      path,
      text: launchdPlist(LABEL, program),
      start: [['launchctl', 'bootstrap', domain, path]],
      stop: [['launchctl', 'bootout', `${domain}/${LABEL}`]],
      isActive: ['launchctl', 'print', `${domain}/${LABEL}`]
    }
  }
  throw new CliError('NWS_CLI_SERVICE_PLATFORM')
}

/** Runs a command of the service manager. @throws CliError `NWS_CLI_SERVICE` */
function run([command, ...args]: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command!, args, { encoding: 'utf8' })
  if (status === 0) return
  const reason =
    error === undefined ? (stderr.trim().split('\n')[0] ?? '') : ((error as NodeJS.ErrnoException).code ?? 'failed')
  throw new CliError('NWS_CLI_SERVICE', `${command!} ${args.join(' ')}: ${reason}`)
}

async function install({ print, start, force }: { print?: true; start: boolean; force?: true }): Promise<void> {
  const manager = managerOf()
  if (print === true) return await write(manager.text)
  if (existsSync(manager.path) && readFileSync(manager.path, 'utf8') !== manager.text && force !== true)
    throw new CliError('NWS_CLI_SERVICE_EXISTS')
  const settings = settingsFile(process.env)
  try {
    mkdirSync(dirname(manager.path), { recursive: true })
    writeFileSync(manager.path, manager.text)
    if (!existsSync(settings)) {
      mkdirSync(dirname(settings), { recursive: true, mode: 0o700 })
      writeFileSync(
        settings,
        '# Settings of the service, one per line, such as NWS_PORT=9009. Keep this file private: it may hold NWS_API_TOKEN.\n',
        { mode: 0o600 }
      )
      chmodSync(settings, 0o600)
    }
  } catch (error) {
    throw fileError(manager.path, error)
  }
  note(`Written: ${manager.path}. It reads settings from ${settings}.`)
  if (!start) return
  for (const command of manager.start) run(command)
  note('Started. It starts again at each log-in. To run it without a log-in: `loginctl enable-linger`.')
}

async function uninstall(): Promise<void> {
  const manager = managerOf()
  if (!existsSync(manager.path)) return note('The service is not installed.')
  let failed: unknown
  for (const command of manager.stop) {
    try {
      run(command)
    } catch (error) {
      failed = error // The file is removed anyway.
    }
  }
  rmSync(manager.path)
  note(`Removed: ${manager.path}. Settings stay in ${settingsFile(process.env)}.`)
  if (failed !== undefined) throw failed as Error
}

async function status(): Promise<void> {
  const manager = managerOf()
  const [command, ...args] = manager.isActive
  const installed = existsSync(manager.path)
  const running = installed && spawnSync(command!, args, { stdio: 'ignore' }).status === 0
  await write(
    `${installed ? 'installed' : 'not installed'} (${manager.name}), ${running ? 'running' : 'not running'}\n`
  )
  if (!running) process.exitCode = EXIT.notRunning
}
