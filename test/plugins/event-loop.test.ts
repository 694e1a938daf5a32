// The monitor of the event loop: two readers, and neither takes anything from the other.
import t from 'tap'
import { createMonitor } from '../../src/plugins/event-loop.ts'

/** A histogram that holds `count` samples of one length. */
function fakeHistogram() {
  return {
    count: 0,
    mean: Number.NaN,
    max: 0,
    enable: () => true,
    disable: () => true,
    percentile: (percentile: number) => percentile * 1e6,
    reset() {
      this.count = 0
      this.mean = Number.NaN
    }
  }
}

t.test('a request for metrics hides no delay from readiness', async t => {
  const histogram = fakeHistogram()
  const monitor = createMonitor(histogram)
  Object.assign(histogram, { count: 2, mean: 620e6, max: 1220e6 })
  const shown = Object.values(monitor.read()).map(seconds => Math.round(seconds * 1000))
  t.strictSame(shown, [600, 30, 79, 1200], 'mean, median, 99 % and longest, without the resolution of 20 ms')
  Object.assign(histogram, { count: 1, mean: 20e6 })
  monitor.look()
  t.equal(Math.round(monitor.recentMs), 400, 'three samples')
  Object.assign(histogram, { count: 4, mean: 20e6 })
  monitor.look()
  t.equal(Math.round(monitor.recentMs), 0, 'only the last second counts')
})

t.test('nothing is measured at first', async t => {
  const monitor = createMonitor(fakeHistogram())
  monitor.look()
  t.equal(monitor.recentMs, 0)
  t.strictSame(monitor.read(), { mean: 0, p50: 0, p99: 0, max: 0 })
})
