// What proxies on several hosts do in their own time: the protocol's timers as they are. Stories with shorter ones are in
// mesh-hosts.system.test.ts.
import t from 'tap'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { startProxy, type LinkSeen } from '../support/proxies.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces')

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
