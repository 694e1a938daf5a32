// Whether the remote of a link is there: PING after silence, death after more, probes that strangers may cause.
import t from 'tap'
import { timings } from '../../../src/core/link/constants.ts'
import { Liveness } from '../../../src/core/link/liveness.ts'
import { seededRandom } from '../../support/random.ts'
import { SimulatedClock } from '../../support/simulation.ts'

/** A started liveness whose first PING is answered. */
function scene() {
  const clock = new SimulatedClock(seededRandom(1))
  const start = clock.now()
  const pings: { x: Uint8Array; at: number }[] = []
  const dead: number[] = []
  const liveness = new Liveness(clock, timings, () => 0.5, {
    ping: x => pings.push({ x, at: clock.now() - start }),
    dead: () => {
      dead.push(clock.now() - start)
      liveness.stop()
    }
  })
  liveness.start()
  return { liveness, pings, dead, wait: (ms: number) => clock.run(clock.now() + ms) }
}

t.test('silence is asked about after 15 s and is death after 45 s', async t => {
  const { pings, dead, wait } = scene()
  wait(44_999)
  t.strictSame(
    pings.map(({ at }) => at),
    [0, 15_000, 30_000]
  )
  t.strictSame(dead, [])
  wait(1)
  t.strictSame(dead, [45_000])
})

t.test('a remote that speaks is not asked', async t => {
  const { liveness, pings, dead, wait } = scene()
  for (let second = 0; second < 600; second += 5) {
    wait(5000)
    liveness.heard()
  }
  t.equal(pings.length, 1)
  t.strictSame(dead, [])
})

t.test('a probe ends in 5 s where nothing comes, and does nothing where something does', async t => {
  const answered = scene()
  answered.liveness.probe()
  answered.wait(100)
  answered.liveness.heard()
  answered.wait(10_000)
  t.strictSame(answered.dead, [])
  const silent = scene()
  silent.liveness.probe()
  silent.wait(10_000)
  t.strictSame(silent.dead, [5000])
})

t.test('reasons for a probe that come all the time neither put it off nor flood the remote', async t => {
  const { liveness, pings, dead, wait } = scene()
  for (let tenth = 0; tenth < 60 && dead.length === 0; tenth++) {
    liveness.probe()
    wait(100)
  }
  t.strictSame(dead, [5000])
  // A remote takes 10 a second: more would end the link.
  for (const { at } of pings) t.ok(pings.filter(other => other.at >= at && other.at < at + 1000).length <= 10)
})

t.test('a reason that comes during a probe is looked into after it', async t => {
  const { liveness, dead, wait } = scene()
  liveness.probe()
  wait(1000)
  liveness.heard()
  wait(1000)
  liveness.probe()
  wait(2999)
  t.strictSame(dead, [])
  wait(5001)
  t.strictSame(dead, [10_000])
})

t.test('barriers share a PING that went out after all of them, five in a second at most', async t => {
  const { liveness, pings, wait } = scene()
  const passed: number[] = []
  let asked = 0
  const ask = (count: number) => {
    for (let i = 0; i < count; i++) {
      const mine = asked++
      liveness.barrier(() => passed.push(mine))
    }
  }
  const answer = () => {
    for (const { x } of pings.splice(0)) liveness.pong(x)
  }
  pings.length = 0
  ask(1)
  ask(3)
  t.equal(pings.length, 1, 'the first goes out at once')
  answer()
  t.strictSame(passed, [0], 'those after it wait for one of their own')
  wait(200)
  t.equal(pings.length, 1)
  ask(1)
  answer()
  t.strictSame(passed, [0, 1, 2, 3])
  wait(200)
  answer()
  t.strictSame(passed, [0, 1, 2, 3, 4])
  wait(1000)
  t.equal(pings.length, 0, 'nobody waits: nothing is asked')
  for (let tenth = 0; tenth < 9; tenth++) {
    ask(2)
    wait(100)
  }
  t.equal(pings.length, 5)
  t.ok(passed.length === 5)
})
