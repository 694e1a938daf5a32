// `nws audit`: what is open to whom, in sentences: of settings, and of the proxy that runs. Changes nothing, and shows no
// secret.
import { isIPv4 } from 'node:net'
import { Command } from 'commander'
import { readSettings } from '../core/environment.ts'
import { isLoopbackHost, settingsWarnings } from '../core/settings-check.ts'
import type { Settings } from '../core/settings.ts'
import { externalAddresses } from '../platform/network-interfaces.ts'
import { CliError, ProxyError } from './errors.ts'
import { isColourful, note, styled, table, write, writeJson } from './output.ts'
import { proxyOf, request, withProxy, type Proxy, type ProxyOptions } from './proxy.ts'

/** Something that somebody can or cannot do. */
export interface Finding {
  /** Who. */
  readonly who: string
  /** What of. */
  readonly surface: string
  /** Whether they are let in. */
  readonly access: 'open' | 'limited' | 'closed'
  readonly text: string
  /** Whether this was seen at the running proxy, or follows from settings. */
  readonly source: 'proxy' | 'settings'
}

/** What settings mean. */
export function policyOf(settings: Settings): Finding[] {
  const {
    apiToken,
    apiShowNames,
    allowedOrigins,
    allowedHosts,
    host,
    discovery,
    peers,
    meshHost,
    examples,
    extensions,
    bv,
    bvListen,
    bvInsecure,
    clusterUrl
  } = settings
  const hasToken = apiToken !== ''
  const isExposed = !isLoopbackHost(host)
  const finding = (who: string, surface: string, access: Finding['access'], text: string): Finding => ({
    who,
    surface,
    access,
    text,
    source: 'settings'
  })
  return [
    finding(
      'programs of this machine',
      'channels',
      'open',
      'Any program of any user of this machine may join any channel whose name it knows, without the token.'
    ),
    finding(
      'programs of this machine',
      'API',
      hasToken ? 'limited' : 'open',
      hasToken
        ? 'Only with NWS_API_TOKEN.'
        : `Any program sees open channels, peers and links${apiShowNames ? ' with the names of channels' : ''}, and may send: set NWS_API_TOKEN to ask for it.`
    ),
    finding(
      'pages of other sites',
      'channels',
      allowedOrigins.length === 0 ? 'open' : 'limited',
      allowedOrigins.length === 0
        ? 'Any page that this user has open may join channels whose names it knows, and try names slowly: NWS_ALLOWED_ORIGINS lists who may.'
        : `Only pages of ${allowedOrigins.join(', ')}.`
    ),
    finding('pages of other sites', 'API', 'closed', 'Never: not even with the token.'),
    finding(
      'other machines',
      'pages, API, channels',
      isExposed ? 'limited' : 'closed',
      isExposed
        ? `NWS_HOST=${host}: with NWS_API_TOKEN, under the names in NWS_ALLOWED_HOSTS${allowedHosts.length === 0 ? ' (none: they are refused)' : ` (${allowedHosts.join(', ')})`}, as plain HTTP.`
        : 'The proxy listens on 127.0.0.1 and ::1.'
    ),
    finding(
      'other machines',
      'mesh',
      'limited',
      `Other proxies may link to ${meshHost === '' ? 'all addresses of this machine' : meshHost}; they share a channel only where both ends prove that they know its name.`
    ),
    finding(
      'other machines',
      'discovery',
      discovery ? 'open' : 'closed',
      discovery
        ? 'This proxy says by mDNS that it is there: an id of this run, an address and a port, no names.'
        : `Neither said nor asked.${peers.length > 0 ? ` Links are made to ${peers.join(', ')}.` : ''}`
    ),
    finding(
      'whoever may use the API',
      'names of channels',
      apiShowNames ? 'open' : 'closed',
      apiShowNames
        ? 'They are listed, and a name is the key: NWS_API_SHOW_NAMES=false lists tags instead.'
        : 'Tags are listed instead.'
    ),
    finding(
      'pages of this machine',
      'examples',
      examples ? 'open' : 'closed',
      examples ? 'Served under /examples/.' : 'Not served.'
    ),
    ...(!bv
      ? []
      : [
          finding(
            'other machines',
            'rendezvous',
            bvListen === '' ? 'closed' : 'limited',
            bvListen === ''
              ? 'The rendezvous is there for this machine only.'
              : `Users log in at ${bvListen}${bvInsecure ? ' without TLS: passwords can be read on the way' : ''}.`
          )
        ]),
    ...(clusterUrl.length === 0
      ? []
      : [
          finding(
            'proxies of the cluster',
            'channels',
            'limited',
            'Channels are shared over the servers of NWS_CLUSTER_URL with whoever has NWS_CLUSTER_SECRET and knows their names.'
          )
        ]),
    ...(extensions.length === 0
      ? []
      : [
          finding(
            'extensions',
            'everything',
            'open',
            `${extensions.length} run inside the proxy and can do all that it can: ${extensions.join(', ')}.`
          )
        ])
  ]
}

interface Health {
  readonly proxyId?: string
  readonly extensions?: readonly string[]
  readonly mesh?: { readonly port: number }
}

/** Asks the proxy the way different callers would, and says what they got. */
async function probe({ base, token }: Proxy): Promise<Finding[]> {
  const attempt = async (path: string, headers: Record<string, string>, from = base): Promise<number> => {
    try {
      const response = await fetch(`${from}${path}`, { headers, redirect: 'manual', signal: AbortSignal.timeout(3000) })
      await response.arrayBuffer()
      return response.status
    } catch {
      return 0
    }
  }
  const access = (status: number): Finding['access'] =>
    status === 0 || status === 403 ? 'closed' : status === 401 ? 'limited' : 'open'
  const said = (status: number): string => (status === 0 ? 'no connection' : `answered ${status}`)
  const findings: Finding[] = []
  const without = await attempt('/api/channels', {})
  findings.push({
    who: 'programs of this machine',
    surface: 'API',
    access: access(without),
    text: `Without a token: ${said(without)}.`,
    source: 'proxy'
  })
  const site = await attempt('/api/channels', {
    origin: 'https://audit.invalid',
    ...(token === '' ? {} : { authorization: `Bearer ${token}` })
  })
  findings.push({
    who: 'pages of other sites',
    surface: 'API',
    access: access(site),
    text: `As a page of another site: ${said(site)}.`,
    source: 'proxy'
  })
  const port = new URL(base).port
  if (port !== '' && new URL(base).protocol === 'http:') {
    for (const address of externalAddresses().filter(isIPv4)) {
      const status = await attempt('/api/health', {}, `http://${address}:${port}`)
      findings.push({
        who: 'other machines',
        surface: 'pages, API, channels',
        access: access(status),
        text: `At ${address}:${port}: ${said(status)}.`,
        source: 'proxy'
      })
    }
  }
  const { extensions = [], mesh } = await request<Health>({ base, token }, '/api/health').catch(
    (error: unknown): Health => {
      if (error instanceof ProxyError) return {}
      throw error
    }
  )
  if (mesh !== undefined)
    findings.push({
      who: 'other machines',
      surface: 'mesh',
      access: 'limited',
      text: `Other proxies may link to port ${mesh.port}.`,
      source: 'proxy'
    })
  if (extensions.length > 0)
    findings.push({
      who: 'extensions',
      surface: 'everything',
      access: 'open',
      text: `${extensions.length} run inside the proxy: ${extensions.join(', ')}.`,
      source: 'proxy'
    })
  return findings
}

/** The command. */
export function auditCommand(): Command {
  return withProxy(
    new Command('audit').description('say what is open to whom, by the settings here and at the running proxy')
  )
    .option('--json', 'one JSON object a line')
    .option('--settings', 'only what the variables NWS_… of this shell mean, without asking a proxy')
    .action(audit)
}

async function audit(options: ProxyOptions & { json?: true; settings?: true }): Promise<void> {
  const settings = readSettings(process.env)
  const findings = policyOf(settings)
  let isRunning = false
  if (options.settings !== true) {
    try {
      findings.push(...(await probe(await reachable(proxyOf(options)))))
      isRunning = true
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'NWS_CLI_NOT_RUNNING') throw error
      note(styled(`${error.code}: only the settings of this shell are shown.`, 'yellow'))
    }
  }
  if (options.json === true) {
    for (const finding of findings) await writeJson(finding)
    return
  }
  await write(
    table(
      findings,
      [
        { title: 'WHO', value: ({ who }) => who },
        { title: 'WHAT', value: ({ surface }) => surface },
        { title: 'ACCESS', value: ({ access }) => access },
        { title: 'BY', value: ({ source }) => source },
        { title: 'WHY', value: ({ text }) => text }
      ],
      isColourful(process.stdout)
    )
  )
  for (const warning of settingsWarnings(settings)) note(styled(warning, 'yellow'))
  if (isRunning)
    note(styled('The running proxy may have been started with other settings: rows by "proxy" are what it did.', 'dim'))
}

/** @throws CliError where nothing answers */
async function reachable(proxy: Proxy): Promise<Proxy> {
  await request(proxy, '/api/health')
  return proxy
}
