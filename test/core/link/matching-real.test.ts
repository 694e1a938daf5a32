// The stories of matching.test.ts with the real group instead of the fake one, fewer of them: what the simulation shows
// holds for the cryptography that runs.
import t, { type Test } from 'tap'
import { primitives } from '../../support/link.ts'
import { Simulation, mismatches, type SimulatedProxy } from '../../support/simulation.ts'

function underOrders(
  t: Test,
  orders: number,
  story: (simulation: Simulation, a: SimulatedProxy, b: SimulatedProxy) => void
): void {
  for (let seed = 1; seed <= orders; seed++) {
    const simulation = new Simulation(seed, { primitives, timings: { lingerMs: 40 } })
    const a = simulation.proxy('a')
    const b = simulation.proxy('b')
    story(simulation, a, b)
    t.strictSame(mismatches(a, b), [], `order ${seed}`)
    t.strictSame([...a.seen.endings, ...b.seen.endings], [])
  }
}

t.test('channels open, close and reopen at random on both sides', async t => {
  underOrders(t, 6, (simulation, a, b) => {
    const names = ['one', 'two', 'three']
    simulation.dial(a, b)
    for (let i = 0; i < 40; i++) {
      const proxy = simulation.random() < 0.5 ? a : b
      const name = names[simulation.below(names.length)]!
      const peers = proxy.peers(name)
      if (peers.length === 0 || simulation.random() < 0.2) proxy.join(name)
      else proxy.leave(name, peers[0]!)
      simulation.run(simulation.random() < 0.5 ? simulation.below(10) : simulation.below(150))
    }
    simulation.run(120_000)
  })
})

t.test('more than 512 channels on both sides', async t => {
  underOrders(t, 1, (simulation, a, b) => {
    for (let i = 0; i < 600; i++) {
      a.join(`common ${i}`)
      b.join(i < 550 ? `common ${i}` : `own ${i}`)
    }
    simulation.dial(a, b)
    simulation.run(60_000)
  })
})

t.test('who knows one channel gets no second one confirmed', async t => {
  const simulation = new Simulation(1, { primitives })
  const a = simulation.proxy('a')
  const outsider = simulation.proxy('z')
  for (const name of ['webchat', 'secret', 'other']) a.join(name)
  for (const name of ['webchat', 'secrets', 'Secret']) outsider.join(name)
  simulation.dial(outsider, a)
  simulation.dial(a, outsider)
  simulation.run(20_000)
  t.strictSame([...new Set(a.seen.events.filter(event => event.startsWith('matched')))], ['matched webchat'])
  t.strictSame([...a.remotes('secret'), ...a.remotes('other')], [])
})
