// docs/protocol/link.md §9, "Binding": a confirmed channel means that the other end of this very link knows the name. A man in the
// middle, other views of the ids, or a changed HELLO confirm nothing; a transparent proxy changes nothing.
import t from 'tap'
import { frameType } from '../../../src/core/link/wire/frames.ts'
import { createIdentity } from '../../../src/core/link/wire/handshake.ts'
import { RawLink, frameBytes } from '../../support/raw-link.ts'
import { Simulation, mismatches, type SimulatedProxy } from '../../support/simulation.ts'

/** Two honest proxies that share a name, with links to a man in the middle, who has an identity for each. */
function middle(helloOf: (hello: Uint8Array) => Uint8Array = hello => hello) {
  const simulation = new Simulation(1)
  const a = simulation.proxy('a')
  const b = simulation.proxy('b')
  for (const proxy of [a, b]) proxy.join('webchat')
  const towardsA = simulation.wire()
  const towardsB = simulation.wire()
  const { primitives } = a
  simulation.end(a, towardsA.ends[0], { role: 'I' })
  const asB = new RawLink(towardsA.ends[1], {
    role: 'R',
    identity: createIdentity(primitives),
    primitives,
    hello: false
  })
  simulation.end(b, towardsB.ends[1], { role: 'R' })
  const asA = new RawLink(towardsB.ends[0], {
    role: 'I',
    identity: createIdentity(primitives),
    primitives,
    hello: false
  })
  /** Decrypts, changes, encrypts again. */
  const forward = (from: RawLink, to: RawLink) => {
    from.onFrame = ({ type, body }) => {
      const changed = type === frameType.hello ? helloOf(body.slice()) : body.slice()
      const pass = (): void => {
        if (to.keys === undefined) simulation.clock.after(1, pass)
        else to.send(frameBytes(type, changed))
      }
      simulation.clock.after(0, pass)
    }
  }
  forward(asA, asB)
  forward(asB, asA)
  return { simulation, a, b, asA, asB }
}

function nothingMatched(t: Tap, ...proxies: SimulatedProxy[]): void {
  for (const proxy of proxies) {
    t.strictSame(proxy.seen.events, [], `${proxy.label} has confirmed nothing`)
    t.strictSame(proxy.remotes('webchat'), [])
  }
}
type Tap = Pick<typeof t, 'strictSame'>

t.test('a man in the middle who re-encrypts everything confirms nothing', async t => {
  const { simulation, a, b, asA, asB } = middle()
  simulation.run(5000)
  t.ok(
    asA.frames.some(({ type }) => type === frameType.m6),
    'the round went to its end'
  )
  t.ok(asB.frames.some(({ type }) => type === frameType.m5))
  nothingMatched(t, a, b)
})

t.test('a man in the middle who changes HELLO confirms nothing', async t => {
  const { simulation, a, b } = middle(hello => hello.with(33, hello[33]! ^ 1))
  simulation.run(5000)
  nothingMatched(t, a, b)
})

t.test('the same forwarding confirms where it neither decrypts nor changes', async t => {
  const simulation = new Simulation(1)
  const a = simulation.proxy('a')
  const b = simulation.proxy('b')
  for (const proxy of [a, b]) proxy.join('webchat')
  const left = simulation.wire()
  const right = simulation.wire()
  simulation.end(a, left.ends[0], { role: 'I' })
  simulation.end(b, right.ends[1], { role: 'R' })
  left.ends[1].receive = bytes => right.ends[0].send(bytes)
  right.ends[0].receive = bytes => left.ends[1].send(bytes)
  simulation.run(3000)
  t.strictSame(mismatches(a, b), [])
})

t.test('there is no link to oneself', async t => {
  const simulation = new Simulation(1)
  const a = simulation.proxy('a')
  a.join('webchat')
  simulation.dial(a, a)
  simulation.run(3000)
  t.equal(a.mesh.links.size, 0)
  nothingMatched(t, a)
})

t.test('a flipped bit anywhere in the messages of a link confirms nothing and closes it', async t => {
  // The position of the flip is drawn; every message of both directions has its turn.
  for (let seed = 1; seed <= 150; seed++) {
    const simulation = new Simulation(seed)
    const a = simulation.proxy('a')
    const b = simulation.proxy('b')
    for (const proxy of [a, b]) proxy.join('webchat')
    const { wire, links } = simulation.dial(a, b)
    const end = wire.ends[seed % 2]!
    let countdown = Math.floor(seed / 2) % 6
    let flipped = false
    end.tamper = bytes => {
      if (countdown-- !== 0) return bytes
      flipped = true
      const changed = bytes.slice()
      changed[simulation.below(changed.length)]! ^= 1 << simulation.below(8)
      return changed
    }
    simulation.run(5000)
    if (flipped && links.some(link => link.state !== 'over')) {
      t.fail(`seed ${seed}: the link stands`)
      return
    }
    if (flipped && a.remotes('webchat').length + b.remotes('webchat').length > 0) {
      t.fail(`seed ${seed}: matched`)
      return
    }
  }
  t.pass('150 flips')
})
