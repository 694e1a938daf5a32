// A proxy that may open few files: idle connections take all there are, on each listener. Members go on, and once the
// connections are gone all is as before.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSocket } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { needs } from '../support/needs.ts'
import { freePorts } from '../support/ports.ts'
import { startServer } from '../support/process.ts'
import { statusOf } from '../support/http.ts'

const FILES = 256
const IDLE = 400

/** Opens connections that say nothing. Resolves when each is open or refused. */
async function flood(t: Test, port: number): Promise<() => Promise<unknown>> {
  const sockets: Socket[] = []
  const settled = Array.from({ length: IDLE }, async () => {
    const socket = connect(port, '127.0.0.1').resume()
    sockets.push(socket)
    socket.on('error', () => {})
    await new Promise(resolve => void socket.once('connect', resolve).once('close', resolve))
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  await Promise.all(settled)
  return () =>
    Promise.all(
      sockets.map(async socket => {
        const closed = socket.closed ? undefined : once(socket, 'close')
        socket.destroy()
        await closed
      })
    )
}

t.test('idle connections to any listener neither end the proxy nor part its members', async t => {
  const data = mkdtempSync(join(tmpdir(), 'nws-files-'))
  t.teardown(() => {
    rmSync(data, { recursive: true, force: true })
  })
  const [meshPort, bvPort] = (await freePorts(2)) as [number, number]
  const server = startServer(
    t,
    {
      NWS_MESH_PORT: String(meshPort),
      NWS_BV: 'on',
      NWS_BV_LISTEN: `127.0.0.1:${bvPort}`,
      NWS_DATA_DIR: data
    },
    { wrapper: ['sh', '-c', `ulimit -n ${FILES} && exec "$@"`, 'sh'] }
  )
  const port = await server.port()
  const url = `http://127.0.0.1:${port}`
  const a = await joinChannel(t, url, 'room')
  const b = await joinChannel(t, url, 'room')
  for (const [name, flooded] of [
    ['local', port],
    ['mesh', meshPort],
    ['rendezvous', bvPort]
  ] as const) {
    const drop = await flood(t, flooded)
    a.send({ action: 'broadcast', data: name })
    t.match(await b.nextOf('broadcast'), { data: name })
    await drop()
    let status = 0
    while (status !== 200 && server.child.exitCode === null)
      status = await fetch(`${url}/api/health`).then(
        answer => answer.status,
        () => 0
      )
    t.equal(status, 200, `${name}: newcomers are let in again`)
  }
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
  t.notMatch(server.output(), /made a mistake/)
})

t.test('more connections than the process may open', needs('prlimit'), async t => {
  const server = startServer(t, {})
  const port = await server.port()
  const { status } = spawnSync('prlimit', ['--pid', String(server.child.pid), '--nofile=80:80'])
  t.equal(status, 0)
  const sockets = await Promise.all(Array.from({ length: 300 }, () => openSocket(t, port).catch(() => undefined)))
  for (const socket of sockets) socket?.destroy()
  t.equal(await statusOf(`http://localhost:${port}/api/health`), 200)
})
