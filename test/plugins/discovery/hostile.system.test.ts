// Discovery on a network with a hostile host: floods, forgeries, broken packets. The reader of packets and the limits of
// the table have tests of their own; here it is the whole process.
import { encode, type Answer } from 'dns-packet'
import t from 'tap'
import { discover, finds, hasState, mishaps, needsHosts, type Discovering } from '../../support/discovery-hosts.ts'
import { createNetwork, type Program, type ProgramEvent } from '../../support/namespaces.ts'

async function report(program: Discovering): Promise<ProgramEvent> {
  const before = program.events.length
  program.send({ report: true })
  return await program.event('report', event => program.events.indexOf(event) >= before)
}

/** Sends a flood and resolves when it is over. */
async function flood(attacker: Program, count: number, kind: string, victim?: object): Promise<void> {
  const before = attacker.events.length
  attacker.send({ flood: count, kind, victim })
  await attacker.event('flooded', event => attacker.events.indexOf(event) >= before, 60_000)
}

/** The readable parts of a proxy's advertisement, once the listener has heard it: the names an attacker needs. */
async function victimOf(listener: Program, id: string): Promise<{ instance: string; host: string }> {
  const services = ({ answers }: ProgramEvent) => (answers as string[]).filter(text => text.startsWith(`SRV ${id}`))
  const [service = ''] = services(await listener.event('heard', event => services(event).length > 0))
  return { instance: `${id}._nws._tcp.local`, host: /"target":"([^"]+)"/.exec(service)?.[1] ?? '' }
}

t.test('discovery beside a hostile host', { ...needsHosts, jobs: 3 }, async t => {
  t.test(
    '10 000 packets of every kind: nothing grows, nothing breaks, others are still found',
    { buffered: true, timeout: 100_000 },
    async t => {
      const {
        hosts: [a, b, c]
      } = await createNetwork(t, 3)
      const listener = b!.program('test/support/programs/mdns.ts')
      await listener.event('ready')
      const victim = await discover(a!)
      await hasState(victim, 'ok')
      const names = await victimOf(listener, victim.id)
      t.ok(names.host, 'the attacker has heard our names')
      await listener.kill()
      const attacker = b!.program('test/support/programs/mdns.ts', ['quiet'])
      await attacker.event('ready')
      const kinds = ['instances', 'pointers', 'random', 'queries', 'conflicts']
      const all = async () => {
        for (const kind of kinds) await flood(attacker, 10_000 / kinds.length, kind, names)
      }
      await all()
      const first = await report(victim)
      await all()
      const second = await report(victim)
      t.ok((first.remotes as number) <= 16 && (second.remotes as number) <= 16, 'one sender holds 16 ids')
      t.ok((second.heap as number) - (first.heap as number) < 16 * 1024 * 1024, 'no growth')
      const cpu = second.cpu as { user: number; system: number }
      t.comment(`CPU for 20 000 packets: ${Math.round((cpu.user + cpu.system) / 1000)} ms`)
      const late = await discover(c!)
      await Promise.all([finds(late, victim, a!.address), finds(victim, late, c!.address)])
      t.equal(
        victim.events.findLast(({ event }) => event === 'status')?.state,
        'ok',
        'our own advertisement is still seen'
      )
      t.strictSame(mishaps(victim, late), [])
      t.notMatch(victim.output(), /ciao|Error/i, 'and nothing is printed')
    }
  )

  t.test('what is no proper response is ignored', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    const one = await discover(a!)
    await hasState(one, 'ok')
    const forger = b!.program('test/support/programs/mdns.ts', ['quiet'])
    await forger.event('ready')
    const packet = (last: string, flags: number, address = b!.address, port = 4000) => {
      const name = `${'a'.repeat(24)}${last}a._nws._tcp.local`
      const answers: Answer[] = [
        { type: 'PTR', name: '_nws._tcp.local', ttl: 4500, data: name },
        { type: 'SRV', name, ttl: 120, data: { target: `${last}.local`, port } },
        { type: 'TXT', name, ttl: 4500, data: ['v=3'] },
        { type: 'A', name: `${last}.local`, ttl: 120, data: address }
      ]
      const bytes = encode({ type: 'response', id: 0, answers })
      bytes.writeUInt16BE(flags, 2)
      return bytes.toString('base64')
    }
    forger.send({ send: packet('b', 0x8400), port: 5354 })
    forger.send({ send: packet('c', 0x8400 | (1 << 11)) })
    forger.send({ send: packet('d', 0x8403) })
    forger.send({ send: packet('e', 0x0000) })
    forger.send({ send: packet('f', 0x8400, '127.0.0.1') })
    forger.send({ send: packet('g', 0x8400, '8.8.8.8') })
    forger.send({ send: packet('h', 0x8400, '10.77.0.255') })
    forger.send({ send: packet('i', 0x8400, b!.address, 80) })
    forger.send({ send: packet('z', 0x8400) })
    await one.event('found')
    t.strictSame(
      one.events.filter(({ event }) => event === 'found').map(({ id }) => String(id).at(-2)),
      ['z'],
      'only the proper one, which came last'
    )
  })

  t.test('who claims our own names changes neither them nor what others see', { buffered: true }, async t => {
    const {
      hosts: [a, b, c]
    } = await createNetwork(t, 3)
    const listener = b!.program('test/support/programs/mdns.ts')
    await listener.event('ready')
    const one = await discover(a!)
    const witness = await discover(c!, { table: { goodbyeMs: 100 } })
    await Promise.all([hasState(one, 'ok'), finds(witness, one)])
    const { instance, host } = await victimOf(listener, one.id)
    const send = (message: object) => {
      listener.send({ send: encode(message).toString('base64') })
    }
    const twin = await discover(b!, { id: one.id, port: 50_000 })
    await hasState(twin, 'ok')
    send({
      type: 'response',
      id: 0,
      answers: [{ type: 'SRV', name: instance, ttl: 120, flush: true, data: { target: 'evil.local', port: 50_000 } }]
    })
    send({ type: 'response', id: 0, answers: [{ type: 'A', name: host, ttl: 120, flush: true, data: '10.77.0.66' }] })
    send({
      type: 'response',
      id: 0,
      answers: [
        { type: 'PTR', name: '_nws._tcp.local', ttl: 0, data: instance },
        { type: 'SRV', name: instance, ttl: 0, data: { target: host, port: 40_000 } }
      ]
    })
    await witness.event('updated', ({ id }) => id === one.id)
    const late = await discover(c!)
    const found = await finds(late, one)
    t.ok((found.addresses as object[]).length >= 1)
    const newest = [...witness.events].findLast(
      ({ event, id }) => (event === 'found' || event === 'updated') && id === one.id
    )!
    t.strictSame(
      (newest.addresses as object[])[0],
      { address: a!.address, port: 40_000 },
      'the true address stays first'
    )
    t.notOk(
      witness.events.some(({ event }) => event === 'lost'),
      'a forged goodbye is not believed'
    )
    t.notMatch(listener.output(), /\(2\)/, 'nobody is renamed')
    t.strictSame(mishaps(one, twin, witness, late), [])
  })
})
