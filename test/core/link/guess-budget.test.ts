// How fast names can be guessed over links: a word that was tested was paid for, whichever end the attacker has.
// docs/protocol/link.md §6.3.
import t from 'tap'
import { budgets } from '../../../src/core/link/constants.ts'
import { GuessBudget } from '../../../src/core/link/budget/guess-budget.ts'
import { Simulation } from '../../support/simulation.ts'

/** Rounds of 512 slots that the victim's name can pay for: two, and some tokens are left. */
const BURST = 1100
/** In a round of 512 slots. */
const WORDS = 400

/** An attacker tests words in `sweeps` sweeps, then the right one among others. @returns whether it was a hit */
function hits(attackerDials: boolean, sweeps: number): boolean {
  const simulation = new Simulation(sweeps, { latencyMs: 1, computeMs: 1, timings: { lingerMs: 1 } })
  const attacker = simulation.proxy('a', { budgets: { guessBurst: 1e9, cpuBurst: 1e9 } })
  const victim = simulation.proxy('v', { budgets: { guessBurst: BURST, guessPerSecond: 1e-6, cpuBurst: 1e9 } })
  victim.join('webchat')
  if (attackerDials) simulation.dial(attacker, victim)
  else simulation.dial(victim, attacker)
  simulation.run(1000)
  for (let sweep = 0; sweep <= sweeps; sweep++) {
    for (let index = 0; index < WORDS; index++) attacker.join(`word ${sweep} ${index}`)
    if (sweep === sweeps) attacker.join('webchat')
    simulation.run(1000)
    for (const name of attacker.names()) if (name !== 'webchat') attacker.leaveAll(name)
    simulation.run(1000)
  }
  return victim.seen.events.includes('matched webchat')
}

for (const attackerDials of [true, false]) {
  const place = attackerDials ? 'listens' : 'dials'

  t.test(`a guess is a hit while the name of a proxy that ${place} can pay`, async t => {
    t.ok(hits(attackerDials, 0))
    t.ok(hits(attackerDials, 1))
  })

  t.test(`a name of a proxy that ${place} is not tested against more words than it has tokens`, async t => {
    t.notOk(hits(attackerDials, 2))
    t.notOk(hits(attackerDials, 3))
  })
}

t.test('names are forgotten when all their tokens have come back, and not before', async t => {
  let now = 0
  const budget = new GuessBudget(
    { ...budgets, guessPerSecond: 8, guessBurst: 800, guessNames: 1000 },
    { now: () => now, after: () => () => {} },
    name => name
  )
  for (let at = 0; at < 500; at++) {
    now = at * 1000
    t.ok(budget.payAnswer(`name ${at}`, 79), 'each costs what comes back in ten seconds')
    t.ok(budget.size <= 10, `${budget.size} are remembered`)
  }
  t.equal(budget.size, 10)
  t.ok(budget.reserve('name 499') && budget.reserve('reserved'))
  now += 10_000_000
  t.ok(budget.payAnswer('another', 1))
  t.equal(budget.size, 3, 'one whose reservation is not settled stays, and with it those that were used later')
})
