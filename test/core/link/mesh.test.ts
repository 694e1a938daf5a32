// Several proxies, everything at random: channels, peers, messages, links that are cut, dialled again and dialled twice.
// In the end everybody sees everybody, and at no time is a message heard twice, out of order or from nobody.
import t from 'tap'
import { Simulation, mismatches, type SimulatedProxy, type Wire } from '../../support/simulation.ts'

/** Channels of each story; few, so that they meet. */
const NAMES = ['one', 'two', 'three', 'four']

interface Story {
  simulation: Simulation
  proxies: SimulatedProxy[]
  wires: Wire[]
}

function randomly<T>(simulation: Simulation, items: readonly T[]): T {
  return items[simulation.below(items.length)]!
}

/** A dial between two of them, in either direction. */
function dial({ simulation, proxies, wires }: Story): void {
  const one = randomly(simulation, proxies)
  const other = randomly(
    simulation,
    proxies.filter(proxy => proxy !== one)
  )
  wires.push(simulation.dial(one, other).wire)
}

function step(story: Story): void {
  const { simulation, proxies, wires } = story
  const proxy = randomly(simulation, proxies)
  const name = randomly(simulation, NAMES)
  const peers = proxy.peers(name)
  const chance = simulation.random()
  if (chance < 0.06) dial(story)
  else if (chance < 0.12 && wires.length > 0) randomly(simulation, wires).cut()
  else if (peers.length === 0 || chance < 0.3) proxy.join(name)
  else if (chance < 0.5) proxy.leave(name, randomly(simulation, peers))
  else proxy.broadcast(name, randomly(simulation, peers), String(chance))
}

/** Every pair that has no link gets one. */
function linkAll({ simulation, proxies, wires }: Story): void {
  for (const [place, one] of proxies.entries()) {
    for (const other of proxies.slice(place + 1)) {
      const linked = one.open().some(({ session }) => Buffer.compare(session!.remoteId, other.id) === 0)
      if (!linked) wires.push(simulation.dial(one, other).wire)
    }
  }
}

/** The faults in the messages that a proxy has heard. */
function disorder({ label, seen }: SimulatedProxy): string[] {
  const last = new Map<string, number>()
  const faults: string[] = []
  for (const { name, source, seq } of seen.messages) {
    const key = `${name} ${source}`
    if (seq <= (last.get(key) ?? 0)) faults.push(`${label} heard ${key} ${seq} after ${last.get(key)}`)
    last.set(key, seq)
  }
  return faults
}

/** Other proxies whose name one does not know although both share a channel, or knows although they share none. */
function misnamed(one: SimulatedProxy, proxies: readonly SimulatedProxy[]): string[] {
  return Array.from(one.mesh.sessions()).flatMap(({ remoteId, traffic }) => {
    const other = proxies.find(({ id }) => Buffer.compare(id, remoteId) === 0)!
    const expected = traffic.handles.size > 0 ? other.computerName : undefined
    return traffic.computerName === expected
      ? []
      : [`${one.label} calls ${other.label} ${traffic.computerName}, not ${expected}`]
  })
}

for (const count of [3, 5]) {
  t.test(`${count} proxies`, async t => {
    const orders = 75 / count
    for (let seed = 1; seed <= orders; seed++) {
      const simulation = new Simulation(seed, { timings: { lingerMs: 60 } })
      const story: Story = {
        simulation,
        proxies: Array.from({ length: count }, (_, place) => simulation.proxy(String.fromCharCode(97 + place))),
        wires: []
      }
      const { proxies } = story
      linkAll(story)
      for (let i = 0; i < 150; i++) {
        step(story)
        if (simulation.random() < 0.05) {
          const { mesh } = Object.assign(randomly(simulation, proxies), {
            computerName: randomly(simulation, [undefined, `Computer ${i}`])
          })
          mesh.computerNamed()
        }
        simulation.run(simulation.random() < 0.5 ? simulation.below(10) : simulation.below(200))
      }
      simulation.run(10_000)
      linkAll(story)
      simulation.run(120_000)

      const faults = proxies.flatMap(disorder)
      for (const [place, one] of proxies.entries())
        for (const other of proxies.slice(place + 1)) faults.push(...mismatches(one, other))
      faults.push(...proxies.flatMap(one => misnamed(one, proxies)))
      // Now everything is quiet: all others hear a message, once.
      for (const proxy of proxies) proxy.seen.messages.length = 0
      for (const proxy of proxies) {
        for (const name of proxy.names())
          for (const source of proxy.peers(name))
            for (let i = 0; i < 3; i++) proxy.broadcast(name, source, `"${source} ${i}"`)
      }
      simulation.run(2000)
      for (const proxy of proxies) {
        for (const name of proxy.names()) {
          const expected = proxies
            .filter(other => other !== proxy)
            .flatMap(other => other.peers(name).flatMap(source => [0, 1, 2].map(i => `"${source} ${i}"`)))
          const heard = proxy.seen.messages.filter(message => message.name === name).map(({ text }) => text)
          if (heard.toSorted().join() !== expected.toSorted().join())
            faults.push(`${proxy.label} heard [${heard.join()}] in ${name}, expected [${expected.join()}]`)
        }
      }
      for (const { seen, label } of proxies)
        for (const { code, by, reason } of seen.endings)
          if (by === 'us' && code !== 4000) faults.push(`${label} ended a link: ${reason}`)
      if (faults.length > 0) {
        t.fail(`seed ${seed}: ${faults.slice(0, 3).join('; ')}`)
        return
      }
    }
    t.pass(`${orders} orders`)
  })
}

t.test('channels that are opened one after another are matched at once, however many', async t => {
  const simulation = new Simulation(1, { latencyMs: 2, computeMs: 5 })
  const a = simulation.proxy('a')
  const b = simulation.proxy('b')
  simulation.dial(a, b)
  simulation.run(1000)
  const waits: number[] = []
  for (let i = 0; i < 200; i++) {
    const name = `channel ${i}`
    const [first, second] = i % 2 === 0 ? [a, b] : [b, a]
    first.join(name)
    simulation.run(5)
    second.join(name)
    const begun = simulation.clock.now()
    while (second.remotes(name).length === 0) simulation.run(5)
    waits.push(simulation.clock.now() - begun)
  }
  t.ok(Math.max(...waits) <= 250, `at most ${Math.max(...waits)} ms`)
  t.ok(waits.toSorted((one, other) => one - other)[100]! <= 60)
})

t.test('forty proxies share a guessable channel half a second after the last join', async t => {
  const simulation = new Simulation(1)
  const proxies = Array.from({ length: 40 }, (_, place) => simulation.proxy(`p${place}`))
  for (const one of proxies) for (const other of proxies) if (one !== other) one.discover(other)
  simulation.run(20_000)
  t.ok(proxies.every(proxy => proxy.open().length === 39))
  for (const proxy of proxies) proxy.join('webchat')
  simulation.run(500)
  t.ok(proxies.every(proxy => proxy.remotes('webchat').length === 39))
  t.strictSame(
    proxies.flatMap(({ seen }) => seen.endings),
    []
  )
})
