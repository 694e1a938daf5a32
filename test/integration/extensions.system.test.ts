// Extensions of the real process.
import { join } from 'node:path'
import t from 'tap'
import { extension, plain } from '../support/extensions.ts'
import { startServer } from '../support/process.ts'
import { statusOf } from '../support/http.ts'

t.test('in the real process, paths are seen from the working folder, and failures have exit code 2', async t => {
  const good = extension(t, plain("app.get('/x/cwd', async () => ({ here: true }))"), 'extension.mjs')
  const server = startServer(t, { NWS_EXTENSIONS: './extension.mjs' }, { cwd: join(good, '..') })
  const port = await server.port()
  t.equal(await statusOf(`http://localhost:${port}/x/cwd`), 200)
  t.match(server.output(), /extension loaded: \.\/extension\.mjs/)
  for (const [text, code] of [
    [plain("app.get('/bot', async () => 1)"), 'NWS_ERR_EXTENSION_ROUTE'],
    ['export default (', 'NWS_ERR_EXTENSION_LOAD'],
    [plain("throw new Error('not today')"), 'NWS_ERR_EXTENSION_LOAD']
  ] as const) {
    const { code: exit, stderr } = await startServer(t, { NWS_EXTENSIONS: extension(t, text) }).ended
    t.equal(exit, 2, text)
    t.match(stderr, new RegExp(`^${code}: [^\\n]*\\n$`), text)
  }
})
