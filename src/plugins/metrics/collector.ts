// Gives the rows of metrics to Prometheus' client.
import type { FastifyInstance } from 'fastify'
import { metrics, type Metric, type Totals } from './rows.ts'

/** Upper bounds of the histogram, in seconds. */
const BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

/** The metrics of one app, as a text and its media type. */
export type Collector = () => Promise<{ type: string; text: string }>

/** Builds the metrics of an app, and begins to measure turns. @param past what closed channels have counted */
export async function createCollector(app: FastifyInstance, past: Totals): Promise<Collector> {
  // Loaded at the first request: most proxies never get one, and loading costs some milliseconds.
  const { default: prometheus } = await import('prom-client')
  const registry = new prometheus.Registry()

  function add({ name, help, labels = [], read }: Metric): void {
    const common = { name, help, registers: [registry] }
    if (read === undefined) {
      const histogram = new prometheus.Histogram({ ...common, buckets: BUCKETS })
      app.channelRegistry.watchTurns(ms => histogram.observe(ms / 1000))
      return
    }
    const made = new prometheus[name.endsWith('_total') ? 'Counter' : 'Gauge']({
      ...common,
      labelNames: labels,
      collect() {
        made.reset()
        const samples = read(app, past)
        if (typeof samples === 'number') made.inc(samples)
        else for (const [value, of = {}] of samples) made.inc(of, value)
      }
    })
  }

  const has = { cluster: app.cluster !== undefined, rendezvous: app.rendezvous.isOn }
  for (const metric of metrics) if (metric.needs === undefined || has[metric.needs]) add(metric)
  return async () => ({ type: registry.contentType, text: await registry.metrics() })
}
