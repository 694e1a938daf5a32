// The build, in a copy of the sources: it builds changed parts, and programs that run from it meanwhile do not notice.
import { execFile } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { startServer } from '../support/process.ts'
import { statusOf } from '../support/http.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of the sources. Its packages are ours. */
function copySources(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nws-build-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['src', 'public', 'docs', 'build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  rmSync(join(folder, 'public/lib'), { recursive: true, force: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

interface End {
  readonly code: unknown
  readonly said: string
}

const run = (folder: string, ...args: string[]): Promise<End> =>
  new Promise(resolve =>
    execFile(process.execPath, args, { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, said: stdout + stderr })
    )
  )

const build = (folder: string, task = 'scripts'): Promise<End> => run(folder, 'build.mjs', task)
const BUILT = 'Building dist/ and public/ …\n'

/** Changes what most files of the build hold. */
const change = (folder: string, mark: string): void =>
  appendFileSync(join(folder, 'src/core/errors.ts'), `\nObject.assign(globalThis, { ${mark}: true })\n`)

const chunksOf = (folder: string): string[] => readdirSync(join(folder, 'dist/chunks')).sort()

t.test('it says in one line that it builds, and builds nothing if nothing has changed', async t => {
  const folder = copySources(t)
  t.strictSame(await build(folder), { code: 0, said: BUILT })
  const command = join(folder, 'dist/cli/nws.js')
  const { mtimeMs, mode } = statSync(command)
  t.equal(mode & 0o777, 0o755, 'the command may be run')
  t.strictSame(await build(folder), { code: 0, said: '' })
  t.equal(statSync(command).mtimeMs, mtimeMs)

  change(folder, 'one')
  t.strictSame(await build(folder), { code: 0, said: BUILT })
  t.equal(statSync(command).mode & 0o777, 0o755, 'the command may still be run')
  rmSync(join(folder, 'public/lib/BV.js'))
  t.strictSame(await build(folder), { code: 0, said: BUILT }, 'a missing file is built again')
  t.ok(existsSync(join(folder, 'public/lib/BV.js')))
})

t.test('programs that start and run during builds find all of their files', async t => {
  const folder = copySources(t)
  await build(folder)
  const server = startServer(
    t,
    { NWS_BV: 'on', NWS_DATA_DIR: join(folder, 'data') },
    { file: join(folder, 'dist/server.js') }
  )
  const port = await server.port()
  const builds = { over: false }
  const commands: Promise<End>[] = []
  const starting = (async () => {
    while (!builds.over) {
      const command = run(folder, 'dist/cli/nws.js', 'channel', 'new')
      commands.push(command)
      await command
    }
  })()
  const before = chunksOf(folder)
  for (const mark of ['one', 'two', 'three']) {
    change(folder, mark)
    t.strictSame(await build(folder), { code: 0, said: BUILT })
  }
  builds.over = true
  await starting
  t.strictSame(
    (await Promise.all(commands)).filter(({ code }) => code !== 0),
    []
  )
  t.notOk(
    before.every(chunk => chunksOf(folder).includes(chunk)),
    'chunks of builds before the last one are removed'
  )
  // Each of these loads something at its first request.
  for (const path of ['metrics', 'users'])
    t.equal(await statusOf(`http://localhost:${port}/api/${path}`, { headers: { connection: 'close' } }), 200, path)
})

t.test('a package gets the files of the last build alone', async t => {
  const folder = copySources(t)
  await build(folder)
  const before = chunksOf(folder)
  change(folder, 'one')
  await build(folder)
  t.ok(
    before.every(chunk => chunksOf(folder).includes(chunk)),
    'a build keeps the files of the one before'
  )
  cpSync(join(folder, 'dist/app.js'), join(folder, 'dist/of-an-older-layout.js'))
  cpSync(join(folder, 'dist/app.js'), join(folder, 'dist/core/no-longer-there.d.ts'))
  t.strictSame(await build(folder, 'pack'), { code: 0, said: '' })
  t.ok(existsSync(join(folder, 'dist/index.d.ts')), 'with the types')
  t.notOk(existsSync(join(folder, 'dist/of-an-older-layout.js')))
  t.notOk(existsSync(join(folder, 'dist/core/no-longer-there.d.ts')))
  t.notOk(before.every(chunk => chunksOf(folder).includes(chunk)))
})

t.test('the proxy under development starts again after a change, and says what a mistake is', async t => {
  const folder = copySources(t)
  const proxy = startServer(t, {}, { file: join(folder, 'build.mjs'), args: ['dev'], cwd: folder })
  await proxy.port()
  appendFileSync(join(folder, 'src/start.ts'), '\nconst mistake =\n')
  await proxy.line(/Unexpected end of file/)
  cpSync(join(root, 'src/start.ts'), join(folder, 'src/start.ts'))
  appendFileSync(join(folder, 'src/start.ts'), "\nprocess.stdout.write('changed\\n')\n")
  await proxy.line(/^changed$/)
  proxy.child.kill('SIGTERM')
  t.equal((await proxy.ended).code, 0)
})
