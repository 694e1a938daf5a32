// docs/protocol/link.md §5.7.3: what a peer says while it is joined on two links counts once and in order, also where a message has
// overtaken one that only the older link carries.
import t, { type Test } from 'tap'
import type { PeerMessage } from '../../../src/core/link/channel-message.ts'
import {
  MAX_OVERLAP_BYTES,
  MAX_OVERLAPS_BYTES,
  Overlap,
  OVERLAP_MESSAGE_BYTES
} from '../../../src/core/link/overlap.ts'

const message = (seq: number, payload: Uint8Array = Uint8Array.of(seq)): PeerMessage => ({
  type: 'broadcast',
  source: 'ann',
  target: undefined,
  seq,
  binary: true,
  payload
})

/** An overlap of `old`, which has brought 3, and `new`. */
function scene(links = new Set(['old', 'new'])) {
  /** Numbers in the order in which they counted, and where messages may be missing. */
  const taken: (number | 'broken')[] = []
  let wait: (() => void) | undefined
  const waiting = { bytes: 0 }
  const overlap = new Overlap<string>(
    {
      late: ({ seq }) => {
        taken.push(seq)
      },
      afterWait: run => {
        wait = run
        return () => {
          wait = undefined
        }
      },
      waiting
    },
    () => taken.push('broken'),
    links,
    'old',
    3,
    false
  )
  /** What counts now that a link has brought a number. */
  const take = (link: string, seq: number) => {
    const before = taken.length
    if (overlap.accepts(link, message(seq)) === true) taken.push(seq)
    return taken.slice(before)
  }
  const lose = (link: string, failed: boolean) => {
    const before = taken.length
    links.delete(link)
    overlap.left(link, failed)
    return taken.slice(before)
  }
  return { overlap, taken, take, lose, waiting, runOut: () => wait?.(), waits: () => wait !== undefined }
}

/** Runs a story: each step is a link, the number that it brings, and those that count then. */
function story(
  t: Test,
  steps: readonly (readonly [link: string, seq: number, taken: readonly (number | 'broken')[]])[],
  links?: Set<string>
): void {
  const { take, waits } = scene(links)
  for (const [link, seq, taken] of steps) t.strictSame(take(link, seq), taken, `${seq} on the ${link} link`)
  t.notOk(waits(), 'nothing waits any more')
}

t.test('in step, nothing waits', async t =>
  story(t, [
    ['new', 4, [4]],
    ['old', 4, []],
    ['old', 5, [5]],
    ['new', 5, []]
  ])
)

t.test('what was overtaken comes first', async t =>
  story(t, [
    ['new', 6, []],
    ['new', 7, []],
    ['old', 4, [4]],
    ['old', 5, [5, 6, 7]],
    ['old', 6, []],
    ['old', 7, []],
    ['new', 8, [8]],
    ['old', 8, []]
  ])
)

t.test('numbers that were not for us are waited for no longer than the other link needs to pass them', async t =>
  story(t, [
    ['new', 9, []],
    ['old', 9, [9]],
    ['new', 12, [12]],
    ['old', 12, []],
    ['old', 20, [20]]
  ])
)

t.test('the older link may be ahead of what waits', async t =>
  story(t, [
    ['new', 6, []],
    ['old', 8, [6, 8]]
  ])
)

t.test('of three links each may bring what the others have not', async t =>
  story(
    t,
    [
      ['new', 6, []],
      ['newest', 9, []],
      ['newest', 10, []],
      ['old', 6, [6]],
      ['newest', 11, []],
      ['new', 7, [7]],
      ['old', 8, [8, 9, 10, 11]],
      ['new', 8, []],
      ['new', 12, [12]]
    ],
    new Set(['old', 'new', 'newest'])
  )
)

t.test('what is for nobody here may be between any two', async t =>
  story(
    t,
    [
      ['new', 6, []],
      ['newest', 9, []],
      ['old', 5, [5, 6]],
      ['new', 9, [9]],
      ['old', 9, []]
    ],
    new Set(['old', 'new', 'newest'])
  )
)

/** What becomes of a link, and whether it has failed. */
for (const [what, failed] of [
  ['ends in order', false],
  ['fails', true]
] as const) {
  const lost = failed ? ['broken' as const] : []

  t.test(`a link that ${what} is waited for no longer`, async t => {
    const { overlap, take, lose, waits } = scene()
    take('new', 6)
    t.strictSame(lose('old', failed), [...lost, 6])
    t.notOk(waits())
    t.ok(overlap.idle)
  })

  t.test(`numbers that are skipped after a link ${what}`, async t => {
    const { overlap, take, lose } = scene()
    t.strictSame(lose('old', failed), [])
    t.equal(overlap.idle, !failed)
    t.strictSame(take('new', 6), [...lost, 6])
    t.ok(overlap.idle)
    t.strictSame(take('new', 9), [9], 'it is in step now')
  })

  t.test(`numbers that go on after a link ${what}`, async t => {
    const { overlap, take, lose } = scene()
    lose('old', failed)
    t.strictSame(take('new', 3), [])
    t.strictSame(take('new', 4), [4], 'nothing was lost')
    t.ok(overlap.idle)
  })

  t.test(`a link that ${what} after another was in step with it`, async t => {
    const { overlap, take, lose } = scene()
    take('new', 4)
    lose('old', failed)
    t.ok(overlap.idle)
    t.strictSame(take('new', 9), [9])
  })

  t.test(`what has overtaken: its link ${what}, the older one carries on`, async t => {
    const { taken, take, lose } = scene()
    take('new', 6)
    lose('new', failed)
    for (const seq of [4, 5, 6, 7]) take('old', seq)
    t.strictSame(taken, [4, 5, 6, 7])
  })

  t.test(
    `two links: what one has brought before it ${what} does not close what is missing before the other`,
    async t => {
      const { taken, take, lose } = scene(new Set(['old', 'new', 'newest']))
      take('new', 6)
      take('newest', 9)
      lose('old', failed)
      lose('new', failed)
      t.strictSame(taken, [...lost, 6, ...lost, 9])
    }
  )
}

t.test('a link that brings nothing is not waited for for ever', async t => {
  const { taken, take, runOut } = scene()
  take('new', 6)
  take('new', 7)
  runOut()
  t.strictSame(taken, ['broken', 6, 7])
  t.strictSame(take('new', 8), [8])
  t.strictSame(take('old', 4), [], 'too late')
})

t.test('what waits is a copy, and bounded', async t => {
  const taken: number[] = []
  const overlap = new Overlap<string>(
    {
      late: ({ payload }) => {
        taken.push(payload[0]!)
      },
      afterWait: () => () => {},
      waiting: { bytes: 0 }
    },
    () => taken.push(9),
    new Set(['old', 'new']),
    'old',
    3,
    false
  )
  const record = Uint8Array.of(1)
  overlap.accepts('new', message(6, record))
  record[0] = 2
  overlap.accepts('new', message(7, new Uint8Array(MAX_OVERLAP_BYTES)))
  t.strictSame(taken, [9, 1, 0], 'what is given up for it may be missing')
  t.ok(overlap.idle)
})

t.test('empty messages are as few as if they were large', async t => {
  const { taken, take, waits } = scene()
  const most = MAX_OVERLAP_BYTES / OVERLAP_MESSAGE_BYTES
  let seq = 10
  while (taken.length === 0 && seq < 10 + 2 * most) take('new', seq++)
  t.ok(seq - 10 <= most, `${seq - 10} have waited`)
  t.strictSame(
    [taken[0], taken.length],
    ['broken', 1 + seq - 10],
    'then all count, and that some may be missing is told once'
  )
  t.notOk(waits())
})

t.test('all overlaps share a bound, and give back what they took', async t => {
  const { overlap, taken, take, waiting } = scene()
  take('new', 6)
  t.equal(waiting.bytes, OVERLAP_MESSAGE_BYTES + 1)
  take('old', 6)
  t.equal(waiting.bytes, 0)
  const other = scene()
  other.take('new', 6)
  other.overlap.end()
  t.equal(other.waiting.bytes, 0)
  waiting.bytes = MAX_OVERLAPS_BYTES // Of others.
  const third = new Overlap<string>(
    {
      late: ({ seq }) => {
        taken.push(seq)
      },
      afterWait: () => () => {},
      waiting
    },
    () => taken.push('broken'),
    new Set(['a', 'b']),
    'a',
    3,
    false
  )
  taken.length = 0
  t.equal(third.accepts('b', message(9)), 'later')
  t.strictSame(taken, ['broken', 9])
  t.equal(waiting.bytes, MAX_OVERLAPS_BYTES)
  t.ok(overlap.idle)
})
