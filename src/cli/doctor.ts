// `nws doctor`: finds out why devices do not see each other. It asks the proxy, runs the checks of platform/doctor, and
// gives a remedy for each problem.
import { Command } from 'commander'
import { parsePeerAddress } from '../core/peer-address.ts'
import { computerText, examine, type Health, type LinkSeen } from '../platform/doctor/examine.ts'
import { fine, found, type Finding } from '../platform/doctor/finding.ts'
import { askForProxies } from '../platform/doctor/multicast.ts'
import { CliError, EXIT } from './errors.ts'
import { note, printable, styled, write, writeJson } from './output.ts'
import { proxyOf, request, requestList, withProxy, type Proxy, type ProxyOptions } from './proxy.ts'

export function doctorCommand(): Command {
  return withProxy(new Command('doctor').description('find out why devices do not see each other'))
    .option('--json', 'print one JSON object per line')
    .addHelpText('after', '\nRun it on both machines. Exit code 1: a problem was found; 3: no proxy is running.')
    .action(async (options: ProxyOptions & { json?: true }) => {
      const findings: Finding[] = []
      for await (const finding of consult(proxyOf(options))) {
        findings.push(finding)
        await (options.json === true ? writeJson(finding) : show(finding))
      }
      if (findings.some(({ code }) => code === 'not-running')) process.exitCode = EXIT.notRunning
      else if (findings.some(({ level }) => level === 'problem')) process.exitCode = EXIT.error
    })
}

async function show({ check, level, text, remedy }: Finding): Promise<void> {
  const mark = {
    ok: styled('ok     ', 'green', process.stdout),
    note: styled('note   ', 'yellow', process.stdout),
    problem: styled('problem', 'red', process.stdout)
  }[level]
  await write(`${mark}  ${check}: ${printable(text)}\n${remedy === undefined ? '' : `         → ${remedy}\n`}`)
}

/** Asks the proxy, then runs the checks. */
async function* consult(proxy: Proxy): AsyncGenerator<Finding> {
  let health: Health | undefined
  let links: readonly LinkSeen[] = []
  try {
    health = await request<Health>(proxy, '/api/health')
    if (health.proxyId === undefined)
      yield found('proxy', 'api-refused', `version ${health.version} runs, but tells nothing more without the token`)
    else yield fine('proxy', `version ${health.version} runs, ${computerText(health.proxyId, health.proxyName)}`)
    if (health.proxyId !== undefined) links = await requestList<LinkSeen>(proxy, '/api/links', 'links')
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== EXIT.notRunning) throw error
    yield found(
      'proxy',
      'not-running',
      error.code === 'NWS_CLI_NOT_A_PROXY' ? 'another program answers at its address' : 'nothing answers at its address'
    )
  }
  const peers = health?.mesh?.peers ?? peersOfShell()
  yield* examine({ health, links, peers, listen: async interfaces => await askForProxies(interfaces, () => false) })
}

/** NWS_PEERS of this shell, for a proxy that does not tell its own. */
function peersOfShell(): string[] {
  const peers = (process.env['NWS_PEERS'] ?? '')
    .split(',')
    .map(text => text.trim())
    .filter(Boolean)
  for (const peer of peers)
    if (parsePeerAddress(peer) === undefined)
      note(styled(`NWS_PEERS: ${printable(peer)} is not of the form host:port`, 'yellow'))
  return peers
}
