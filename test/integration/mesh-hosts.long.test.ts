// What proxies on several hosts do in their own time: the protocol's timers as they are. Stories with shorter ones are in
// mesh-hosts.system.test.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { startProxy, type LinkSeen, type ProxyProcess } from '../support/proxies.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces')

/** The kernel's table of neighbours is one for all namespaces; with 1024 entries it is too small for 40 × 39. */
const NEIGHBOURS = '/proc/sys/net/ipv4/neigh/default/gc_thresh3'
const HOSTS = 40
const STARTS_AT_ONCE = 4

t.test(
  'an idle link stands, and a channel that everybody has left goes after half a minute',
  { skip, buffered: true, timeout: 280_000 },
  async t => {
    const [one, two] = (await createNetwork(t, 2)).hosts as [Host, Host]
    const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
    const [alice, bob] = await Promise.all([a.join('webchat'), b.join('webchat')])
    await Promise.all([
      alice.hears({ action: 'connect', target: bob.id }),
      bob.hears({ action: 'connect', target: alice.id })
    ])
    const left = Date.now()
    await alice.leave()
    await bob.hears({ action: 'disconnect', target: alice.id })
    const [link] = (await a.until<{ links: LinkSeen[] }>('/api/links', ({ links }) => links[0]?.channels.length === 0))
      .links
    t.ok(Date.now() - left > 29_000, 'not before')
    await new Promise(resolve => {
      setTimeout(resolve, 130_000)
    })
    t.match(
      await a.links(),
      [{ since: link!.since, proxyId: link!.proxyId }],
      'longer than any record of discovery lives'
    )
    const again = await a.join('webchat')
    await again.hears({ action: 'connect', target: bob.id })
  }
)

t.test(
  'forty proxies on forty hosts: all linked, and a channel is complete on each',
  { skip, timeout: 580_000 },
  async t => {
    const before = readFileSync(NEIGHBOURS, 'latin1')
    writeFileSync(NEIGHBOURS, '16384')
    t.teardown(() => writeFileSync(NEIGHBOURS, before))
    const { hosts } = await createNetwork(t, HOSTS)
    const proxies: ProxyProcess[] = []
    for (let first = 0; first < HOSTS; first += STARTS_AT_ONCE)
      proxies.push(
        ...(await Promise.all(hosts.slice(first, first + STARTS_AT_ONCE).map(async host => await startProxy(host))))
      )
    for (const proxy of proxies)
      await proxy.linkedTo(
        proxies.filter(other => other !== proxy),
        240_000
      )
    const members = await Promise.all(proxies.map(async proxy => await proxy.join('webchat')))
    const begun = performance.now()
    for (const member of members)
      for (const other of members) if (other !== member) await member.hears({ action: 'connect', target: other.id })
    t.comment(`complete ${(performance.now() - begun).toFixed(0)} ms after the last join`)
    for (const [place, member] of members.entries()) member.send({ action: 'broadcast', data: place })
    for (const member of members)
      for (const [place, other] of members.entries())
        if (other !== member) await member.hears({ action: 'broadcast', source: other.id, data: place })
    t.pass(`${(HOSTS * (HOSTS - 1)) / 2} links`)
  }
)
