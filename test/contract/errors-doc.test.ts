// docs/ERRORS.md and the catalogue say the same, both ways.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { catalogue, type ErrorDefinition } from '../../src/core/errors.ts'

const text = readFileSync(new URL('../../docs/ERRORS.md', import.meta.url), 'utf8')
const rows = new Map(
  [...text.matchAll(/^\| `(NWS_ERR_\w+)` \| (\d+) \| (\d*) \| (.*) \|$/gm)].map(([, code, status, close, message]) => [
    code!,
    { status, close, message }
  ])
)

t.test('every error of the catalogue has its row, and every row its error', async t => {
  for (const [code, definition] of Object.entries<ErrorDefinition>(catalogue)) {
    t.strictSame(
      rows.get(code),
      {
        status: String(definition.status),
        close: String(definition.close ?? ''),
        message: definition.message.replaceAll('|', '\\|')
      },
      code
    )
  }
  for (const code of rows.keys()) t.ok(Object.hasOwn(catalogue, code), `${code} exists`)
})

t.test('close codes keep their ranges', async t => {
  for (const [code, { close }] of Object.entries<ErrorDefinition>(catalogue)) {
    if (close === undefined) continue
    t.ok([1000, 1001, 1002, 1007, 1008, 1009, 1011, 1013].includes(close) || (close >= 4000 && close <= 4999), code)
  }
})
