// `nws doctor`: why devices do not see each other. Asks the proxy what it sees, tries out what it needs, and says for each
// thing that is wrong what to do. Changes nothing.
import { Command } from 'commander'
import { parsePeerAddress } from '../core/peer-address.ts'
import { fine, found, type Finding } from './doctor/finding.ts'
import { interfacesToTry, type NetworkInterface } from './doctor/interfaces.ts'
import { askForProxies, portProblem, tryLoop, type Answerer } from './doctor/multicast.ts'
import { reach } from './doctor/reach.ts'
import { CliError, EXIT } from './errors.ts'
import { note, printable, styled, write, writeJson } from './output.ts'
import { proxyOf, request, requestList, withProxy, type Proxy, type ProxyOptions } from './proxy.ts'

interface Health {
  readonly version: string
  readonly proxyId?: string
  readonly discovery?: { readonly state: string; readonly interfaces: readonly string[] }
  readonly mesh?: { readonly port: number; readonly links: number; readonly peers?: readonly string[] }
}

interface LinkSeen {
  readonly proxyId: string
  readonly state: string
  readonly role: string
}

/** What is known when a check begins. */
interface Case {
  readonly health: Health | undefined
  readonly links: readonly LinkSeen[]
  readonly interfaces: readonly NetworkInterface[]
}

/** The command. */
export function doctorCommand(): Command {
  return withProxy(new Command('doctor').description('find out why devices do not see each other'))
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nRun it on both machines. Exit code 1: something stands in the way; 3: no proxy is running.'
    )
    .action(async (options: ProxyOptions & { json?: true }) => {
      const findings: Finding[] = []
      for await (const finding of examine(proxyOf(options))) {
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

/** All checks, in the order in which one explains the next. */
async function* examine(proxy: Proxy): AsyncGenerator<Finding> {
  let health: Health | undefined
  let links: readonly LinkSeen[] = []
  try {
    health = await request<Health>(proxy, '/api/health')
    if (health.proxyId === undefined)
      yield found('proxy', 'api-refused', `version ${health.version} runs and tells nothing more without the token`)
    else yield fine('proxy', `version ${health.version} runs, id ${health.proxyId}`)
    if (health.proxyId !== undefined) links = await requestList<LinkSeen>(proxy, '/api/links', 'links')
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== EXIT.notRunning) throw error
    yield found(
      'proxy',
      'not-running',
      error.code === 'NWS_CLI_NOT_A_PROXY' ? 'something else answers at its address' : 'nothing answers at its address'
    )
  }
  const { list: interfaces, loopback } = interfacesToTry()
  const patient: Case = { health, links, interfaces }
  if (!loopback) yield found('loopback', 'no-loopback', 'the loopback interface is down')
  if (interfaces.length === 0)
    yield found('interfaces', 'no-interface', 'no network interface is up and has an address')
  else yield fine('interfaces', interfaces.map(({ name, shown }) => `${name} ${shown}`).join(', '))
  if (interfaces.length > 0 && interfaces.every(({ family }) => family === 'udp6'))
    yield found('interfaces', 'ipv6-only', 'none has an IPv4 address', 'note')

  const state = health?.discovery?.state
  if (state === 'off')
    yield found('discovery', 'discovery-off', 'the proxy neither advertises itself nor looks for others')
  const port = yield* checkPort(patient)
  const loops = port && interfaces.length > 0 ? yield* checkLoop(patient) : false
  if (state !== 'off') yield* checkOthers(patient, loops)
  yield* checkMeshPort(patient)
  yield* checkPeers(patient)
}

/** Port 5353 must be shared. @returns whether it can be */
async function* checkPort({ interfaces }: Case): AsyncGenerator<Finding, boolean> {
  const families = new Set(interfaces.map(({ family }) => family))
  for (const family of families.size === 0 ? ['udp4' as const] : families) {
    const problem = await portProblem(family)
    if (problem === undefined) continue
    yield problem === 'EADDRINUSE'
      ? found('port 5353', 'port-5353-taken', 'another program holds it and does not share it')
      : found('port 5353', 'port-5353-refused', `it cannot be opened (${problem})`)
    return false
  }
  yield fine('port 5353', 'it can be shared with other programs')
  return true
}

/** What is sent must come back. Another port tells a firewall from a network without multicast. @returns whether it does on any interface */
async function* checkLoop({ interfaces }: Case): AsyncGenerator<Finding, boolean> {
  let any = false
  for (const one of interfaces) {
    const result = await tryLoop(one, 5353)
    const check = `multicast on ${one.name}`
    if (result === 'heard') {
      any = true
      yield fine(check, 'what is sent comes back')
      continue
    }
    const elsewhere = await tryLoop(one, 0)
    if (result === 'refused' && elsewhere === 'heard')
      yield found(check, 'send-refused', 'packets to port 5353 may not leave this machine')
    else if (elsewhere === 'heard')
      yield found(check, 'firewall-5353', 'packets to port 5353 do not arrive, those to other ports do')
    else if (result === 'refused') yield found(check, 'no-multicast', 'packets cannot be sent to the group')
    else yield found(check, 'no-multicast', 'nothing that is sent to the group comes back, whatever the port')
  }
  return any
}

/** The own advertisement, and the others. */
async function* checkOthers({ health, links, interfaces }: Case, loops: boolean): AsyncGenerator<Finding> {
  const own = health?.proxyId
  const heard = loops ? await askForProxies(interfaces, () => false) : new Map<string, Answerer>()
  const state = health?.discovery?.state
  if (own !== undefined && state !== undefined) {
    if (state === 'ok' || heard.has(own)) yield fine('advertisement', 'this proxy can be seen on the network')
    else if (loops)
      yield found(
        'advertisement',
        'advertisement-unseen',
        `the state of discovery is "${state}", and it does not answer when asked`
      )
    else
      yield {
        check: 'advertisement',
        level: 'problem',
        text: `it cannot be seen (the state of discovery is "${state}"), for the reason above`
      }
  }
  const others = [...heard.values()].filter(({ id }) => id !== own)
  const linked = new Set(links.filter(({ state }) => state === 'open').map(({ proxyId }) => proxyId))
  let unreachable = 0
  for (const { id, addresses, port } of others) {
    if (linked.has(id) || port === 0) continue
    const results = await Promise.all([...addresses].slice(0, 4).map(async address => await reach(address, port)))
    if (results.length === 0 || results.includes('proxy')) continue
    unreachable++
    yield found(
      'other proxies',
      'other-unreachable',
      `${id} is seen and does not answer at ${[...addresses].slice(0, 4).join(', ')} port ${port}`
    )
  }
  if (others.length + linked.size === 0) {
    if (loops && own !== undefined) yield found('other proxies', 'no-others', 'none is heard', 'note')
  } else if (unreachable === 0) yield fine('other proxies', `${others.length} heard, ${linked.size} linked`)
}

/** Others must be able to link to this one. From here only the own end can be tried. */
async function* checkMeshPort({ health, links, interfaces }: Case): AsyncGenerator<Finding> {
  const port = health?.mesh?.port
  if (port === undefined || port === 0) return
  if (links.some(({ role, state }) => role === 'responder' && state === 'open')) {
    yield fine('mesh port', `others have linked to port ${port}`)
    return
  }
  for (const { name, shown } of interfaces) {
    const result = await reach(shown, port)
    if (result === 'proxy')
      yield fine('mesh port', `port ${port} answers at ${shown} (${name}), as far as this machine can tell`)
    else
      yield found(
        'mesh port',
        'mesh-port-unreachable',
        `port ${port} ${result === 'silent' ? 'does not answer' : result === 'refused' ? 'is refused' : 'is answered by something else'} at ${shown} (${name})`
      )
  }
}

/** Proxies that are named in NWS_PEERS, of the running proxy or, where it does not say, of this shell. */
async function* checkPeers({ health }: Case): AsyncGenerator<Finding> {
  const peers =
    health?.mesh?.peers ??
    (process.env['NWS_PEERS'] ?? '')
      .split(',')
      .map(text => text.trim())
      .filter(Boolean)
  for (const peer of peers) {
    const address = parsePeerAddress(peer)
    if (address === undefined) {
      note(styled(`NWS_PEERS: ${printable(peer)} is no host:port`, 'yellow'))
      continue
    }
    const result = await reach(address.host, address.port)
    if (result === 'proxy') yield fine('static peer', `${peer} answers`)
    else if (result === 'unknown') yield found('static peer', 'peer-unknown', `${peer} has no address`)
    else if (result === 'other') yield found('static peer', 'peer-no-proxy', `${peer} is not the mesh port of a proxy`)
    else
      yield found(
        'static peer',
        'peer-unreachable',
        `${peer} ${result === 'refused' ? 'refuses the connection' : 'does not answer'}`
      )
  }
}
