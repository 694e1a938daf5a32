// The frames that a client may have missed: which are kept, and which are sent again.
import t from 'tap'
import { ReplayLog } from '../../../src/core/hub/replay-log.ts'
import { bytesFrame, BINARY, textFrame } from '../../../src/core/websocket-frame.ts'

const frames = (...texts: string[]): Buffer => Buffer.concat(texts.map(textFrame))

t.test('the frames after a number are sent again, also from the middle of a write', async t => {
  const log = new ReplayLog(1000)
  log.keep(frames('one', 'two', 'three'), 3)
  log.keep(frames('four'), 1)
  t.equal(log.last, 4)
  t.ok(log.since(1).equals(frames('two', 'three', 'four')))
  t.ok(log.since(2).equals(frames('three', 'four')))
  t.ok(log.since(3).equals(frames('four')))
  t.ok(log.since(4).equals(Buffer.alloc(0)))
})

t.test('frames of every length are told apart', async t => {
  const log = new ReplayLog(10_000_000)
  const long = [10, 200, 70_000].map(length => bytesFrame(BINARY, Buffer.alloc(length, length & 255)))
  log.keep(Buffer.concat([...long, textFrame('end')]), 4)
  t.ok(log.since(3).equals(textFrame('end')))
})

t.test('what the client has is given up', async t => {
  const log = new ReplayLog(1000)
  for (let i = 0; i < 10; i++) log.keep(textFrame(String(i)), 1)
  log.acknowledge(6)
  t.notOk(log.covers(5))
  t.ok(log.covers(6))
  t.ok(log.since(8).equals(frames('8', '9')))
  t.notOk(log.covers(11), 'a number of the future')
})

t.test('the oldest frames are given up if there are too many bytes', async t => {
  const log = new ReplayLog(100)
  for (let i = 0; i < 100; i++) log.keep(textFrame('0123456789'), 1)
  t.notOk(log.covers(50))
  t.ok(log.covers(95))
  t.equal(log.since(98).length, 24)
})
