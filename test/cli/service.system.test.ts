// The service files, and the scripts for shells: checked by the programs that read them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { launchdPlist } from '../../src/cli/service-files.ts'
import { nws } from '../support/cli.ts'
import { findProgram, needs } from '../support/needs.ts'

t.test('the unit is one that systemd takes', needs('systemd-analyze'), async t => {
  // A short path: systemd looks at the sockets of other units, too.
  const folder = mkdtempSync(join(tmpdir(), 'nws-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const verify = () =>
    spawnSync('systemd-analyze', ['verify', '--user', path], {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: folder }
    })
  const { code, stdout } = await nws(t, ['service', 'install', '--print'])
  t.equal(code, 0)
  const path = join(folder, 'nws.service')
  writeFileSync(path, stdout)
  const { status, stderr } = verify()
  t.strictSame([status, stderr], [0, ''])
  writeFileSync(path, stdout.replace('Restart=on-failure', 'Restart=sometimes'))
  t.match(verify().stderr, /sometimes/, 'and the check finds faults')
})

t.test(
  'install writes the file once, and uninstall removes it',
  { skip: process.platform === 'linux' ? false : 'systemd is a part of Linux' },
  async t => {
    const folder = t.testdir({})
    const env = { XDG_CONFIG_HOME: folder, HOME: folder }
    const unit = join(folder, 'systemd', 'user', 'nws.service')
    t.equal((await nws(t, ['service', 'install', '--no-start'], { env })).code, 0)
    t.match(
      readFileSync(unit, 'utf8'),
      /ExecStart="[^"]+" --max-semi-space-size=4 --initial-old-space-size=96 "[^"]+nws\.js" serve/
    )
    t.match(readFileSync(unit, 'utf8'), /^RestartPreventExitStatus=2$/m, 'wrong settings stay wrong')
    t.equal(statSync(join(folder, 'nws', 'env')).mode & 0o777, 0o600, 'settings may hold the token')
    t.equal((await nws(t, ['service', 'install', '--no-start'], { env })).code, 0, 'the same again')
    writeFileSync(unit, '[Service]\n')
    t.match(await nws(t, ['service', 'install', '--no-start'], { env }), { code: 1, stderr: /NWS_CLI_SERVICE_EXISTS/ })
    t.equal((await nws(t, ['service', 'install', '--no-start', '--force'], { env })).code, 0)
    t.match(await nws(t, ['service', 'status'], { env }), { code: 3, stdout: /^installed \(systemd\), not running\n$/ })
    await nws(t, ['service', 'uninstall'], { env })
    t.notOk(existsSync(unit))
    t.match(await nws(t, ['service', 'status'], { env }), { code: 3, stdout: /^not installed/ })
  }
)

t.test('the property list is XML whatever the paths are', async t => {
  const text = launchdPlist('org.example', { node: '/opt/a&b/node', script: '/x/<y>', settings: "/home/o'neil/env" })
  t.match(text, '<string>/opt/a&amp;b/node</string>')
  t.match(text, '<string>/x/&lt;y&gt;</string>')
})

t.test('the completion of bash completes', needs('bash'), async t => {
  const script = (await nws(t, ['completion', 'bash'])).stdout
  const complete = (...words: string[]): string[] => {
    const { stdout } = spawnSync(
      'bash',
      [
        '--norc',
        '-c',
        `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nws; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        ...words
      ],
      { encoding: 'utf8' }
    )
    return stdout.split('\n').filter(Boolean)
  }
  t.strictSame(complete('nws', 'lis'), ['listen'])
  t.strictSame(complete('nws', 'file', ''), ['send', 'receive', '--help'])
  t.strictSame(complete('nws', 'file', 'send', '--rec'), ['--receivers'])
  t.strictSame(complete('nws', 'send', 'room', '--bin'), ['--binary'])
  t.strictSame(complete('nws', 'completion', ''), ['bash', 'zsh', 'fish', '--help'])
  t.strictSame(complete('nws', 'serve', '--discovery', ''), ['on', 'off'])
  t.strictSame(complete('nws', 'serve', '--log-level', 'w'), ['warn'])
  t.strictSame(complete('nws', 'file', 'receive', '--output', ''), [], 'the shell offers files')
  t.match(await nws(t, ['completion', 'tcsh']), { code: 2 })
})

t.test('zsh runs the completion of bash', needs('zsh'), async t => {
  const script = (await nws(t, ['completion', 'zsh'])).stdout
  const { stdout } = spawnSync(
    findProgram('zsh')!,
    ['-fc', `${script}\nCOMP_WORDS=(nws file send x); COMP_CWORD=3; emulate sh; _nws; echo "\${COMPREPLY[@]}"`],
    { encoding: 'utf8', env: { ...process.env, ZDOTDIR: t.testdir() } }
  )
  t.match(stdout, '--receivers')
})

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  t.test(`${shell} takes its script of completion`, needs(shell), async t => {
    const { stdout } = await nws(t, ['completion', shell])
    t.match(stdout, /receive/)
    const file = join(t.testdir({ script: stdout }), 'script') // Not by standard input: fish reads no socket.
    const { status, stderr } = spawnSync(findProgram(shell)!, ['-n', file], { encoding: 'utf8' })
    t.strictSame([status, stderr], [0, ''])
  })
}
