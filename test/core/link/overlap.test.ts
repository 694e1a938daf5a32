// PROTOCOL §5.7.3: what a peer says while it is joined on two links counts once and in order, also where a message has
// overtaken one that only the older link carries.
import t from 'tap'
import type { Test } from 'tap'
import type { PeerMessage } from '../../../src/core/link/channel-message.ts'
import { MAX_OVERLAP_BYTES, Overlap } from '../../../src/core/link/overlap.ts'

const message = (seq: number, payload: Uint8Array = Uint8Array.of(seq)): PeerMessage => ({ type: 'broadcast', source: 'ann', target: undefined, seq, binary: true, payload })

/** An overlap of `old`, which has brought 3, and `new`. */
function scene (links = new Set(['old', 'new'])) {
  const late: number[] = []
  let wait: (() => void) | undefined
  const overlap = new Overlap<string>({
    late: ({ seq }) => { late.push(seq) },
    afterWait: run => {
      wait = run
      return () => { wait = undefined }
    }
  }, links, 'old', 3)
  return { overlap, links, late, runOut: () => wait?.(), waits: () => wait !== undefined, take: (link: string, seq: number) => overlap.accepts(link, message(seq)) }
}

/** Runs a story: each step is a link, a number and what becomes of it. */
function story (t: Test, steps: readonly (readonly [link: string, seq: number, counts: boolean | 'later', late?: readonly number[]])[]): void {
  const { take, late } = scene()
  for (const [link, seq, counts, released = []] of steps) {
    late.length = 0
    t.equal(take(link, seq), counts, `${seq} on the ${link} link`)
    t.strictSame(late, released, 'and what has waited')
  }
}

t.test('in step, nothing waits', async t => story(t, [['new', 4, true], ['old', 4, false], ['old', 5, true], ['new', 5, false]]))

t.test('what was overtaken comes first', async t => story(t, [
  ['new', 6, 'later'], ['new', 7, 'later'], ['old', 4, true], ['old', 5, true], ['old', 6, false, [6, 7]], ['old', 7, false], ['new', 8, true], ['old', 8, false]
]))

t.test('numbers that were not for us are waited for no longer than the other link needs to pass them', async t => story(t, [
  ['new', 9, 'later'], ['old', 9, false, [9]], ['new', 12, true], ['old', 12, false], ['old', 20, true]
]))

t.test('the older link may be ahead of what waits', async t => story(t, [['new', 6, 'later'], ['old', 8, true, [6]]]))

t.test('a link that goes is waited for no longer', async t => {
  const { overlap, links, late, take, waits } = scene()
  take('new', 6)
  links.delete('old')
  overlap.left('old')
  t.strictSame(late, [6])
  t.notOk(waits())
})

t.test('nor is one that brings nothing', async t => {
  const { late, take, runOut } = scene()
  take('new', 6)
  take('new', 7)
  runOut()
  t.strictSame(late, [6, 7])
  t.equal(take('new', 8), true)
  t.equal(take('old', 4), false, 'too late')
})

t.test('of three links all must have brought it', async t => {
  const { late, take } = scene(new Set(['old', 'older', 'new']))
  take('new', 6)
  t.equal(take('old', 6), false)
  t.strictSame(late, [])
  t.equal(take('older', 5), true)
  t.equal(take('older', 6), false)
  t.strictSame(late, [6])
})

t.test('what waits is a copy, and bounded', async t => {
  const taken: number[] = []
  const overlap = new Overlap<string>({ late: ({ payload }) => { taken.push(payload[0]!) }, afterWait: () => () => {} }, new Set(['old', 'new']), 'old', 3)
  const record = Uint8Array.of(1)
  overlap.accepts('new', message(6, record))
  record[0] = 2
  overlap.accepts('new', message(7, new Uint8Array(MAX_OVERLAP_BYTES)))
  t.strictSame(taken, [1, 0])
})
