// docs/protocol/link.md §9, "Abuse": floods of guesses and of half-done rounds, and an honest hour of a busy network, in virtual time.
import t from 'tap'
import { createIdentity } from '../../../src/core/link/wire/handshake.ts'
import { RawLink } from '../../support/raw-link.ts'
import { Simulation, type SimulatedProxy } from '../../support/simulation.ts'

const STRONG = 'abcdefghijklmnopqrstuvwxyz234567'
const RICH = { guessBurst: 1e9, cpuBurst: 1e9 }

/** A guesser: so many words at a time, as often as the victim lets him. */
function guesser(simulation: Simulation, label: string, words = 500): SimulatedProxy {
  const proxy = simulation.proxy(label, { budgets: RICH })
  for (let word = 0; word < words; word++) proxy.join(`word ${label} ${word}`)
  return proxy
}

/** A remote that is dialled by the victim and never answers M1, so that it holds a reservation as long as it can. */
function silent(simulation: Simulation, victim: SimulatedProxy, address: string): void {
  const {
    ends: [here, there]
  } = simulation.wire()
  const raw = new RawLink(there, {
    role: 'R',
    identity: createIdentity(victim.primitives),
    primitives: victim.primitives
  })
  raw.onFrame = () => {} // whatever comes, it says nothing
  simulation.end(victim, here, { role: 'I', address })
}

t.test('guesses from a thousand ids in both roles stay within the bucket', async t => {
  const simulation = new Simulation(1, {
    latencyMs: 2,
    computeMs: 2,
    budgets: { cpuBurst: 1e9 },
    timings: { lingerMs: 1 }
  })
  const victim = simulation.proxy('v')
  victim.join('webchat')
  const attacker = guesser(simulation, 'z', 60)
  let rounds = 0
  for (let id = 0; id < 1000; id++) {
    // The same words under another id each time; what was answered is seen from the hints that a round gave.
    const { links } = simulation.random() < 0.5 ? simulation.dial(attacker, victim) : simulation.dial(victim, attacker)
    simulation.run(30)
    if ((links[0].scheduler?.sweeps ?? 0) > 0) rounds += 1
    for (const link of links) link.close(1000, 'test')
  }
  t.ok(rounds > 500, `${rounds} rounds were run`)
  t.equal(victim.mesh.guesses.outlook('webchat'), 'short', 'the bucket is empty')
  // 8192 tokens and 8 a second for half a minute; a round of 64 slots costs 65, or needs 513 for a moment.
  t.ok(victim.mesh.guesses.refusals > rounds - 8192 / 65 - (30 * 8) / 65, 'in all other rounds the name sat out')
  attacker.join('webchat')
  simulation.dial(attacker, victim)
  simulation.run(500)
  t.notOk(victim.seen.events.includes('matched webchat'), 'not even the right word is a hit now')
})

for (const victimDials of [true, false]) {
  t.test(
    `a strong name is matched within 35 s in a flood, where the victim ${victimDials ? 'dials' : 'is dialled'}`,
    async t => {
      const simulation = new Simulation(7, { latencyMs: 5, computeMs: 5 })
      const victim = simulation.proxy('v')
      victim.join(STRONG)
      victim.join('webchat')
      for (let round = 0; round < 10; round++) {
        for (let host = 0; host < 5; host++) {
          silent(simulation, victim, `10.0.0.${host}`)
          const attacker = guesser(simulation, `z${round}.${host}.`)
          const {
            ends: [here, there]
          } = simulation.wire()
          simulation.end(victim, here, { role: 'R', address: `10.0.0.${host}` })
          simulation.end(attacker, there, { role: 'I' })
        }
        simulation.run(200)
      }
      const honest = simulation.proxy('h')
      honest.join(STRONG)
      if (victimDials) simulation.dial(victim, honest)
      else simulation.dial(honest, victim)
      let waited = 0
      while (!victim.seen.events.includes(`matched ${STRONG}`) && waited < 100_000) {
        simulation.run(100)
        waited += 100
      }
      t.ok(waited <= 35_500, `matched after ${waited} ms`)
    }
  )
}

t.test(
  'twenty proxies that open and close two channels a minute for an hour never make a waiting channel sit out',
  async t => {
    const simulation = new Simulation(1, { latencyMs: 3, computeMs: 5 })
    const proxy = simulation.proxy('w')
    proxy.join('waiting')
    const others = Array.from({ length: 19 }, (_, place) => simulation.proxy(String.fromCharCode(97 + place)))
    for (const [place, other] of others.entries()) {
      if (place % 2 === 0) simulation.dial(other, proxy)
      else simulation.dial(proxy, other)
    }
    let opened = 0
    for (const each of [proxy, ...others]) {
      for (let minute = 0; minute < 60; minute++) {
        for (let i = 0; i < 2; i++) {
          const name = `${each.label} ${minute} ${i}`
          const at = minute * 60_000 + simulation.random() * 60_000
          simulation.clock.after(at, () => {
            each.join(name)
            opened += 1
          })
          simulation.clock.after(at + 30_000, () => each.leaveAll(name))
        }
      }
    }
    simulation.run(3_600_000)
    t.equal(opened, 20 * 60 * 2)
    t.equal(proxy.mesh.guesses.refusals, 0)
    t.strictSame(proxy.seen.endings, [])
    others[7]!.join('waiting')
    simulation.run(1000)
    t.equal(proxy.remotes('waiting').length, 1, 'and it is matched at once when somebody comes')
  }
)

t.test('links that claim a handshake and stop do not keep an honest one out', async t => {
  const simulation = new Simulation(1)
  const victim = simulation.proxy('v')
  victim.join('x')
  for (let i = 0; i < 200; i++) {
    const {
      ends: [here]
    } = simulation.wire()
    simulation.end(victim, here, { role: 'R', address: `10.0.0.${i % 3}` })
  }
  t.equal(victim.mesh.links.size, 32)
  const honest = simulation.proxy('h')
  honest.join('x')
  simulation.dial(honest, victim)
  for (let i = 0; i < 20; i++) {
    simulation.run(10)
    simulation.end(victim, simulation.wire().ends[0], { role: 'R', address: `10.0.0.${i % 3}` })
  }
  simulation.run(800)
  t.equal(victim.remotes('x').length, 1, 'linked and matched within a second')
})

t.test('a round that is never finished ends with its link', async t => {
  const simulation = new Simulation(1)
  const victim = simulation.proxy('v')
  victim.join('x')
  silent(simulation, victim, '10.0.0.1')
  simulation.run(34_000)
  t.equal(victim.open().length, 1)
  simulation.run(2000)
  t.match(victim.seen.endings, [{ code: 4001, by: 'us' }])
  t.equal(victim.mesh.guesses.outlook('x'), 'ready')
  t.equal(Math.round(victim.mesh.cpu.level), 8192, 'what was reserved came back')
})
