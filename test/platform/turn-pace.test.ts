// A rush of requests, in turns that the test ends.
import t from 'tap'
import { TurnPace } from '../../src/platform/turn-pace.ts'

t.test('a rush of requests begins over several turns, in order', async t => {
  const turns: (() => void)[] = []
  const pace = new TurnPace(run => turns.push(run))
  const begun: number[] = []
  for (let i = 0; i < 50; i++) pace.admit(() => begun.push(i))
  const inFirst = begun.length
  t.ok(inFirst > 0 && inFirst <= 20, `${inFirst} begin at once`)
  let most = inFirst
  while (turns.length > 0) {
    const before = begun.length
    turns.shift()!()
    pace.admit(() => {})
    most = Math.max(most, begun.length - before)
    if (begun.length === 50) break
  }
  t.equal(most, inFirst, 'no turn begins more')
  t.strictSame(
    begun,
    Array.from({ length: 50 }, (_, i) => i)
  )
})

t.test('a request alone begins at once, in each turn', async t => {
  const turns: (() => void)[] = []
  const pace = new TurnPace(run => turns.push(run))
  for (let turn = 0; turn < 40; turn++) {
    let isBegun = false
    pace.admit(() => {
      isBegun = true
    })
    t.ok(isBegun)
    t.equal(turns.length, 1)
    turns.shift()!()
  }
  t.equal(turns.length, 0, 'and nothing is left to do')
})
