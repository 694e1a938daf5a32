// The memory of messages that have begun on links and not ended: it has a limit over all links, and is given back.
import t from 'tap'
import { MAX_DATA_BYTES, MAX_UNFINISHED_BYTES } from '../../../src/core/link/constants.ts'
import { dataFlag, Reassembler, type UnfinishedTotal } from '../../../src/core/link/wire/fragments.ts'
import { SimulatedClock } from '../../support/simulation.ts'

const FRAGMENT = new Uint8Array(MAX_DATA_BYTES)

const reassembler = (total: UnfinishedTotal) =>
  new Reassembler({ clock: new SimulatedClock(() => 0), unfinishedMs: 1, total, late: () => {} })

t.test('all links together keep at most MAX_UNFINISHED_BYTES of unfinished messages', async t => {
  const total = { bytes: 0 }
  const links = Array.from({ length: 2 * Math.ceil(MAX_UNFINISHED_BYTES / MAX_DATA_BYTES) }, () => reassembler(total))
  const refused = links.findIndex(link => !link.take('a', dataFlag.first, FRAGMENT).ok)
  t.equal(
    refused,
    Math.floor(MAX_UNFINISHED_BYTES / MAX_DATA_BYTES),
    'the first fragment above the limit ends its link'
  )
  for (const link of links) link.clear()
  t.equal(total.bytes, 0)
})

t.test('a message that ends or is forgotten gives its bytes back', async t => {
  const total = { bytes: 0 }
  const taker = reassembler(total)
  for (const key of ['a', 'b']) {
    t.ok(taker.take(key, dataFlag.first, FRAGMENT).ok)
    t.ok(taker.take(key, 0, FRAGMENT).ok)
  }
  t.ok(total.bytes >= 4 * FRAGMENT.length)
  const whole = taker.take('a', dataFlag.last, FRAGMENT)
  t.equal(whole.ok && whole.value?.length, 3 * FRAGMENT.length)
  t.ok(total.bytes < 3 * FRAGMENT.length, 'the message that has ended')
  taker.forget('b')
  t.equal(total.bytes, 0)
})
