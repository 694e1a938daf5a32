// docs/CLI.md and the command say the same: every command with its help, examples that can be run, every error and finding.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import type { Command } from 'commander'
import { cliErrors, EXIT } from '../../src/cli/errors.ts'
import { remedies } from '../../src/cli/doctor/finding.ts'
import { createProgram, everyCommand } from '../../src/cli/program.ts'
import { NWS } from '../support/cli.ts'

const page = readFileSync(new URL('../../docs/CLI.md', import.meta.url), 'utf8')
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map(text => [/^`nws ([\w -]+)`/.exec(text)?.[1] ?? '', text.split(/^## /m, 1)[0]!])
)

function pathOf(command: Command): string {
  const { parent } = command
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`
}
/** Commands that do something, by their words. */
const commands = everyCommand(createProgram())
  .filter(({ parent, commands }) => parent !== null && commands.length === 0)
  .map(command => [pathOf(command), command] as const)

t.test('every command has its section with its help, and every section its command', async t => {
  t.strictSame([...sections.keys()].toSorted(), commands.map(([path]) => path).toSorted())
  await Promise.all(
    commands
      .filter(([path]) => path !== 'serve')
      .map(async ([path]) => {
        const { stdout } = await promisify(execFile)(process.execPath, [NWS, ...path.split(' '), '--help'], {
          encoding: 'utf8',
          env: { PATH: process.env['PATH'] }
        })
        t.equal(/^```text\n([\s\S]*?)\n```$/m.exec(sections.get(path)!)?.[1], stdout.trimEnd(), path)
      })
  )
})

t.test('every example is understood', async t => {
  for (const [path] of commands) {
    const [, examples = ''] = /^```sh\n([\s\S]*?)\n```$/m.exec(sections.get(path)!) ?? []
    const lines = examples.split('\n').flatMap(line => /\bnws [^|<>;)]*/.exec(line)?.[0] ?? [])
    t.ok(lines.length > 0, `${path} has an example`)
    for (const line of lines) {
      const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
        .map(([, single, double, plain]) => single ?? double ?? plain!)
        .slice(1)
      const program = createProgram()
      let ran = ''
      for (const command of everyCommand(program)) {
        if (command.commands.length > 0) continue
        command.action(() => {
          ran = pathOf(command)
        })
      }
      await program.parseAsync(words, { from: 'user' })
      t.equal(ran, path, line)
    }
  }
})

t.test('every error, finding and exit code has its row', async t => {
  const rows = new Map(
    [...page.matchAll(/^\| `(NWS_CLI_\w+)` \| (\d) \| (.*) \|$/gm)].map(([, code, exit, message]) => [
      code!,
      [Number(exit), message]
    ])
  )
  t.strictSame(
    Object.fromEntries(rows),
    Object.fromEntries(Object.entries(cliErrors).map(([code, { exit, message }]) => [code, [exit, message]]))
  )
  const findings = [...page.matchAll(/^\| `([a-z\d-]+)` \| (.*) \|$/gm)].map(([, code, text]) => [
    code!,
    text!.replaceAll('\\|', '|')
  ])
  t.strictSame(Object.fromEntries(findings), remedies)
  t.strictSame(
    [...page.matchAll(/^\| (\d) \| /gm)].map(([, code]) => Number(code)),
    Object.values(EXIT)
  )
})
