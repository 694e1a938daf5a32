// Whom the dialler dials and when: the order of the ids, static peers, back-off, addresses, duplicates, claims.
import t from 'tap'
import { base32 } from '../../../src/core/bytes.ts'
import { Dialer, dialTimings, type DialOutcome, type DialRequest } from '../../../src/core/link/dialer.ts'
import { SimulatedClock } from '../../support/simulation.ts'
import { seededRandom } from '../../support/random.ts'

interface FakeLink {
  role: 'I' | 'R'
  session: { remoteId: Uint8Array }
}

const id = (fill: number) => new Uint8Array(16).fill(fill)
const remote = (fill: number, ...hosts: string[]) => ({
  id: base32(id(fill)),
  addresses: hosts.map(address => ({ address, port: 9010 }))
})

/** A dialler with the id 5…5 whose dials are recorded. */
function scene() {
  const clock = new SimulatedClock(seededRandom(1))
  const dials: { request: DialRequest; outcome: DialOutcome<FakeLink>; at: number }[] = []
  const start = clock.now()
  const dialer = new Dialer<FakeLink>(
    id(5),
    clock,
    dialTimings,
    () => 0.5,
    (request, outcome) => dials.push({ request, outcome, at: clock.now() - start })
  )
  return {
    dialer,
    dials,
    wait: (ms: number) => clock.run(clock.now() + ms),
    /** A dial comes to a link with the remote of that id. */
    open: (index: number, fill: number): FakeLink => {
      const link: FakeLink = { role: 'I', session: { remoteId: id(fill) } }
      dials[index]!.outcome.opened(link)
      dialer.linkOpened(link)
      return link
    },
    end: (index: number, link?: FakeLink) => {
      if (link !== undefined) dialer.linkEnded(link)
      dials[index]!.outcome.ended()
    },
    inbound: (fill: number): FakeLink => {
      const link: FakeLink = { role: 'R', session: { remoteId: id(fill) } }
      dialer.linkOpened(link)
      return link
    }
  }
}

t.test('the smaller id dials at once and by id, the larger after 3 s and without', async t => {
  const { dialer, dials, wait } = scene()
  dialer.found(remote(9, '10.0.0.9'))
  dialer.found(remote(1, '10.0.0.1'))
  wait(2900)
  t.match(dials, [{ request: { host: '10.0.0.9', port: 9010, dialledId: id(9) }, at: 0 }])
  t.equal(dials.length, 1)
  wait(200)
  t.match(dials[1], { request: { host: '10.0.0.1', dialledId: undefined }, at: 3000 })
})

t.test('a link from the smaller id makes a dial needless, one that merely claims an id does not', async t => {
  const { dialer, dials, wait, inbound } = scene()
  inbound(1)
  inbound(9)
  dialer.found(remote(1, '10.0.0.1'))
  dialer.found(remote(9, '10.0.0.9'))
  wait(10_000)
  t.strictSame(
    dials.map(({ request }) => request.host),
    ['10.0.0.9'],
    "the larger id never dials first, so that its link may be anybody's"
  )
})

t.test('when the link of the smaller id ends, we dial after its time', async t => {
  const { dialer, dials, wait, inbound } = scene()
  const link = inbound(1)
  dialer.found(remote(1, '10.0.0.1'))
  wait(10_000)
  dialer.linkEnded(link)
  wait(2900)
  t.equal(dials.length, 0)
  wait(200)
  t.equal(dials.length, 1)
})

t.test('failed dials back off from 1 s to 5 min, a steady link starts over', async t => {
  const steady = scene()
  steady.dialer.addPeer('printer.lan', 9010)
  steady.wait(1)
  const link = steady.open(0, 9)
  steady.wait(11_000)
  steady.end(0, link)
  steady.wait(1)
  t.equal(steady.dials.length, 2, 'at once')
  steady.end(1)
  steady.wait(990)
  t.equal(steady.dials.length, 2)
  steady.wait(20)
  t.equal(steady.dials.length, 3, 'after a second')
  steady.end(2)
  steady.wait(1990)
  t.equal(steady.dials.length, 3)
  steady.wait(20)
  t.equal(steady.dials.length, 4, 'after two')
  const short = steady.open(3, 9)
  steady.wait(100)
  steady.end(3, short)
  steady.wait(3500)
  t.equal(steady.dials.length, 4, 'a link that falls at once is a failed dial')
  t.match(steady.dials[0]!.request, { host: 'printer.lan', dialledId: undefined })
})

t.test('the back-off ends at five minutes', async t => {
  const { dialer, dials, wait, end } = scene()
  dialer.addPeer('a', 1)
  wait(1)
  for (let i = 0; i < 15; i++) {
    end(dials.length - 1)
    wait(300_000)
  }
  t.equal(dials.length, 16, 'never longer, with a jitter of one')
})

t.test('all addresses are tried before it counts as a failure', async t => {
  const { dialer, dials, wait, end } = scene()
  dialer.found(remote(9, '10.0.0.1', '10.0.0.2', 'fe80::9%eth0'))
  wait(1)
  end(0)
  end(1)
  t.strictSame(
    dials.map(({ request }) => request.host),
    ['10.0.0.1', '10.0.0.2', 'fe80::9%eth0']
  )
  end(2)
  wait(900)
  t.equal(dials.length, 3)
  dialer.found(remote(9, '10.0.0.7'))
  wait(200)
  t.equal(dials[3]!.request.host, '10.0.0.7', 'the addresses that are known by then')
})

t.test('an address that was not known before is dialled first, and soon', async t => {
  const { dialer, dials, wait, open, end } = scene()
  dialer.found(remote(9, '10.0.0.1'))
  wait(1)
  const link = open(0, 9)
  dialer.found(remote(9, '10.0.0.1', '10.0.0.2'))
  wait(100)
  t.equal(dials.length, 1, 'not while the link stands')
  end(0, link)
  t.match(dials[1], { request: { host: '10.0.0.2' }, at: 101 })
  end(1)
  t.equal(dials[2]?.request.host, '10.0.0.1', 'then the former one')
})

t.test('a new address shortens the back-off, but not to nothing: anybody can announce one at any time', async t => {
  const { dialer, dials, wait, end } = scene()
  dialer.found(remote(9, '10.0.0.1'))
  wait(1)
  for (let i = 0; i < 12; i++) {
    end(dials.length - 1)
    wait(300_000)
  }
  end(dials.length - 1)
  const before = dials.length
  dialer.found(remote(9, '10.0.0.1', '10.0.0.3'))
  wait(1900)
  t.equal(dials.length, before)
  dialer.found(remote(9, '10.0.0.1', '10.0.0.3', '10.0.0.4'))
  wait(200)
  t.equal(dials[before]?.request.host, '10.0.0.4', 'nor does a later one put it off')
})

t.test('an address that comes during a dial is dialled when that has failed', async t => {
  const { dialer, dials, wait, end } = scene()
  dialer.found(remote(9, '10.0.0.1', '10.0.0.2'))
  wait(1)
  dialer.found(remote(9, '10.0.0.1', '10.0.0.3'))
  end(0)
  t.strictSame(
    dials.map(({ request }) => request.host),
    ['10.0.0.1', '10.0.0.3']
  )
})

t.test('what is lost is not dialled again, and what stands stays', async t => {
  const { dialer, dials, wait, open, end } = scene()
  dialer.found(remote(9, '10.0.0.9'))
  dialer.found(remote(8, '10.0.0.8'))
  wait(1)
  const link = open(0, 9)
  dialer.lost(base32(id(9)))
  dialer.lost(base32(id(8)))
  wait(100_000)
  end(0, link)
  end(1)
  wait(100_000)
  t.equal(dials.length, 2)
})

t.test('the address of a duplicate is not dialled while the other link lives', async t => {
  const { dialer, dials, wait, open, end, inbound } = scene()
  dialer.addPeer('a', 1)
  wait(1)
  const duplicate = open(0, 9)
  const kept = inbound(9)
  dialer.duplicate(duplicate, kept)
  end(0, duplicate)
  wait(1_000_000)
  t.equal(dials.length, 1)
  dialer.linkEnded(kept)
  wait(2000)
  t.equal(dials.length, 2)
})

t.test('a discovered proxy that a static peer turned out to be is not dialled twice', async t => {
  const { dialer, dials, wait, open } = scene()
  dialer.addPeer('a', 1)
  wait(1)
  open(0, 9)
  dialer.found(remote(9, '10.0.0.9'))
  wait(10_000)
  t.equal(dials.length, 1)
})

t.test('nothing is dialled after the end', async t => {
  const { dialer, dials, wait, end } = scene()
  dialer.addPeer('a', 1)
  dialer.found(remote(9, '10.0.0.9'))
  wait(1)
  dialer.stop()
  end(0)
  end(1)
  wait(1_000_000)
  t.equal(dials.length, 2)
  dialer.found({ id: 'not an id', addresses: [] })
  t.equal(dials.length, 2)
})
