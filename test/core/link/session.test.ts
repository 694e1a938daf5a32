// Sessions over links that end at any moment: nothing is missing, nothing comes twice, and nobody hears of it.
import t from 'tap'
import { tellStories } from '../../support/stories.ts'
import { Simulation, mismatches, type SimulatedProxy } from '../../support/simulation.ts'

/** Two proxies that share a channel and know each other. */
function pair(seed = 1) {
  const simulation = new Simulation(seed, { timings: { lingerMs: 40 } })
  const a = simulation.proxy('a')
  const b = simulation.proxy('b')
  const [ofA, ofB] = [a.join('x'), b.join('x')]
  a.discover(b)
  b.discover(a)
  simulation.run(4000)
  return { simulation, a, b, ofA, ofB }
}
type Pair = ReturnType<typeof pair>

const texts = ({ seen }: SimulatedProxy): string[] => seen.messages.map(({ text }) => text)
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1))
/** Peers that a proxy was told of. */
const presence = ({ seen }: SimulatedProxy): string[] => seen.events.filter(event => /^[+-]/.test(event))

/** Says the numbers from 1 on at both ends, with something done after each. */
function count({ simulation, a, b, ofA, ofB }: Pair, most: number, between: (i: number) => void): void {
  for (let i = 1; i <= most; i++) {
    a.broadcast('x', ofA, String(i))
    b.broadcast('x', ofB, String(i))
    between(i)
  }
  simulation.run(20_000)
}

tellStories(t, 'two proxies', 60)
tellStories(t, 'two proxies, one of which notices up to 45 s later', 40)
tellStories(t, 'three proxies, one of which ends', 30)
tellStories(t, 'five proxies, two of which end', 10)

t.test('a link that is cut behind any message costs nothing', async t => {
  for (let behind = 1; behind <= 40; behind++) {
    const scene = pair(behind)
    const { simulation, a, b } = scene
    let left = behind
    for (const end of simulation.wires.at(-1)!.ends)
      end.tamper = bytes => {
        left -= 1
        return left < 0 ? undefined : bytes
      }
    count(scene, 60, () => {
      simulation.run(20)
      if (left < 0) simulation.wires.at(-1)!.break(0, simulation.below(100))
      if (left < 0) left = Infinity
    })
    t.strictSame([texts(a), texts(b)], [numbers(60), numbers(60)], `behind ${behind}`)
    t.strictSame([presence(a), presence(b)], [['+x b1'], ['+x a1']])
  }
})

t.test('what is said while no link stands is kept, up to 16 MiB', async t => {
  const scene = pair()
  const { simulation, a, b, ofA } = scene
  simulation.reaches = () => false
  for (const wire of simulation.wires) wire.cut()
  simulation.run(1000)
  t.equal(a.session(b)?.state, 'resuming')
  for (let i = 0; i < 15; i++) a.broadcast('x', ofA, String(i).padEnd(2 ** 20), true)
  simulation.run(1000)
  t.ok(a.session(b)!.heldBytes > 15 * 2 ** 20, 'it counts as held')
  simulation.reaches = () => true
  simulation.run(5000)
  t.equal(texts(b).length, 15)
  t.ok(a.session(b)!.heldBytes < 2 ** 20)
  t.equal(a.mesh.resumptions, 1)
  simulation.reaches = () => false
  for (const wire of simulation.wires) wire.cut()
  for (let i = 0; i < 17; i++) a.broadcast('x', ofA, String(i).padEnd(2 ** 20), true)
  t.strictSame(presence(a), ['+x b1', '-x b1'], 'with more the session ends')
  t.match(a.mesh.unacknowledged, { sessions: 1 })
  simulation.reaches = () => true
  simulation.run(5000)
  t.strictSame(mismatches(a, b), [], 'and another one begins')
  t.equal(texts(b).length, 15)
})

t.test('a session without a link ends after 15 s, at both ends', async t => {
  const { simulation, a, b } = pair()
  simulation.reaches = () => false
  for (const wire of simulation.wires) wire.break(0, 3000)
  simulation.run(14_900)
  t.strictSame(presence(a), ['+x b1'])
  simulation.run(200)
  t.strictSame(presence(a), ['+x b1', '-x b1'])
  t.strictSame(presence(b), ['+x a1'])
  simulation.run(3000)
  t.strictSame(presence(b), ['+x a1', '-x a1'])
})

t.test('a process that ends is missed within a tenth of a second, by both roles', async t => {
  for (let seed = 1; seed <= 20; seed++) {
    const { simulation, a, b } = pair(seed)
    const [dead, left] = seed % 2 === 0 ? [a, b] : [b, a]
    simulation.kill(dead)
    simulation.run(100)
    t.equal(left.remotes('x').length, 0, `seed ${seed}`)
  }
})

t.test('a process that is started anew at the same address is another one', async t => {
  const { simulation, a, b } = pair()
  const { endpoint } = b
  simulation.kill(b)
  b.endpoint = { host: 'nowhere', port: 1 }
  const again = simulation.proxy('c')
  again.endpoint = endpoint
  again.join('x')
  simulation.run(100)
  t.strictSame(a.remotes('x'), ['c1'])
})

t.test('a goodbye of discovery ends nothing', async t => {
  const { simulation, a, b } = pair()
  a.withdraw(b)
  b.withdraw(a)
  for (const wire of simulation.wires) wire.cut()
  simulation.run(20_000)
  t.strictSame([presence(a), presence(b)], [['+x b1'], ['+x a1']])
})

t.test('a channel that only one end holds is matched again', async t => {
  for (let seed = 1; seed <= 60; seed++) {
    const simulation = new Simulation(seed, { timings: { lingerMs: 40 } })
    const a = simulation.proxy('a')
    const b = simulation.proxy('b')
    a.join('x')
    b.join('x')
    a.discover(b)
    b.discover(a)
    simulation.run(4000)
    a.join('y')
    b.join('y')
    // Somewhere in the round, between M5 and M6 among others.
    for (const end of simulation.wires.at(-1)!.ends) {
      let left = 1 + simulation.below(8)
      end.tamper = bytes => (left-- > 0 ? bytes : undefined)
    }
    simulation.run(simulation.below(200))
    simulation.wires.at(-1)!.break(0, 500)
    simulation.run(10_000)
    t.strictSame(mismatches(a, b), [], `seed ${seed}`)
    t.notOk([...presence(a), ...presence(b)].some(event => event.startsWith('-x')))
  }
})

t.test('a LEAVE that is lost with its link comes with the next one', async t => {
  for (let seed = 1; seed <= 30; seed++) {
    const { simulation, a, b } = pair(seed)
    const again = a.join('y')
    b.join('y')
    simulation.run(1000)
    simulation.wires.at(-1)!.break(20, 400)
    a.leave('y', again)
    simulation.run(simulation.below(600))
    if (seed % 2 === 0) a.join('y')
    simulation.run(10_000)
    t.strictSame(mismatches(a, b), [], `seed ${seed}`)
  }
})

t.test('of two links of one session both ends keep the same', async t => {
  for (let seed = 1; seed <= 40; seed++) {
    const scene = pair(seed)
    const { simulation, a, b } = scene
    count(scene, 40, i => {
      if (i % 7 === 0) simulation.dial(a, b)
      if (i % 11 === 0) simulation.dial(b, a)
      simulation.run(30)
    })
    t.strictSame([texts(a), texts(b)], [numbers(40), numbers(40)], `seed ${seed}`)
    t.equal(a.open().length, 1)
    t.equal(b.open().length, 1)
    t.strictSame([presence(a), presence(b)], [['+x b1'], ['+x a1']])
  }
})

t.test('under traffic a link that carries nothing is replaced before it is missed', async t => {
  // As a cable that is out for 10 s: TCP tries less and less often, and only carries on at 13 s.
  for (let seed = 1; seed <= 2; seed++) {
    const scene = pair(seed)
    const { simulation, a, b, ofA, ofB } = scene
    const cut = simulation.wires.at(-1)!.stall()
    simulation.reaches = () => false
    for (let i = 1; i <= 3000; i++) {
      const text = i % 10 === 0 ? String(i).padEnd(65_536) : String(i)
      a.broadcast('x', ofA, text, true)
      b.broadcast('x', ofB, text, true)
      simulation.run(5)
      if (i === 2000) simulation.reaches = () => true
      if (i === 2600) cut()
    }
    simulation.run(2000)
    const heard = [a, b].map(proxy => texts(proxy).map(text => text.trim()))
    t.strictSame(heard, [numbers(3000), numbers(3000)], `seed ${seed}`)
    t.strictSame([presence(a), presence(b)], [['+x b1'], ['+x a1']])
    t.ok(a.session(b)!.resumptions > 0, 'another link carries the session')
  }
})

t.test('an end that waits for its budget is not taken for dead', async t => {
  const simulation = new Simulation(1, { timings: { lingerMs: 40 } })
  const a = simulation.proxy('a')
  const b = simulation.proxy('b', { budgets: { cpuBurst: 8, cpuPerSecond: 0.01 } })
  const [ofA] = [a.join('x'), b.join('x')]
  const left = a.join('y')
  b.join('y')
  a.discover(b)
  simulation.run(6000)
  t.equal(b.remotes('y').length, 1)
  a.join('z')
  simulation.run(500)
  a.leave('y', left)
  simulation.run(3000) // LEAVE waits at b behind M1, and all that comes behind it.
  a.broadcast('x', ofA, '1')
  simulation.run(15_000)
  t.equal(a.session(b)!.state, 'open')
  t.strictSame([...a.seen.endings, ...b.seen.endings], [])
  t.equal(texts(b).length, 0)
  simulation.run(15_000)
  t.strictSame(texts(b), ['1'])
})

t.test('when all is taken is told over any number of links', async t => {
  const { simulation, a, b, ofA } = pair()
  let taken = 0
  simulation.reaches = () => false
  for (const wire of simulation.wires) wire.cut()
  simulation.run(100)
  a.broadcast('x', ofA, '1')
  a.session(b)!.whenTaken(() => {
    taken += 1
  })
  simulation.run(2000)
  t.equal(taken, 0)
  simulation.reaches = () => true
  simulation.run(2500)
  t.equal(taken, 1)
  a.session(b)!.whenTaken(() => {
    taken += 1
  })
  t.equal(taken, 2, 'nothing is outstanding')
})
