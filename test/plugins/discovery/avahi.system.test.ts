// Discovery on one host and in one network with avahi-daemon, another implementation of the same standards.
import t from 'tap'
import { needsAvahi, startAvahi } from '../../support/avahi.ts'
import { discover, finds, hasState, mishaps } from '../../support/discovery-hosts.ts'
import { createNetwork } from '../../support/namespaces.ts'

t.test('beside avahi', { ...needsAvahi, jobs: 2 }, async t => {
  t.test(
    'avahi sees exactly our one service with TXT v=3, from the same host and from another',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      const [here, there] = await Promise.all([startAvahi(t, a!), startAvahi(t, b!)])
      const one = await discover(a!, { port: 45_678 })
      await hasState(one, 'ok')
      for (const avahi of [here, there]) {
        // What avahi lists and ends with is what it has heard by then: only once it has heard us is that complete.
        const before = avahi.watch('_nws._tcp')
        await before.printed(/^=/m)
        await before.kill()
        const lines = await avahi.browse('_nws._tcp')
        t.equal(lines.length, 1, lines.join('\n'))
        const [, , , name, type, domain, host, address, port, text] = lines[0]!.split(';')
        t.strictSame(
          { name, type, domain, address, port, text },
          { name: one.id, type: '_nws._tcp', domain: 'local', address: a!.address, port: '45678', text: '"v=3"' }
        )
        t.match(host, /^[a-z2-7]{16}\.local$/)
      }
      const watch = there.watch('_nws._tcp')
      await watch.printed(/^=/m)
      one.send({ stop: true })
      t.ok(await watch.printed(new RegExp(`^-;eth0;IPv4;${one.id};`, 'm')), 'the goodbye is understood')
      await one.ended
      t.strictSame(mishaps(one), [])
    }
  )

  t.test(
    'we see what avahi publishes, and its goodbye, on the same host and on another',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      const avahi = await startAvahi(t, a!)
      const [same, other] = await Promise.all([
        discover(a!, { table: { goodbyeMs: 200 } }),
        discover(b!, { table: { goodbyeMs: 200 } })
      ])
      const id = 'b'.repeat(25) + 'a'
      const foreign = avahi.publish("Tom's. Printer", '_nws._tcp', 9000, 'v=3')
      const service = avahi.publish(id.toUpperCase(), '_nws._tcp', 45_678, 'v=3')
      await foreign.printed(/Established/)
      for (const one of [same, other]) {
        const { addresses } = await one.event('found', event => event.id === id)
        t.strictSame(addresses, [{ address: a!.address, port: 45_678 }])
      }
      await Promise.all([finds(same, other), finds(other, same)])
      await Promise.all([service.kill(), foreign.kill()])
      for (const one of [same, other]) await one.event('lost', event => event.id === id)
      t.strictSame(
        [same, other].map(one => one.events.filter(({ event }) => event === 'found').length),
        [2, 2],
        'what is no proxy of ours is not reported'
      )
      t.strictSame(mishaps(same, other), [])
    }
  )
})
