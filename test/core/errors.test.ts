// The catalogue of errors.
import t from 'tap'
import { catalogue, type ErrorDefinition } from '../../src/core/errors.ts'

t.test('close codes keep their ranges', async t => {
  for (const [code, { close }] of Object.entries<ErrorDefinition>(catalogue)) {
    if (close === undefined) continue
    t.ok([1000, 1001, 1002, 1007, 1008, 1009, 1011, 1013].includes(close) || (close >= 4000 && close <= 4999), code)
  }
})
