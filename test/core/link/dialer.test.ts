// Whom the dialler dials and when: the order of the ids, static peers, back-off, addresses, duplicates, claims.
import t from 'tap'
import { base32 } from '../../../src/core/bytes.ts'
import { Dialer, dialTimings, type DialOutcome, type DialRequest } from '../../../src/core/link/session/dialer.ts'
import { SimulatedClock } from '../../support/simulation.ts'
import { seededRandom } from '../../support/random.ts'

const id = (fill: number) => new Uint8Array(16).fill(fill)
const remote = (fill: number, ...hosts: string[]) => ({
  id: base32(id(fill)),
  addresses: hosts.map(address => ({ address, port: 9010 }))
})

/** A dialler with the id 5…5 whose dials are recorded. */
function scene() {
  const clock = new SimulatedClock(seededRandom(1))
  const dials: { request: DialRequest; outcome: DialOutcome; at: number }[] = []
  const lost: string[] = []
  const start = clock.now()
  const dialer = new Dialer({
    ownId: id(5),
    clock,
    timings: dialTimings,
    random: () => 0.5,
    lost: remoteId => lost.push(base32(remoteId)),
    dial: (request, outcome) => dials.push({ request, outcome, at: clock.now() - start })
  })
  return {
    dialer,
    dials,
    lost,
    wait: (ms: number) => clock.run(clock.now() + ms),
    /** A dial comes to a link with the remote of that id. */
    open: (index: number, fill: number): void => {
      dials[index]!.outcome.opened(id(fill))
      dialer.linked(id(fill))
    },
    /** A dial or its link ends, and with it a session that it was all of. */
    end: (index: number, fill?: number) => {
      if (fill !== undefined) dialer.over(id(fill))
      dials[index]!.outcome.ended(false)
    }
  }
}

t.test('the smaller id dials at once, the larger after 3 s', async t => {
  const { dialer, dials, wait } = scene()
  dialer.found(remote(9, '10.0.0.9'))
  dialer.found(remote(1, '10.0.0.1'))
  wait(2900)
  t.match(dials, [{ request: { host: '10.0.0.9', port: 9010, dialledId: id(9) }, at: 0 }])
  t.equal(dials.length, 1)
  wait(200)
  t.match(dials[1], { request: { host: '10.0.0.1', dialledId: id(1) }, at: 3000 })
})

t.test('an id with an open link is not dialled', async t => {
  const { dialer, dials, wait } = scene()
  dialer.linked(id(1))
  dialer.linked(id(9))
  dialer.found(remote(1, '10.0.0.1'))
  dialer.found(remote(9, '10.0.0.9'))
  wait(100_000)
  t.equal(dials.length, 0)
  dialer.over(id(1))
  wait(2900)
  t.equal(dials.length, 0, 'the smaller id has its time')
  wait(200)
  t.equal(dials.length, 1)
})

t.test('a session that waits is dialled at once where its last link led, by either end', async t => {
  for (const fill of [1, 9]) {
    const { dialer, dials, wait } = scene()
    dialer.linked(id(fill))
    dialer.resume(id(fill), { host: '10.0.0.7', port: 7000 })
    t.match(dials, [{ request: { host: '10.0.0.7', port: 7000, dialledId: undefined }, at: 0 }])
    wait(1)
    dials[0]!.outcome.ended(false)
    for (let i = 1; i < 10; i++) {
      wait(1300)
      t.equal(dials.length, i + 1, 'about every second')
      dials[i]!.outcome.ended(false)
    }
    dialer.over(id(fill))
    wait(1_000_000)
    t.equal(dials.length, 10, 'nothing is dialled for what is neither discovered nor waited for')
  }
})

t.test(
  'a refusal by the endpoint of the last link says that the process is gone, one by another says nothing',
  async t => {
    const { dialer, dials, lost, wait } = scene()
    dialer.found(remote(9, '10.0.0.9'))
    wait(1)
    dials[0]!.outcome.opened(id(9))
    dialer.linked(id(9))
    wait(20_000)
    dialer.resume(id(9), { host: '10.0.0.7', port: 7000 })
    dials[0]!.outcome.ended(false)
    t.equal(dials[1]!.request.host, '10.0.0.7')
    dialer.found(remote(9, '10.0.0.66'))
    dials[1]!.outcome.ended(false)
    t.equal(dials[2]!.request.host, '10.0.0.66', 'what was discovered meanwhile')
    dials[2]!.outcome.ended(true)
    t.strictSame(lost, [])
    t.equal(dials[3]!.request.host, '10.0.0.7')
    dials[3]!.outcome.ended(true)
    t.strictSame(lost, [base32(id(9))])
  }
)

t.test('another proxy at the endpoint of the last link says the same', async t => {
  const { dialer, dials, lost } = scene()
  dialer.linked(id(9))
  dialer.resume(id(9), { host: '10.0.0.7', port: 7000 })
  dials[0]!.outcome.opened(id(8))
  t.strictSame(lost, [base32(id(9))])
})

t.test('while its session waits, a static peer is dialled once', async t => {
  const { dialer, dials, wait, open } = scene()
  dialer.addPeer('10.0.0.7', 7000)
  wait(1)
  open(0, 9)
  wait(20_000)
  dialer.resume(id(9), { host: '10.0.0.7', port: 7000 })
  dials[0]!.outcome.ended(false)
  wait(500)
  t.equal(dials.length, 2)
  open(1, 9)
  dials[1]!.outcome.ended(false)
  dialer.over(id(9))
  wait(5000)
  t.equal(dials.length, 3, 'again as a static peer, when the session is over')
})

t.test('failed dials back off from 1 s to 5 min, a steady link starts over', async t => {
  const steady = scene()
  steady.dialer.addPeer('printer.lan', 9010)
  steady.wait(1)
  steady.open(0, 9)
  steady.wait(11_000)
  steady.end(0, 9)
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
  steady.open(3, 9)
  steady.wait(100)
  steady.end(3, 9)
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
  open(0, 9)
  dialer.found(remote(9, '10.0.0.1', '10.0.0.2'))
  wait(100)
  t.equal(dials.length, 1, 'not while the link stands')
  end(0, 9)
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
  open(0, 9)
  dialer.lost(base32(id(9)))
  dialer.lost(base32(id(8)))
  wait(100_000)
  end(0, 9)
  end(1)
  wait(100_000)
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
