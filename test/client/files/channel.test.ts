// Files over channels of a real proxy with the client library in Node.js: the way of pages, without a browser.
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { NetworkWebSocket, type FileOffer, type ReceivedFile } from '../../../src/client/node.ts'
import { buildTestApp } from '../../support/app.ts'
import { nextEvent } from '../../support/events.ts'

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Sockets that a test can cut. */
const open = new Set<WebSocket>()
class CuttableWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols)
    open.add(this)
  }
}

/** Members of one channel, who have seen each other. */
async function join2(t: Test, endpoint: string, count = 2): Promise<NetworkWebSocket[]> {
  const sockets: NetworkWebSocket[] = []
  for (let index = 0; index < count; index++) {
    const socket = new NetworkWebSocket('files', {
      endpoint,
      reconnect: { maxDelayMs: 50 },
      WebSocket: CuttableWebSocket as never
    })
    t.teardown(() => socket.close())
    await nextEvent(socket, 'open')
    sockets.push(socket)
  }
  for (const socket of sockets) while (socket.peers.length < count - 1) await nextEvent(socket, 'connect')
  return sockets
}

t.test('five files at once, both ways, and messages meanwhile', async t => {
  const { ws } = await buildTestApp(t)
  const [ann, ben] = (await join2(t, ws)) as [NetworkWebSocket, NetworkWebSocket]
  const received = new Map<string, Promise<ReceivedFile[]>>()
  const heard: unknown[] = []
  for (const socket of [ann, ben]) {
    socket.onfile = offer => received.set(offer.name, offer.accept())
    socket.onmessage = ({ data }) => heard.push(data)
    for (const peer of socket.peers) peer.onmessage = ({ data }) => heard.push(data)
  }
  const files = [0, 1, 65_537, 1_000_003, 5_000_011].map((size, index) => ({
    name: `f${index}`,
    bytes: randomBytes(size)
  }))
  const reports = Promise.all(
    files.map(({ name, bytes }, index) => (index % 2 === 0 ? ann : ben).sendFile(new Blob([bytes]), { name }))
  )
  ann.send('meanwhile')
  for (const { accepted, completed, refused } of await reports)
    t.match({ accepted, completed, refused }, { accepted: [/./], completed: [/./], refused: [] })
  for (const { name, bytes } of files) {
    const [file] = (await received.get(name))!
    t.match(file, { name, size: bytes.length, sha256: hashOf(bytes) })
    t.equal(hashOf(new Uint8Array(await file!.blob!.arrayBuffer())), hashOf(bytes))
  }
  t.strictSame(heard, ['meanwhile'], 'nothing of it is seen as a message')
})

t.test('streams of Node.js are sources and sinks', async t => {
  const { ws } = await buildTestApp(t)
  const [ann, ben, cleo] = (await join2(t, ws, 3)) as [NetworkWebSocket, NetworkWebSocket, NetworkWebSocket]
  const folder = t.testdir({})
  const bytes = randomBytes(9_000_001)
  writeFileSync(join(folder, 'in'), bytes)
  const received: Promise<ReceivedFile[]>[] = []
  ben.onfile = offer => received.push(offer.accept({ sink: createWriteStream(join(folder, 'out')) }))
  const chunks: Uint8Array[] = []
  cleo.onfile = offer =>
    received.push(offer.accept({ sink: new WritableStream({ write: chunk => void chunks.push(chunk) }) }))
  const report = await ann.sendFile(createReadStream(join(folder, 'in')), { name: 'in', receivers: 2 })
  t.equal(report.completed.length, 2)
  for (const [file] of await Promise.all(received))
    t.match(file, { size: bytes.length, sha256: hashOf(bytes), blob: undefined })
  t.equal(hashOf(readFileSync(join(folder, 'out'))), hashOf(bytes))
  t.equal(hashOf(Buffer.concat(chunks)), hashOf(bytes))
})

t.test('a transfer goes on after the proxy has cut its sockets', async t => {
  const { ws } = await buildTestApp(t)
  open.clear()
  const [ann, ben] = (await join2(t, ws)) as [NetworkWebSocket, NetworkWebSocket]
  const bytes = randomBytes(8_000_000)
  let offers = 0
  let cuts = 0
  let received!: Promise<ReceivedFile[]>
  ben.onfile = (offer: FileOffer) => {
    offers++
    received = offer.accept({
      onProgress: progress => {
        if (progress.bytes < 2_000_000 * (cuts + 1) || cuts === 3) return
        cuts++
        for (const socket of open) socket.terminate()
      }
    })
  }
  const report = await ann.sendFile(new Blob([bytes]), { name: 'x', receivers: 1 })
  t.equal(report.completed.length, 1)
  t.equal(offers, 1)
  t.equal(cuts, 3)
  t.equal((await received)[0]!.sha256, hashOf(bytes))
})

t.test('a proxy that allows less than the library is used to is obeyed', async t => {
  const { ws } = await buildTestApp(t, { maxBytesPerSecond: 4 * 1024 * 1024 })
  const [ann, ben] = (await join2(t, ws)) as [NetworkWebSocket, NetworkWebSocket]
  const bytes = randomBytes(9_000_000)
  ben.onfile = offer => void offer.accept()
  t.equal((await ann.sendFile(new Blob([bytes]), { name: 'x' })).completed.length, 1)
})

t.test('an empty channel, a peer that is not there, and things that are no files', async t => {
  const { ws } = await buildTestApp(t)
  const [alone] = (await join2(t, ws, 1)) as [NetworkWebSocket]
  t.strictSame(await alone.sendFile(new Blob(['x']), { name: 'x' }), { accepted: [], completed: [], refused: [] })
  const listed = alone.sendFile(new Blob(['x']), { name: 'x', to: 'nobody' })
  t.strictSame((await listed).refused, [{ peer: 'nobody', code: 'NWS_CLIENT_FILE_GONE' }])
  await t.rejects(alone.sendFile(5 as never), TypeError)
  await t.rejects(alone.sendFiles([]), TypeError)
})
