// Whether the remote of a link is there: PING after silence, death after more, probes that strangers may cause.
import t from 'tap'
import { timings } from '../../../src/core/link/constants.ts'
import { Liveness } from '../../../src/core/link/session/liveness.ts'
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
  t.equal(pings.length, 1, 'the first PING has no answer yet')
})

t.test('at most one PING that asks for an ACK is unanswered, and five go out in a second', async t => {
  const { liveness, pings, wait } = scene()
  const answer = () => {
    for (const { x } of pings.splice(0)) liveness.pong(x)
  }
  answer()
  for (let i = 0; i < 5; i++) liveness.ask()
  t.equal(pings.length, 1, 'the first goes out at once')
  wait(3000)
  t.equal(pings.length, 1, 'nothing more before its answer, however long the network stalls')
  answer()
  t.equal(pings.length, 1, 'then one for all that have asked meanwhile')
  answer()
  wait(1000)
  t.equal(pings.length, 0)
  let sent = 0
  for (let hundredth = 0; hundredth < 100; hundredth++) {
    liveness.ask()
    sent += pings.length
    answer()
    wait(10)
  }
  t.equal(sent, 5)
})
