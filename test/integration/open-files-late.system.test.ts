// The real process when the number of files that it may open shrinks while it runs.
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { openSocket } from '../support/app.ts'
import { needs } from '../support/needs.ts'
import { startServer } from '../support/process.ts'
import { statusOf } from '../support/http.ts'

t.test('more connections than the process may open', needs('prlimit'), async t => {
  const server = startServer(t, {})
  const port = await server.port()
  const { status } = spawnSync('prlimit', ['--pid', String(server.child.pid), '--nofile=80:80'])
  t.equal(status, 0)
  const sockets = await Promise.all(Array.from({ length: 300 }, () => openSocket(t, port).catch(() => undefined)))
  for (const socket of sockets) socket?.destroy()
  // It resets connections until it has seen that the others are closed.
  let answer: number | undefined
  while (answer === undefined) answer = await statusOf(`http://localhost:${port}/api/health`).catch(() => undefined)
  t.equal(answer, 200)
})
