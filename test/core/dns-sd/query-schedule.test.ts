// When the network is asked. Only times.
import t from 'tap'
import { QuerySchedule } from '../../../src/core/dns-sd/query-schedule.ts'

t.test('questions come soon, then rarely, and soon again after a restart', async t => {
  const schedule = new QuerySchedule(1000, () => 0)
  t.equal(schedule.next, 1020)
  t.equal(new QuerySchedule(1000, () => 0.999999).next > 1119, true, 'at most 120 ms')
  const times: number[] = []
  for (let count = 0; count < 7; count++) {
    times.push(schedule.next - 1020)
    schedule.asked(schedule.next)
  }
  t.strictSame(times, [0, 1000, 4000, 13_000, 40_000, 100_000, 160_000])
  schedule.restart(500_000)
  t.equal(schedule.next, 500_020)
  schedule.asked(500_020)
  t.equal(schedule.next, 501_020)
})

t.test('proxies that met at one moment drift apart', async t => {
  const schedule = new QuerySchedule(0, () => 0.5)
  schedule.asked(100)
  t.equal(schedule.next, 1110)
})
