// Memory after a storm: many readers that do not read, and messages that do not end. The proxy stays under its ceiling, and
// gives the memory back.
import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { START_VARIABLES } from '../../tools/start-command.mjs'
import { startServer } from '../support/process.ts'

const MIB = 2 ** 20
const READERS = 100
/** After this time the memory must be back, milliseconds. */
const BACK_MS = 60_000
const MOST_SHARE = 1.5

t.test('memory is given back after a storm', { timeout: 280_000 }, async t => {
  const server = startServer(t, { ...START_VARIABLES, NWS_DISCOVERY: 'off', NWS_MESH_PORT: '0' })
  const port = await server.port()
  const address = `127.0.0.1:${port}`
  const residentBytes = async (): Promise<number> => {
    const text = await (await fetch(`http://${address}/api/metrics`)).text()
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)![1])
  }
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://${address}/storm`)
    socket.on('error', () => {})
    await once(socket, 'open')
    return socket
  }
  const round = async (): Promise<void> => {
    const readers = await Promise.all(Array.from({ length: READERS }, open))
    for (const reader of readers) reader.pause()
    const unfinished = await Promise.all(Array.from({ length: READERS }, open))
    for (const socket of unfinished) socket.send('x'.repeat(MIB - 1), { fin: false })
    const sender = await open()
    for (let i = 0; i < 12; i++) {
      sender.send(JSON.stringify({ action: 'broadcast', data: 'x'.repeat(MIB - 100) }))
      highest = Math.max(highest, await residentBytes())
    }
    for (const socket of [...readers, ...unfinished, sender]) socket.terminate()
  }
  let highest = 0
  const before = await residentBytes()
  for (let i = 0; i < 3; i++) await round()
  t.comment(`before ${Math.round(before / MIB)} MiB, most ${Math.round(highest / MIB)} MiB`)
  const end = performance.now() + BACK_MS
  let now = await residentBytes()
  while (now > before * MOST_SHARE && performance.now() < end) {
    // Nothing tells that the system has its memory back: the metric is asked again.
    await new Promise(resolve => {
      setTimeout(resolve, 1000)
    })
    now = await residentBytes()
  }
  t.ok(now <= before * MOST_SHARE, `${Math.round(now / MIB)} MiB of ${Math.round(before / MIB)} MiB before`)
})
