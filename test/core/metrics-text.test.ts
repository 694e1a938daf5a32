// Metrics of several processes in one text.
import t from 'tap'
import { mergeMetrics } from '../../src/core/metrics-text.ts'

t.test('each metric is described once, and each sample names its process', async t => {
  const first =
    '# HELP a One.\n# TYPE a gauge\na 1\n\n# HELP b Two.\n# TYPE b counter\nb{kind="x y"} 2\nb{kind="z"} 3\n'
  const second = '# HELP b Two.\n# TYPE b counter\nb{kind="z"} 4\n\n# HELP c Three.\n# TYPE c gauge\nc NaN\n'
  t.equal(
    mergeMetrics(
      'worker',
      new Map([
        ['0', first],
        ['1', second]
      ])
    ),
    [
      '# HELP a One.',
      '# TYPE a gauge',
      'a{worker="0"} 1',
      '',
      '# HELP b Two.',
      '# TYPE b counter',
      'b{worker="0",kind="x y"} 2',
      'b{worker="0",kind="z"} 3',
      'b{worker="1",kind="z"} 4',
      '',
      '# HELP c Three.',
      '# TYPE c gauge',
      'c{worker="1"} NaN',
      ''
    ].join('\n')
  )
})
