// The table of metrics, from their rows.
import { metrics } from '../../src/plugins/metrics/rows.ts'
import { cell, code, table } from './markdown.ts'

const NEEDS = { cluster: 'NWS_CLUSTER_URL', rendezvous: 'NWS_BV' }

/** The blocks of this file. */
export function metricBlocks(): Record<string, string> {
  return {
    metrics: table(
      ['metric', 'labels', 'meaning'],
      metrics.map(({ name, labels = [], help, needs }) => [
        code(name),
        labels.map(code).join(', ') || '–',
        `${cell(help)}${needs === undefined ? '' : ` Only with ${code(NEEDS[needs])}.`}`
      ])
    )
  }
}
