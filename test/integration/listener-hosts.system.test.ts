// The real process on machines that know little of localhost, or have no IPv6.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { requestBytes, sendRaw } from '../support/app.ts'
import { needs } from '../support/needs.ts'
import { startServer } from '../support/process.ts'

const { skip } = needs('unshare', 'nsenter', 'ip', 'namespaces')

t.test('a hosts file without ::1 changes nothing', { skip }, async t => {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'hosts'), '127.0.0.1 localhost\n')
  const server = startServer(
    t,
    {},
    { wrapper: ['unshare', '-m', 'sh', '-c', `mount --bind ${folder}/hosts /etc/hosts && exec "$@"`, 'sh'] }
  )
  const port = await server.port()
  for (const host of ['127.0.0.1', '::1'])
    t.equal((await sendRaw(port, requestBytes(port, 'GET', '/.well-known/nws'), host)).status, 200, host)
})

t.test('an empty hosts file changes nothing', { skip }, async t => {
  const folder = t.testdir({ hosts: '' })
  const server = startServer(
    t,
    {},
    { wrapper: ['unshare', '-m', 'sh', '-c', `mount --bind ${folder}/hosts /etc/hosts && exec "$@"`, 'sh'] }
  )
  const port = await server.port()
  for (const host of ['127.0.0.1', '::1'])
    t.equal((await sendRaw(port, requestBytes(port, 'GET', '/.well-known/nws'), host)).status, 200, host)
})

t.test('without IPv6 there is one line about it, and IPv4 works', { skip }, async t => {
  const server = startServer(
    t,
    {},
    {
      wrapper: [
        'unshare',
        '-n',
        'sh',
        '-c',
        'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set lo up && exec "$@"',
        'sh'
      ]
    }
  )
  const port = await server.port()
  // The namespace has no way in but from within.
  const ask = `fetch('http://127.0.0.1:${port}/api/health').then(async answer => process.stdout.write(await answer.text()))`
  const inside = spawn('nsenter', ['-t', String(server.child.pid), '-n', process.execPath, '-e', ask], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [answer] = await once(inside.stdout.setEncoding('utf8'), 'data')
  t.match(answer, /"status":"ok"/)
  t.equal(server.output().match(/no IPv6 on this machine: listening on 127\.0\.0\.1 only/g)?.length, 1)
})
