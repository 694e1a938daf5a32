// `nws audit`: lists who has access, by the settings and at the running proxy. Changes nothing and shows no secret.
import { isIPv4 } from 'node:net'
import { Command } from 'commander'
import { readSettings } from '../core/environment.ts'
import { isLoopbackHost, settingsWarnings } from '../core/settings-check.ts'
import type { Settings } from '../core/settings.ts'
import { externalAddresses } from '../platform/network-interfaces.ts'
import { CliError, ProxyError } from './errors.ts'
import { isColourful, note, styled, table, write, writeJson } from './output.ts'
import { proxyOf, request, withProxy, type Proxy, type ProxyOptions } from './proxy.ts'

type Access = 'open' | 'limited' | 'closed'

/** One kind of access: its holder, its subject, its reason. */
export interface Finding {
  readonly who: string
  readonly surface: string
  readonly access: Access
  readonly text: string
  /** Whether it was tried at the running proxy or follows from the settings. */
  readonly source: 'proxy' | 'settings'
}

interface Rule {
  readonly who: string
  readonly surface: string
  /** The access that settings give, and why; undefined if the settings have no such thing. */
  readonly judge: (settings: Settings) => [access: Access, text: string] | undefined
}

/** The policy of the proxy. docs/SECURITY.md explains it. */
const POLICY: readonly Rule[] = [
  {
    who: 'programs of this machine',
    surface: 'channels',
    judge: () => [
      'open',
      'Any program of any user of this machine may join any channel if it knows the name, without the token.'
    ]
  },
  {
    who: 'programs of this machine',
    surface: 'API',
    judge: ({ apiToken, apiShowNames }) => {
      if (apiToken !== '') return ['limited', 'Only with NWS_API_TOKEN.']
      const names = apiShowNames ? ' with the names of channels' : ''
      return [
        'open',
        `Any program sees open channels, peers and links${names}, and may send: NWS_API_TOKEN demands a token.`
      ]
    }
  },
  {
    who: 'pages of other sites',
    surface: 'channels',
    judge: ({ allowedOrigins }) =>
      allowedOrigins.length > 0
        ? ['limited', `Only pages of ${allowedOrigins.join(', ')}.`]
        : [
            'open',
            'Any page that a user has open may join channels if it knows the names, and try names slowly: NWS_ALLOWED_ORIGINS allows listed pages only.'
          ]
  },
  {
    who: 'pages of other sites',
    surface: 'API',
    judge: () => ['closed', 'Never, not even with the token.']
  },
  {
    who: 'other machines',
    surface: 'pages, API, channels',
    judge: ({ host, allowedHosts }) => {
      if (isLoopbackHost(host)) return ['closed', 'The proxy listens on 127.0.0.1 and ::1.']
      const names = allowedHosts.length === 0 ? 'none' : allowedHosts.join(', ')
      return [
        'limited',
        `NWS_HOST=${host}: with NWS_API_TOKEN, as plain HTTP. Browsers also need a name in NWS_ALLOWED_HOSTS (${names}); programs can send any.`
      ]
    }
  },
  {
    who: 'other machines',
    surface: 'mesh',
    judge: ({ meshHost }) => {
      const where = meshHost === '' ? 'all addresses of this machine' : meshHost
      return [
        'limited',
        `Other proxies may link to ${where}. They share a channel only if both ends prove that they know its name.`
      ]
    }
  },
  {
    who: 'other machines',
    surface: 'discovery',
    judge: ({ discovery, peers }) => {
      if (discovery)
        return ['open', 'This proxy advertises itself by mDNS: an id of this run, an address and a port, no names.']
      const links = peers.length === 0 ? '' : ` Links are made to ${peers.join(', ')}.`
      return ['closed', `This proxy neither advertises itself nor looks for others.${links}`]
    }
  },
  {
    who: 'users of the API',
    surface: 'names of channels',
    judge: ({ apiShowNames }) =>
      apiShowNames
        ? ['open', 'They are listed, and a name is the key: NWS_API_SHOW_NAMES=false lists tags instead.']
        : ['closed', 'Tags are listed instead.']
  },
  {
    who: 'pages of this machine',
    surface: 'examples',
    judge: ({ examples }) => (examples ? ['open', 'Served under /examples/.'] : ['closed', 'Not served.'])
  },
  {
    who: 'other machines',
    surface: 'rendezvous',
    judge: ({ bv, bvListen, bvInsecure }) => {
      if (!bv) return undefined
      if (bvListen === '') return ['closed', 'The rendezvous serves this machine only.']
      const insecure = bvInsecure ? ' without TLS: others can read the passwords on the way' : ''
      return ['limited', `Users log in at ${bvListen}${insecure}.`]
    }
  },
  {
    who: 'proxies of the cluster',
    surface: 'channels',
    judge: ({ clusterUrl }) =>
      clusterUrl.length === 0
        ? undefined
        : [
            'limited',
            'Proxies with NWS_CLUSTER_SECRET share channels over the servers of NWS_CLUSTER_URL if they know the names.'
          ]
  },
  {
    who: 'extensions',
    surface: 'everything',
    judge: ({ extensions }) =>
      extensions.length === 0
        ? undefined
        : [
            'open',
            `${extensions.length} run inside the proxy and can do everything that it can: ${extensions.join(', ')}.`
          ]
  }
]

/** The access that settings give. */
export function policyOf(settings: Settings): Finding[] {
  return POLICY.flatMap(({ who, surface, judge }) => {
    const judged = judge(settings)
    if (judged === undefined) return []
    const [access, text] = judged
    return [{ who, surface, access, text, source: 'settings' as const }]
  })
}

interface Health {
  readonly proxyId?: string
  readonly extensions?: readonly string[]
  readonly mesh?: { readonly port: number }
}

const ANSWER_MS = 3000

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}

function accessOf(status: number): Access {
  if (status === 0 || status === 403) return 'closed'
  return status === 401 ? 'limited' : 'open'
}

/** Asks the proxy as different callers would. */
async function probe(proxy: Proxy): Promise<Finding[]> {
  const { base, token } = proxy
  const findings: Finding[] = []
  const add = (who: string, surface: string, access: Access, text: string): void => {
    findings.push({ who, surface, access, text, source: 'proxy' })
  }
  const tried = (who: string, surface: string, how: string, status: number): void =>
    add(who, surface, accessOf(status), `${how}: ${status === 0 ? 'no connection' : `answer ${status}`}.`)

  tried('programs of this machine', 'API', 'Without a token', await statusOf(`${base}/api/channels`))
  const page = {
    origin: 'https://audit.invalid',
    ...(token === '' ? {} : { authorization: `Bearer ${token}` })
  }
  tried('pages of other sites', 'API', 'As a page of another site', await statusOf(`${base}/api/channels`, page))
  const { port, protocol } = new URL(base)
  if (port !== '' && protocol === 'http:')
    for (const address of externalAddresses().filter(isIPv4)) {
      const at = `${address}:${port}`
      tried('other machines', 'pages, API, channels', `At ${at}`, await statusOf(`http://${at}/api/health`))
    }
  const { extensions = [], mesh } = await request<Health>(proxy, '/api/health').catch((error: unknown): Health => {
    if (error instanceof ProxyError) return {}
    throw error
  })
  if (mesh !== undefined) add('other machines', 'mesh', 'limited', `Other proxies may link to port ${mesh.port}.`)
  if (extensions.length > 0)
    add('extensions', 'everything', 'open', `${extensions.length} run inside the proxy: ${extensions.join(', ')}.`)
  return findings
}

export function auditCommand(): Command {
  return withProxy(
    new Command('audit').description(
      'show what is open to whom, by the settings of this shell and at the running proxy'
    )
  )
    .option('--json', 'print one JSON object per line')
    .option('--settings', 'show the settings of this shell (NWS_…) only, without a proxy')
    .action(audit)
}

async function audit(options: ProxyOptions & { json?: true; settings?: true }): Promise<void> {
  const settings = readSettings(process.env)
  const findings = policyOf(settings)
  let isRunning = false
  if (options.settings !== true) {
    const proxy = proxyOf(options)
    try {
      await request(proxy, '/api/health')
      findings.push(...(await probe(proxy)))
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
  if (isRunning) note(styled('The running proxy may have other settings: rows by "proxy" show what it did.', 'dim'))
}
