// Long computations in slices: everybody has a turn, nobody computes longer than a slice, failures and cancels are clean.
import t from 'tap'
import { SliceRunner } from '../../../src/core/link/budget/slice-runner.ts'

/** A runner whose time passes by one millisecond per piece. */
function scene(sliceMs: number) {
  let now = 0
  const turns: (() => void)[] = []
  const runner = new SliceRunner({ now: () => now, after: () => () => {} }, sliceMs, run => turns.push(run))
  const log: string[] = []
  function* work(label: string, pieces: number) {
    for (let i = 0; i < pieces; i++) {
      now += 1
      log.push(label)
      yield
    }
    return label
  }
  return { runner, work, log, turns, turn: () => turns.shift()?.() }
}

t.test('nothing runs before the next turn, and a slice ends in time', async t => {
  const { runner, work, log, turn, turns } = scene(4)
  const done: string[] = []
  runner.run(
    work('a', 10),
    label => done.push(label),
    () => t.fail('failed')
  )
  t.strictSame(log, [])
  turn()
  t.equal(log.length, 4)
  turn()
  turn()
  t.strictSame(done, ['a'])
  t.equal(turns.length, 0, 'it rests when nothing is to do')
  t.equal(runner.longestMs, 4)
})

t.test('several computations share the slices', async t => {
  const { runner, work, log, turn } = scene(4)
  const done: string[] = []
  for (const label of ['a', 'b'])
    runner.run(
      work(label, 4),
      value => done.push(value),
      () => t.fail('failed')
    )
  turn()
  t.strictSame(log, ['a', 'a', 'b', 'b'])
  turn()
  turn()
  t.strictSame(done.toSorted(), ['a', 'b'])
})

t.test('a cancelled computation ends at once, a failed one tells', async t => {
  const { runner, work, log, turn } = scene(2)
  const cancel = runner.run(
    work('a', 10),
    () => t.fail('done'),
    () => t.fail('failed')
  )
  turn()
  cancel()
  const failures: unknown[] = []
  runner.run(
    (function* () {
      yield
      throw new Error('broken')
    })(),
    () => t.fail('done'),
    error => failures.push(error)
  )
  const done: string[] = []
  runner.run(
    work('b', 1),
    value => done.push(value),
    () => t.fail('failed')
  )
  for (let i = 0; i < 5; i++) turn()
  t.equal(log.filter(label => label === 'a').length, 2)
  t.match(failures, [{ message: 'broken' }])
  t.strictSame(done, ['b'])
})

t.test('what is started by the end of another has its turn', async t => {
  const { runner, work, turn } = scene(3)
  const done: string[] = []
  runner.run(
    work('a', 1),
    () =>
      runner.run(
        work('b', 1),
        value => done.push(value),
        () => {}
      ),
    () => {}
  )
  turn()
  turn()
  turn()
  t.strictSame(done, ['b'])
})

t.test('what the end of a computation throws is told, too, and the others go on', async t => {
  const { runner, work, turn } = scene(3)
  const failures: unknown[] = []
  runner.run(
    work('a', 1),
    () => {
      throw new Error('broken')
    },
    error => failures.push(error)
  )
  const done: string[] = []
  runner.run(
    work('b', 1),
    value => done.push(value),
    () => t.fail('failed')
  )
  for (let i = 0; i < 3; i++) turn()
  t.match(failures, [{ message: 'broken' }])
  t.strictSame(done, ['b'])
})
