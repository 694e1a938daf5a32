// `nws doctor` in a host of a test network: its findings, by code. Tests make the faults.
import type { Test } from 'tap'
import { nws } from './cli.ts'
import { createNetwork, type Host } from './namespaces.ts'
import { startProxy as start, type ProxyProcess } from './proxies.ts'
import { needs } from './needs.ts'

/** Options of a test with hosts. */
export const needsHosts = needs('namespaces', 'iptables', 'ip6tables')

/** The output of the doctor. */
export interface Finding {
  check: string
  level: string
  code?: string
  text: string
  remedy?: string
}

/** Starts a proxy on a host; resolves when it knows how its discovery fares. */
export async function startProxy(host: Host, env: Record<string, string> = {}): Promise<ProxyProcess> {
  const proxy = await start(host, { env })
  await proxy.until<{ discovery: { state: string } }>('/api/health', ({ discovery }) => discovery.state !== 'starting')
  return proxy
}

/** Runs the doctor on a host; each code that it gives must come with a remedy. */
export async function doctor(
  t: Test,
  host: Host,
  env: Record<string, string> = {},
  wrapper: readonly string[] = []
): Promise<{ code: number | null; codes: string[]; findings: Finding[]; text: string }> {
  const { code, stdout, stderr } = await nws(t, ['doctor', '--json'], { namespace: host.namespace, env, wrapper })
  const findings = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Finding)
  for (const finding of findings) if (finding.code !== undefined) t.ok(finding.remedy, `${finding.code} has a remedy`)
  return { code, findings, codes: findings.flatMap(({ code }) => code ?? []), text: `${stdout}\n${stderr}` }
}

export const iptables = (host: Host, rule: string): string => host.exec('iptables', rule.split(' '))

/** A fault: its name, the code that the doctor must find and no other, how it is made, and the proxy's settings. */
export type Fault = [
  name: string,
  code: string,
  prepare: (host: Host) => void | Promise<void>,
  env?: Record<string, string>
]

/** Tries each fault on a host that stands alone in a LAN of its own. */
export async function tryFaults(t: Test, faults: readonly Fault[]): Promise<void> {
  const network = await createNetwork(t, 0)
  await Promise.all(
    faults.map(async ([name, expected, prepare, env], index) => {
      const host = network.addHost({ segments: [index] })
      await prepare(host)
      await startProxy(host, env)
      await t.test(name, async t => {
        const { code, codes, text } = await doctor(t, host)
        t.strictSame([code, codes.filter(each => each !== 'no-others')], [1, [expected]], text)
      })
    })
  )
}
