// The checks of the doctor: why computers do not see each other. They try what discovery and links need, and change
// nothing. `nws doctor` and the API run them.
import { catalogue, type ErrorCode, type ErrorDefinition } from '../../core/errors.ts'
import { friendlyWords } from '../../core/friendly-words.ts'
import { parsePeerAddress } from '../../core/peer-address.ts'
import { externalAddresses } from '../network-interfaces.ts'
import { fine, found, type Finding } from './finding.ts'
import { interfacesToTry, type NetworkInterface } from './interfaces.ts'
import { portProblem, tryLoop, type Answerer } from './multicast.ts'
import { reach } from './reach.ts'

/** The state of a proxy, as `/api/health` has it. */
export interface Health {
  readonly version: string
  readonly proxyId?: string
  readonly proxyName?: string
  readonly discovery?: { readonly state: string; readonly interfaces: readonly string[] }
  readonly cluster?: {
    readonly state: string
    readonly server?: string
    readonly error?: string
    readonly proxies: number
  }
  readonly mesh?: { readonly port: number; readonly links: number; readonly peers?: readonly string[] }
}

/** A link, as `/api/links` has it. */
export interface LinkSeen {
  readonly proxyId: string
  readonly state: string
  readonly role: string
}

/** The needs of the checks. */
export interface DoctorDeps {
  /** Undefined: no proxy runs. */
  readonly health: Health | undefined
  readonly links: readonly LinkSeen[]
  /** Static peers, `host:port`. */
  readonly peers: readonly string[]
  /** The proxies that can be heard now on these interfaces, by id. */
  readonly listen: (interfaces: readonly NetworkInterface[]) => Promise<ReadonlyMap<string, Answerer>>
}

interface Facts extends DoctorDeps {
  readonly interfaces: readonly NetworkInterface[]
}

/** Names of interfaces that VPNs make. */
const TUNNEL = /^(?:tun|tap|utun|wg|ppp|ipsec|tailscale|zt|nordlynx|proton)/

/** All checks. A check may explain the later ones. */
export async function* examine(deps: DoctorDeps): AsyncGenerator<Finding> {
  const { health, peers } = deps
  const { list: interfaces, leftOut, loopback } = interfacesToTry()
  const facts: Facts = { ...deps, interfaces }
  if (!loopback) yield found('loopback', 'no-loopback', 'the loopback interface is down')
  if (interfaces.length === 0)
    yield found('interfaces', 'no-interface', 'no network interface is up and has an address')
  else if (leftOut.length > 0)
    yield found(
      'interfaces',
      'interfaces-left-out',
      `not used because there are too many: ${leftOut.join(', ')}`,
      'note'
    )
  if (interfaces.length > 0)
    yield fine('interfaces', interfaces.map(({ name, shown }) => `${name} ${shown}`).join(', '))
  const tunnels = interfaces.filter(({ name }) => TUNNEL.test(name)).map(({ name }) => name)
  if (tunnels.length > 0) yield found('interfaces', 'vpn', `${tunnels.join(', ')} may be of a VPN`, 'note')
  if (interfaces.length > 0 && interfaces.every(({ family }) => family === 'udp6'))
    yield found('interfaces', 'ipv6-only', 'no interface has an IPv4 address', 'note')

  yield* checkCluster(facts)
  const state = health?.discovery?.state
  if (state === 'off') {
    const text = 'the proxy neither advertises itself nor looks for others'
    const others = [
      ...(health?.cluster === undefined ? [] : ['the cluster']),
      ...(peers.length > 0 ? ['NWS_PEERS'] : [])
    ]
    if (others.length === 0) yield found('discovery', 'discovery-off', text)
    else yield fine('discovery', `${text}; it has others by ${others.join(' and ')}`)
  }
  const port = yield* checkPort(facts)
  const loops = port && interfaces.length > 0 ? yield* checkLoop(facts) : false
  if (state !== 'off') yield* checkOthers(facts, loops)
  const isClusterAlone = state === 'off' && health?.cluster !== undefined && health.mesh?.links === 0
  if (!isClusterAlone) yield* checkMeshPort(facts)
  yield* checkPeers(facts)
}

/** The NATS servers, and the other proxies of the cluster. */
function* checkCluster({ health }: Facts): Generator<Finding> {
  if (health?.cluster === undefined) return
  const { state, server = '', error, proxies } = health.cluster
  if (state !== 'connected') {
    const definition = error === undefined ? undefined : (catalogue[error as ErrorCode] as ErrorDefinition | undefined)
    const reason = error === undefined ? state : `${error}${definition === undefined ? '' : `: ${definition.message}`}`
    yield found('cluster', 'cluster-unreachable', reason)
    return
  }
  yield fine('cluster', `connected to ${server}`)
  if (proxies === 0) yield found('cluster', 'cluster-alone', 'no other proxy is alive')
  else yield fine('cluster', `${proxies} other ${proxies === 1 ? 'proxy is' : 'proxies are'} alive`)
}

/** @returns whether port 5353 can be shared */
async function* checkPort({ interfaces }: Facts): AsyncGenerator<Finding, boolean> {
  const families = new Set(interfaces.map(({ family }) => family))
  for (const family of families.size === 0 ? ['udp4' as const] : families) {
    const problem = await portProblem(family)
    if (problem === undefined) continue
    yield problem === 'EADDRINUSE'
      ? found('port 5353', 'port-5353-taken', 'another program holds it and does not share it')
      : found('port 5353', 'port-5353-refused', `it cannot be opened (${problem})`)
    return false
  }
  yield fine('port 5353', 'other programs can share it')
  return true
}

/** Packets to the group must come back. If only another port works, a firewall is the reason. @returns whether any interface works */
async function* checkLoop({ interfaces }: Facts): AsyncGenerator<Finding, boolean> {
  let any = false
  for (const one of interfaces) {
    const result = await tryLoop(one, 5353)
    const check = `multicast on ${one.name}`
    if (result === 'heard') {
      any = true
      yield fine(check, 'packets come back')
      continue
    }
    const elsewhere = await tryLoop(one, 0)
    if (result === 'forbidden' || (result === 'refused' && elsewhere === 'heard'))
      yield found(check, 'send-refused', 'packets to port 5353 may not leave this machine')
    else if (elsewhere === 'heard')
      yield found(check, 'firewall-5353', 'packets to port 5353 do not arrive, packets to other ports do')
    else if (result === 'refused') yield found(check, 'no-multicast', 'packets cannot be sent to the group')
    else yield found(check, 'no-multicast', 'packets to the group do not come back, on any port')
  }
  return any
}

/** A computer as people tell it from others, and its id. */
export function computerText(id: string, name?: string): string {
  const words = friendlyWords(id)
  return `${name === undefined ? words : `${name}, ${words}`} (id ${id})`
}

/**
 * The heard proxies without the own one. Without a token its id is unknown: then one of those at this machine's addresses is
 * the own one.
 */
export function othersOf(heard: Iterable<Answerer>, own: string | undefined, addresses: readonly string[]): Answerer[] {
  const all = [...heard]
  const isHere = (one: Answerer): boolean =>
    [...one.addresses].some(address => addresses.includes(address.split('%', 1)[0]!))
  const self = all.findIndex(one => (own === undefined ? isHere(one) : one.id === own))
  return self < 0 ? all : all.toSpliced(self, 1)
}

/** The own advertisement, and other proxies. */
async function* checkOthers({ health, links, listen, interfaces }: Facts, loops: boolean): AsyncGenerator<Finding> {
  const own = health?.proxyId
  const heard = loops ? await listen(interfaces) : new Map<string, Answerer>()
  const state = health?.discovery?.state
  // Without a network nobody can see it, which was said above.
  if (own !== undefined && state !== undefined && interfaces.length > 0) {
    if (state === 'ok' || heard.has(own)) yield fine('advertisement', 'this proxy can be seen on the network')
    else if (loops)
      yield found(
        'advertisement',
        'advertisement-unseen',
        `the state of discovery is "${state}", and the proxy does not answer queries`
      )
    else
      yield {
        check: 'advertisement',
        level: 'problem',
        text: `it cannot be seen (the state of discovery is "${state}"), for the reason above`
      }
  }
  const others = othersOf(heard.values(), own, externalAddresses())
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
      `${computerText(id)} is heard, but does not answer at ${[...addresses].slice(0, 4).join(', ')} port ${port}`
    )
  }
  if (others.length + linked.size === 0) {
    if (loops && health !== undefined) yield found('other proxies', 'no-others', 'none is heard', 'note')
  } else if (unreachable === 0) yield fine('other proxies', `${others.length} heard, ${linked.size} linked`)
}

/** Others must be able to link to this proxy. Only this end can be tried. */
async function* checkMeshPort({ health, links, interfaces }: Facts): AsyncGenerator<Finding> {
  const port = health?.mesh?.port
  if (port === undefined || port === 0) return
  if (links.some(({ role, state }) => role === 'responder' && state === 'open')) {
    yield fine('mesh port', `others have linked to port ${port}`)
    return
  }
  for (const { name, shown } of interfaces) {
    const result = await reach(shown, port)
    if (result === 'proxy') yield fine('mesh port', `port ${port} answers this machine at ${shown} (${name})`)
    else
      yield found(
        'mesh port',
        'mesh-port-unreachable',
        `port ${port} ${result === 'silent' ? 'does not answer' : result === 'refused' ? 'is refused' : 'is answered by something else'} at ${shown} (${name})`
      )
  }
}

async function* checkPeers({ peers }: Facts): AsyncGenerator<Finding> {
  for (const peer of peers) {
    const address = parsePeerAddress(peer)
    if (address === undefined) continue
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
