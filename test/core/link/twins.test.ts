// docs/protocol/link.md §5.6, two links with one remote id: proven the same or not, either one dying, always matched in the end, and
// strangers who claim an id change nothing.
import t, { type Test } from 'tap'
import type { Link } from '../../../src/core/link/link.ts'
import {
  Simulation,
  mismatches,
  type SimulatedProxy,
  type SimulationOptions,
  type Wire
} from '../../support/simulation.ts'

/** Runs a story under many seeds; it returns what is wrong at its end. */
function underManyOrders(
  t: Test,
  orders: number,
  story: (simulation: Simulation, a: SimulatedProxy, b: SimulatedProxy) => string[],
  options: SimulationOptions = {}
): void {
  for (let seed = 1; seed <= orders; seed++) {
    const simulation = new Simulation(seed, options)
    const faults = story(simulation, simulation.proxy('a'), simulation.proxy('b'))
    if (faults.length > 0) {
      t.fail(`seed ${seed}: ${faults.join('; ')}`)
      return
    }
  }
  t.pass(`${orders} orders`)
}

/** Dials that happen at about the same time, in both directions or in one. */
function dialTwice(simulation: Simulation, a: SimulatedProxy, b: SimulatedProxy) {
  const first = simulation.dial(a, b)
  simulation.run(simulation.below(100))
  const second = simulation.random() < 0.5 ? simulation.dial(b, a) : simulation.dial(a, b)
  return [first, second] as const
}

t.test('of two links between the same two processes one is kept, and nothing is missed', async t => {
  underManyOrders(t, 200, (simulation, a, b) => {
    a.join('x')
    b.join('x')
    const [first, second] = dialTwice(simulation, a, b)
    simulation.run(simulation.below(300))
    a.join('y')
    simulation.run(simulation.below(300))
    b.join('y')
    b.join('x')
    simulation.run(8000)
    const faults = mismatches(a, b)
    const open = [first, second].filter(({ links }) => links[0].state === 'open')
    if (open.length !== 1 || a.open().length !== 1 || b.open().length !== 1)
      faults.push(`${open.length} links are left`)
    if (![...a.seen.endings, ...b.seen.endings].every(({ code }) => code === 4000))
      faults.push('a link ended for another reason')
    return faults
  })
})

t.test('the link that is kept is the one dialled by the smaller id', async t => {
  underManyOrders(t, 200, (simulation, a, b) => {
    const dialled = new Map([
      [a, simulation.dial(a, b).links[0]],
      [b, simulation.dial(b, a).links[0]]
    ])
    simulation.run(8000)
    const [smaller, larger] = Buffer.compare(a.id, b.id) < 0 ? [a, b] : [b, a]
    return dialled.get(smaller)!.state === 'open' && dialled.get(larger)!.state === 'over'
      ? []
      : ['the wrong one is kept']
  })
})

t.test('peers stay joined while a twin is proven and closed', async t => {
  underManyOrders(t, 150, (simulation, a, b) => {
    a.join('x')
    b.join('x')
    simulation.dial(a, b)
    simulation.run(1000)
    if (simulation.random() < 0.5) simulation.dial(b, a)
    else simulation.dial(a, b)
    simulation.run(8000)
    const events = [...a.seen.events, ...b.seen.events].filter(event => event.startsWith('-'))
    return [...mismatches(a, b), ...events]
  })
})

t.test('a channel that is opened while a twin is being closed loses nobody', async t => {
  underManyOrders(
    t,
    300,
    (simulation, a, b) => {
      simulation.dial(a, b)
      simulation.run(simulation.below(500))
      simulation.dial(b, a)
      simulation.run(simulation.below(2500))
      for (const proxy of [a, b]) {
        proxy.join('x')
        simulation.run(simulation.below(200))
      }
      a.join('x')
      simulation.run(20_000)
      const events = [...a.seen.events, ...b.seen.events].filter(event => event.startsWith('-'))
      return [...mismatches(a, b), ...events]
    },
    { latencyMs: 150, timings: { twinCloseMs: 15_000 } }
  )
})

t.test('every message arrives once while two links stand and one is closed', async t => {
  underManyOrders(t, 200, (simulation, a, b) => {
    const id = a.join('x')
    b.join('x')
    simulation.dial(a, b)
    simulation.run(1000)
    simulation.dial(b, a)
    let sent = 0
    // Begun well before the second link confirms: what only the older one carried just before that is overtaken on the other.
    for (let i = 0; i < 200; i++) {
      simulation.run(simulation.below(60))
      sent += 1
      a.broadcast('x', id, String(sent))
    }
    simulation.run(8000)
    const texts = b.seen.messages.map(({ text }) => Number(text))
    const rising = texts.every((text, at) => at === 0 || text > texts[at - 1]!)
    return rising && texts.length === sent ? [] : [`${texts.length} of ${sent}, in order: ${rising}`]
  })
})

/** What a proxy has missed of a source between its coming and its going. */
function gaps({ label, seen: { messages } }: SimulatedProxy, source: string): string[] {
  const heard = messages
    .filter(message => message.source === source)
    .map(({ text, span }) => ({ number: Number(text), span }))
  return heard.flatMap(({ number, span }, at) => {
    const before = heard[at - 1]
    if (before === undefined || (before.span !== span ? before.number < number : before.number + 1 === number))
      return []
    return [`${label} heard ${number} of ${source} after ${before.number}, in span ${span} after ${before.span}`]
  })
}

t.test('whatever becomes of links: who stays joined has missed nothing', async t => {
  let [longest, spans] = [0, 0]
  underManyOrders(
    t,
    400,
    (simulation, a, b) => {
      const ids = [a.join('x'), b.join('x')] as const
      const wires: Wire[] = []
      let sent = 0
      for (let i = 0; i < 300; i++) {
        const chance = simulation.random()
        const wire = wires[simulation.below(wires.length)]
        if (a.open().length === 0 || chance < 0.04)
          wires.push((simulation.random() < 0.5 ? simulation.dial(a, b) : simulation.dial(b, a)).wire)
        else if (chance < 0.05) wire?.cut()
        else if (chance < 0.07) wire?.silence()
        else if (chance < 0.11 && wire !== undefined) simulation.clock.after(simulation.below(3000), wire.stall())
        sent += 1
        a.broadcast('x', ids[0], String(sent))
        b.broadcast('x', ids[1], String(sent))
        simulation.run(simulation.below(200))
      }
      for (const wire of wires) wire.cut()
      simulation.dial(a, b)
      simulation.run(30_000)
      const last = String(sent + 1)
      a.broadcast('x', ids[0], last)
      b.broadcast('x', ids[1], last)
      simulation.run(1000)
      const unheard = [a, b]
        .filter(({ seen }) => seen.messages.at(-1)?.text !== last)
        .map(({ label }) => `${label} has not heard the last`)
      longest = Math.max(longest, a.seen.messages.length)
      spans += a.seen.messages.at(-1)?.span ?? 0
      return [...unheard, ...mismatches(a, b), ...gaps(a, ids[1]).slice(0, 1), ...gaps(b, ids[0]).slice(0, 1)]
    },
    { timings: { pingMs: 1500, deadMs: 5000, probeMs: 3000, lingerMs: 5000 } }
  )
  t.comment(`up to ${longest} messages were heard, in ${spans} spans`)
  t.ok(longest > 250 && spans > 400, 'much was heard, and links were lost')
})

t.test('either link dies at any moment and the other carries on', async t => {
  underManyOrders(t, 200, (simulation, a, b) => {
    a.join('x')
    b.join('x')
    const dials = dialTwice(simulation, a, b)
    simulation.run(simulation.below(simulation.random() < 0.5 ? 600 : 7000))
    const victim = dials[simulation.below(2)]!
    const standing = dials.filter(({ links }) => links[0].state !== 'over')
    if (standing.length === 2) victim.wire.cut()
    simulation.run(1000)
    a.join('y')
    b.join('y')
    simulation.run(60_000)
    return mismatches(a, b)
  })
})

/** A process that dials with somebody else's id. */
function impostor(simulation: Simulation, of: SimulatedProxy): SimulatedProxy {
  return simulation.proxy('z', { id: of.id })
}

t.test(
  "an outsider under another proxy's id, with or without a channel, keeps nobody from linking or matching",
  async t => {
    underManyOrders(t, 150, (simulation, a, b) => {
      const z = impostor(simulation, b)
      if (simulation.random() < 0.5) z.join('webchat')
      for (const name of ['webchat', 'secret']) {
        a.join(name)
        b.join(name)
      }
      const order = simulation.below(3)
      if (order === 0) simulation.dial(z, a)
      if (order === 0) simulation.run(simulation.below(1000))
      const honest: Link[] = [...simulation.dial(a, b).links, ...simulation.dial(b, a).links]
      if (order === 1) simulation.dial(z, a)
      simulation.run(simulation.below(1000))
      if (order === 2) for (let i = 0; i < 5; i++) simulation.dial(z, a)
      simulation.run(20_000)
      const faults = mismatches(a, b)
      if (honest.filter(({ state }) => state === 'open').length !== 2) faults.push('there is not one honest link')
      if (a.remotes('secret').some(id => id.startsWith('z'))) faults.push('the outsider is in the secret channel')
      return faults
    })
  }
)

t.test("a member under another proxy's id gets no other peer's messages replaced", async t => {
  underManyOrders(t, 200, (simulation, a, b) => {
    const z = impostor(simulation, b)
    a.join('webchat')
    const bob = b.join('webchat')
    simulation.dial(b, a)
    simulation.run(1000)
    // It claims the very peer, too, and sends with higher numbers.
    z.join('webchat', bob)
    simulation.dial(z, a)
    simulation.run(2000)
    for (let i = 0; i < 9; i++) z.broadcast('webchat', bob, '"forged"')
    b.broadcast('webchat', bob, '"true"')
    simulation.run(1000)
    const texts = a.seen.messages.map(({ text }) => text)
    return texts.join() === '"true"' ? [] : [`heard ${texts.join()}`]
  })
})

t.test("a JOIN for another's peer takes effect when that peer has gone", async t => {
  underManyOrders(t, 100, (simulation, a, b) => {
    const c = simulation.proxy('c')
    a.join('x')
    const id = b.join('x', 'same')
    simulation.dial(b, a)
    simulation.run(1000)
    c.join('x', 'same')
    c.join('x')
    simulation.dial(c, a)
    simulation.run(1000)
    const before = a.seen.joined.get('x')!.get('same')!.session!.remoteId
    if (simulation.random() < 0.5) b.leave('x', id)
    else for (const link of b.open()) link.close(1000, 'test')
    simulation.run(1000)
    const after = a.seen.joined.get('x')!.get('same')?.session!.remoteId
    c.broadcast('x', 'same', '"now"')
    simulation.run(1000)
    const faults: string[] = []
    if (Buffer.compare(before, b.id) !== 0) faults.push('the first owner lost it')
    if (after === undefined || Buffer.compare(after, c.id) !== 0) faults.push('the second one did not get it')
    if (a.seen.messages.at(-1)?.text !== '"now"') faults.push('not heard')
    return faults
  })
})

t.test('a dead link is found out when its remote comes back on another', async t => {
  const simulation = new Simulation(1)
  const a = simulation.proxy('a')
  const b = simulation.proxy('b')
  const id = a.join('x')
  b.join('x')
  const {
    wire,
    links: [first]
  } = simulation.dial(a, b)
  simulation.run(1000)
  for (const end of wire.ends) end.tamper = () => undefined // the network carries nothing any more
  const {
    links: [second]
  } = simulation.dial(a, b)
  simulation.run(5500)
  t.equal(first.state, 'over', 'dead five seconds after the probe')
  t.equal(second.state, 'open')
  a.broadcast('x', id, '1')
  simulation.run(1000)
  t.equal(b.seen.messages.at(-1)?.text, '1')
  t.strictSame(mismatches(a, b), [])
})

t.test('no link gives way to one that has given no sign of life since', async t => {
  underManyOrders(
    t,
    50,
    (simulation, a, b) => {
      const id = a.join('x')
      b.join('x')
      const [smaller, larger] = Buffer.compare(a.id, b.id) < 0 ? [a, b] : [b, a]
      const { wire } = simulation.dial(smaller, larger)
      simulation.run(1000)
      simulation.dial(larger, smaller)
      simulation.clock.after(simulation.below(12), () => wire.silence())
      simulation.run(20_000)
      a.broadcast('x', id, '1')
      simulation.run(1000)
      const faults = [a, b].filter(proxy => proxy.open().length !== 1).map(({ label }) => `${label} has not one link`)
      if (b.seen.messages.length !== 1) faults.push('not heard')
      return [...faults, ...mismatches(a, b)]
    },
    { timings: { twinCloseMs: 2000 } }
  )
})

t.test('a link that only one end has found dead is over for the other as soon as there is a new one', async t => {
  underManyOrders(t, 200, (simulation, a, b) => {
    const id = a.join('x')
    b.join('x')
    const old = simulation.random() < 0.5 ? simulation.dial(a, b) : simulation.dial(b, a)
    simulation.run(1000)
    old.wire.silence()
    for (const link of a.open()) link.close(1001, 'test')
    const faults = b.seen.events.some(event => event.startsWith('-')) ? ['the other end was told'] : []
    simulation.run(1000)
    // Whatever a says once it knows of b again comes to b, which has seen a go and come before.
    const [next] = simulation.random() < 0.5 ? simulation.dial(a, b).links : simulation.dial(b, a).links
    let sent = 0
    for (let i = 0; i < 20; i++) {
      simulation.run(simulation.below(60))
      if (a.remotes('x').length === 0) continue
      sent += 1
      a.broadcast('x', id, String(sent))
    }
    simulation.run(1000)
    if (sent === 0) faults.push('nothing was said')
    if (next.state !== 'open' || b.open().length !== 1) faults.push('the new link is not the only one')
    if (
      b.seen.messages.map(({ text }) => Number(text)).join() !== Array.from({ length: sent }, (_, at) => at + 1).join()
    )
      faults.push(`${b.seen.messages.length} of ${sent} were heard`)
    if (b.seen.events.filter(event => event.endsWith(` ${id}`)).join() !== `+x ${id},-x ${id},+x ${id}`)
      faults.push(b.seen.events.join())
    return [...faults, ...mismatches(a, b)]
  })
})

t.test('what is told of an ended link ends no other one', async t => {
  underManyOrders(t, 100, (simulation, a, b) => {
    const z = impostor(simulation, b)
    for (const proxy of [a, b, z]) proxy.join('x')
    const [honest] = simulation.dial(a, b).links
    simulation.run(1000)
    // The impostor ends links of its own again and again, and tells so whenever it comes back.
    for (let i = 0; i < 12; i++) {
      simulation.dial(z, a)
      simulation.run(300)
      for (const link of z.open()) link.close(1001, 'test')
      simulation.run(100)
    }
    return [...mismatches(a, b), ...(honest.state === 'open' ? [] : ['the link of the true one has ended'])]
  })
})

t.test('more than 32 SAME on a link close it', async t => {
  const simulation = new Simulation(1)
  const a = simulation.proxy('a')
  const b = simulation.proxy('b')
  const {
    links: [dialling]
  } = simulation.dial(a, b)
  simulation.run(1000)
  for (let i = 0; i < 32; i++) dialling.write(0x22, simulation.proxies[0]!.primitives.randomBytes(32))
  simulation.run(1000)
  t.equal(dialling.state, 'open', 'tokens that match nothing are no error')
  dialling.write(0x22, new Uint8Array(32))
  simulation.run(1000)
  t.match(a.seen.endings, [{ code: 1008, by: 'remote' }])
})
