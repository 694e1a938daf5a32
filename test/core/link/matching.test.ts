// docs/protocol/link.md §9, "Never missed": whatever the order of events, channels that two proxies share are matched in the end.
// Each test runs one story under many seeds; a failure names its seed.
import t, { type Test } from 'tap'
import type { LinkBudgets } from '../../../src/core/link/constants.ts'
import { Simulation, mismatches, type SimulatedProxy, type SimulationOptions } from '../../support/simulation.ts'

type Story = (simulation: Simulation, a: SimulatedProxy, b: SimulatedProxy) => void

/** Runs a story under many seeds and checks that everything shared is matched at its end, and that no link fell. */
function underManyOrders(
  t: Test,
  orders: number,
  story: Story,
  options: SimulationOptions & { budgetsOf?: readonly [Partial<LinkBudgets>, Partial<LinkBudgets>] } = {}
): void {
  for (let seed = 1; seed <= orders; seed++) {
    const simulation = new Simulation(seed, options)
    const a = simulation.proxy('a', { budgets: options.budgetsOf?.[0] ?? {} })
    const b = simulation.proxy('b', { budgets: options.budgetsOf?.[1] ?? {} })
    story(simulation, a, b)
    const faults = mismatches(a, b)
    for (const { seen } of [a, b]) faults.push(...seen.endings.map(ending => `a link ended: ${ending.reason}`))
    if (faults.length > 0) {
      t.fail(`seed ${seed}: ${faults.join('; ')}`)
      return
    }
  }
  t.pass(`${orders} orders`)
}

/** A link between both that has ended its first sweep. */
function linked(simulation: Simulation, a: SimulatedProxy, b: SimulatedProxy): void {
  simulation.dial(a, b)
  simulation.run(1000)
}

t.test('both sides open the same channel at the same moment', async t => {
  underManyOrders(t, 250, (simulation, a, b) => {
    simulation.dial(a, b)
    simulation.run(simulation.below(200))
    a.join('webchat')
    b.join('webchat')
    simulation.run(2000)
  })
})

t.test('a WANT crosses an M1', async t => {
  underManyOrders(t, 250, (simulation, a, b) => {
    a.join('before')
    linked(simulation, a, b)
    // Each opens channels of which the other knows some, so that I starts a sweep and R asks for one at the same time.
    a.join('x')
    b.join('before')
    simulation.run(simulation.below(30))
    b.join('x')
    b.join('y')
    simulation.run(simulation.below(30))
    a.join('y')
    simulation.run(2000)
  })
})

for (const [who, place] of [
  ['the dialler', 0],
  ['the listener', 1]
] as const) {
  t.test(`a LEAVE of ${who} crosses an M1 and the channel is reopened`, async t => {
    underManyOrders(
      t,
      250,
      (simulation, a, b) => {
        const [leaver, other] = place === 0 ? [a, b] : [b, a]
        a.join('x')
        b.join('x')
        linked(simulation, a, b)
        leaver.leaveAll('x')
        simulation.run(15 + simulation.below(30)) // about when it ends to linger
        other.join('another')
        if (simulation.random() < 0.5) leaver.join('a third')
        simulation.run(simulation.below(60))
        leaver.join('x')
        if (simulation.random() < 0.3) {
          other.leaveAll('x')
          simulation.run(simulation.below(60))
          other.join('x')
        }
        simulation.run(3000)
      },
      { timings: { lingerMs: 30 } }
    )
  })

  t.test(`a channel that lingers at ${who} is reopened after the other side has tested it`, async t => {
    underManyOrders(
      t,
      200,
      (simulation, a, b) => {
        const [lingering, other] = place === 0 ? [a, b] : [b, a]
        lingering.join('x')
        linked(simulation, a, b)
        lingering.leaveAll('x')
        simulation.run(simulation.below(500))
        other.join('x')
        simulation.run(simulation.below(1200))
        lingering.join('x')
        simulation.run(3000)
      },
      { timings: { lingerMs: 1000 } }
    )
  })

  t.test(`a channel that sat out at ${who} is matched once it can pay`, async t => {
    const poverty = place === 0 ? { guessBurst: 520, guessPerSecond: 1 } : { guessBurst: 20, guessPerSecond: 0.1 }
    underManyOrders(
      t,
      100,
      (simulation, a, b) => {
        const [poor, other] = place === 0 ? [a, b] : [b, a]
        poor.join('x')
        linked(simulation, a, b)
        // Rounds without a match cost the poor one its tokens.
        for (let i = 0; i < 3; i++) {
          other.join(`noise ${i}`)
          poor.join(`more noise ${i}`)
          simulation.run(120)
        }
        other.join('x')
        simulation.run(2000)
        if (poor.seen.events.includes('matched x')) throw new Error('it never sat out')
        simulation.run(400_000)
      },
      { budgetsOf: place === 0 ? [poverty, {}] : [{}, poverty] }
    )
  })
}

for (const [counts, orders] of [
  [[700, 3], 3],
  [[3, 700], 3],
  [[600, 1300], 2]
] as const) {
  t.test(`${counts[0]} channels of the dialler and ${counts[1]} of the listener`, async t => {
    underManyOrders(
      t,
      orders,
      (simulation, a, b) => {
        const common = Math.min(...counts) - 1
        for (let i = 0; i < counts[0]; i++) a.join(i < common ? `common ${i}` : `a ${i}`)
        for (let i = 0; i < counts[1]; i++) b.join(i < common ? `common ${i}` : `b ${i}`)
        simulation.dial(a, b)
        simulation.run(simulation.below(300))
        // Some come and go while the sweep is under way.
        a.join('late')
        if (common > 2) b.leaveAll('common 1')
        simulation.run(simulation.below(300))
        b.join('late')
        if (common > 2) b.join('common 1')
        simulation.run(60_000)
      },
      { timings: { lingerMs: 20 } }
    )
  })
}

t.test('channels open, close and reopen at random on both sides', async t => {
  underManyOrders(
    t,
    200,
    (simulation, a, b) => {
      const names = ['one', 'two', 'three', 'four', 'five']
      simulation.dial(a, b)
      for (let i = 0; i < 60; i++) {
        const proxy = simulation.random() < 0.5 ? a : b
        const name = names[simulation.below(names.length)]!
        const peers = proxy.peers(name)
        if (peers.length === 0 || simulation.random() < 0.2) proxy.join(name)
        else proxy.leave(name, peers[0]!)
        simulation.run(simulation.random() < 0.5 ? simulation.below(10) : simulation.below(150))
      }
      simulation.run(120_000)
    },
    { timings: { lingerMs: 40 } }
  )
})

t.test('budgets run short while channels open, close and reopen at random', async t => {
  underManyOrders(
    t,
    40,
    (simulation, a, b) => {
      const names = ['one', 'two', 'three', 'four', 'five']
      simulation.dial(a, b)
      for (let i = 0; i < 60; i++) {
        const proxy = simulation.random() < 0.5 ? a : b
        const name = names[simulation.below(names.length)]!
        const peers = proxy.peers(name)
        if (peers.length === 0 || simulation.random() < 0.2) proxy.join(name)
        else proxy.leave(name, peers[0]!)
        simulation.run(simulation.below(150))
      }
      simulation.run(1_500_000)
    },
    { timings: { lingerMs: 40 }, budgets: { guessBurst: 550, guessPerSecond: 1, cpuBurst: 600, cpuPerSecond: 40 } }
  )
})
