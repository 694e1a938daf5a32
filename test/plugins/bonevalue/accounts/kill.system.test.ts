// kill -9 at any moment loses no acknowledged user, trust or token and leaves no half trust. A real process on a real file.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import t from 'tap'
import { openDatabase } from '../../../../src/plugins/bonevalue/accounts/database.ts'
import { createStore } from '../../../../src/plugins/bonevalue/accounts/store.ts'

const ROUNDS = 12
const root = fileURLToPath(new URL('../../../..', import.meta.url))
const folder = `${root}node_modules/.cache/nws-programs`
mkdirSync(folder, { recursive: true })
const program = `${folder}/accounts-writer-${process.pid}.mjs`
buildSync({
  entryPoints: [`${root}test/support/programs/accounts-writer.ts`],
  outfile: program,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error'
})
t.teardown(() => rmSync(program, { force: true }))

interface Line {
  readonly event: 'open' | 'user' | 'token' | 'trust'
  readonly id: number
  readonly name: string
  readonly hash: string
  readonly users: [number, number]
}

/** Runs the program until it has acknowledged so many things, and kills it. @returns its acknowledgements */
async function runAndKill(directory: string, round: number, after: number): Promise<Line[]> {
  const child = spawn(process.execPath, [program, directory, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: Line[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', line => {
    lines.push(JSON.parse(line) as Line)
    if (lines.length === after) child.kill('SIGKILL')
  })
  await new Promise(resolve => child.once('close', resolve))
  return lines
}

t.test('all that was acknowledged is there, and trust is never on one side only', { timeout: 240_000 }, async t => {
  const directory = t.testdir()
  const users = new Map<string, number>()
  const trusts: [number, number][] = []
  const tokens: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // From the very opening on: the first rounds are killed in the midst of the migration or right after it.
    for (const { event, id, name, users: pair, hash } of await runAndKill(directory, round, 1 + round * 12)) {
      if (event === 'user') users.set(name, id)
      if (event === 'trust') trusts.push(pair)
      if (event === 'token') tokens.push(hash)
    }
    const database = await openDatabase(directory)
    t.equal((database.prepare('PRAGMA integrity_check').get() as { integrity_check: string }).integrity_check, 'ok')
    const half = database
      .prepare(
        'SELECT count(*) AS count FROM contacts a WHERE NOT EXISTS (SELECT 1 FROM contacts b WHERE b.user_id = a.other_id AND b.other_id = a.user_id)'
      )
      .get() as { count: number }
    t.equal(half.count, 0, `round ${round}: no half trust`)
    const unused = database
      .prepare(
        'SELECT count(*) AS count FROM tokens t WHERE used_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM contacts WHERE user_id = t.user_id AND alias = t.alias)'
      )
      .get() as { count: number }
    t.equal(unused.count, 0, `round ${round}: no token is used up without its trust`)
    const store = createStore(database, Date.now)
    for (const [name, id] of users) if ((await store.findUser(name))?.id !== id) t.fail(`${name} is lost`)
    for (const [a, b] of trusts) {
      if (
        !(await store.contacts(a)).some(({ id }) => id === b) ||
        !(await store.contacts(b)).some(({ id }) => id === a)
      )
        t.fail(`trust of ${a} and ${b} is lost`)
    }
    const find = database.prepare('SELECT used_at FROM tokens WHERE hash = ?')
    for (const hash of tokens) if (find.get(hash) === undefined) t.fail('a token is lost')
    await store.close()
  }
  t.ok(users.size > 100 && trusts.length > 100, `${users.size} users, ${trusts.length} trusts, ${tokens.length} tokens`)
})
