// Documents of Yjs: the time from a keystroke to the other editor, and the processor of the server, beside y-websocket with its
// server; and a long text that is typed through two proxies. `npm run bench:documents` writes docs/PERFORMANCE.md.
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { NetworkProvider } from '../src/client/documents/yjs.ts'
import '../src/client/node.ts'
import { seededRandom } from '../test/support/random.ts'
import { freePort } from '../test/support/ports.ts'
import { circumstances, writeSection } from './section.ts'

const BEGIN = '<!-- documents results: written by npm run bench:documents -->'
const END = '<!-- end of documents results -->'
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5)
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 10)
const LATE = Number(process.env['BENCH_LATE'] ?? 20)
const EDITS = Number(process.env['BENCH_EDITS'] ?? 100_000)
const SEED = 2026
const KEYS_PER_SECOND = 60

const [load = 0] = loadavg()
const running: ChildProcess[] = []
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

interface Process {
  readonly port: number
  /** Seconds of processor so far. */
  cpu(): number
}

async function start(args: readonly string[], env: Record<string, string> = {}): Promise<Process> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], NWS_PORT: '0', NWS_DISCOVERY: 'off', ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  running.push(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const port = Number(/http:\/\/[^:]+:(\d+)/.exec(line)?.[1] ?? 0)
    if (port === 0) continue
    child.stdout.resume()
    return {
      port,
      cpu: () => {
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
        return (Number(fields[11]) + Number(fields[12])) / 100
      }
    }
  }
  throw new Error('The server has ended.')
}

interface Editor {
  readonly doc: Y.Doc
  readonly text: Y.Text
  readonly provider: NetworkProvider | WebsocketProvider
}

type Open = (doc: Y.Doc) => Editor['provider']

function openEditor(open: Open): Editor {
  const doc = new Y.Doc()
  return { doc, text: doc.getText('text'), provider: open(doc) }
}

function close({ doc, provider }: Editor): void {
  provider.destroy()
  provider.awareness.destroy()
  doc.destroy()
}

const nws =
  (port: number, room: string): Open =>
  doc =>
    new NetworkProvider(room, doc, { endpoint: `ws://localhost:${port}` })
const yWebsocket =
  (port: number, room: string): Open =>
  doc =>
    new WebsocketProvider(`ws://localhost:${port}`, room, doc, {
      disableBc: true,
      WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket
    })

const pause = async (ms: number): Promise<void> => await new Promise(resolve => setTimeout(resolve, ms))
const lengths = (editors: readonly Editor[]): number => new Set(editors.map(({ text }) => text.length)).size

async function equal(editors: readonly Editor[]): Promise<void> {
  while (lengths(editors) > 1) await pause(1)
}

const at = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!

interface Typing {
  readonly p50: number
  readonly p99: number
  /** Seconds of processor of the servers. */
  readonly cpu: number
}

/** Two people type at once. */
async function type(open: readonly [Open, Open], servers: readonly Process[]): Promise<Typing> {
  const editors = [openEditor(open[0]), openEditor(open[1])] as const
  editors[0].text.insert(0, 'begin')
  await equal(editors)
  const times: number[] = []
  const sent: [number[], number[]] = [[], []]
  for (const [i, { text, provider }] of editors.entries())
    text.observe(({ delta }, { origin }) => {
      if (origin !== provider) return
      for (const { insert } of delta)
        for (const _ of typeof insert === 'string' ? insert : '') times.push(performance.now() - sent[1 - i]!.shift()!)
    })
  const before = servers.reduce((sum, server) => sum + server.cpu(), 0)
  const begin = performance.now()
  for (let key = 0; key < SECONDS * KEYS_PER_SECOND; key++) {
    for (const [i, { text }] of editors.entries()) {
      sent[i]!.push(performance.now())
      text.insert(i === 0 ? 0 : text.length, 'x')
      await pause(Math.max(0, begin + ((key + i / 2) * 1000) / KEYS_PER_SECOND - performance.now()))
    }
  }
  await equal(editors)
  const cpu = servers.reduce((sum, server) => sum + server.cpu(), 0) - before
  for (const editor of editors) close(editor)
  return { p50: at(times, 0.5), p99: at(times, 0.99), cpu }
}

interface Edit {
  readonly at: number
  readonly deleted: number
  readonly inserted: string
}

/** Edits as of somebody who types a paper: runs of letters, corrections, jumps to other places. */
function trace(count: number): Edit[] {
  const random = seededRandom(SEED)
  const edits: Edit[] = []
  let [cursor, length] = [0, 0]
  while (edits.length < count) {
    const kind = random()
    if (kind < 0.05) cursor = Math.floor(random() * (length + 1))
    for (let run = 1 + Math.floor(random() * 30); run > 0 && edits.length < count; run--) {
      if (kind > 0.8 && cursor > 0) {
        cursor--
        length--
        edits.push({ at: cursor, deleted: 1, inserted: '' })
      } else {
        edits.push({ at: cursor, deleted: 0, inserted: 'abcdefghij klmnopqrst'[Math.floor(random() * 21)]! })
        cursor++
        length++
      }
    }
  }
  return edits
}

/** Each edit is a transaction. @returns seconds until the other document is equal */
async function replay(open: readonly [Open, Open]): Promise<number> {
  const editors = [openEditor(open[0]), openEditor(open[1])] as const
  editors[0].doc.getMap('begin').set('begun', true)
  while (!editors[1].doc.getMap('begin').has('begun')) await pause(1)
  const edits = trace(EDITS)
  const [{ text, doc }, other] = editors
  const begin = performance.now()
  for (const [i, { at, deleted, inserted }] of edits.entries()) {
    if (deleted > 0) text.delete(at, deleted)
    else text.insert(at, inserted)
    // As fast as the event loop turns.
    if (i % 10 === 9) await new Promise(resolve => setImmediate(resolve))
  }
  while (
    Buffer.compare(Y.encodeSnapshot(Y.snapshot(doc)), Y.encodeSnapshot(Y.snapshot(other.doc))) !== 0 ||
    text.toJSON() !== other.text.toJSON()
  )
    await pause(5)
  const seconds = (performance.now() - begin) / 1000
  for (const editor of editors) close(editor)
  return seconds
}

interface Late {
  /** Milliseconds from the open channel to the whole text, at the proxy of the writer and at the other one. */
  readonly near: number[]
  readonly far: number[]
}

/** People who join a long text, one after the other. */
async function joinLate(writer: Open, near: Open, far: Open): Promise<Late> {
  const first = openEditor(writer)
  for (const { at, deleted, inserted } of trace(EDITS)) {
    if (deleted > 0) first.text.delete(at, deleted)
    else first.text.insert(at, inserted)
  }
  const wanted = first.text.toJSON()
  const late: Late = { near: [], far: [] }
  // The proxies match the channel when the first one joins.
  const matching = openEditor(far)
  await equal([first, matching])
  close(matching)
  for (let round = 0; round < 2 * LATE; round++) {
    const [open, times] = round % 2 === 0 ? ([near, late.near] as const) : ([far, late.far] as const)
    const editor = openEditor(open)
    let begin = 0
    const provider = editor.provider as NetworkProvider
    provider.on('status', ({ status }) => {
      if (status === 'connected') begin = performance.now()
    })
    await new Promise<void>(resolve =>
      editor.doc.on('update', () => {
        if (editor.text.toJSON() === wanted) resolve()
      })
    )
    times.push(performance.now() - begin)
    close(editor)
  }
  close(first)
  return late
}

const meshPort = await freePort()
const one = await start(['dist/server.js'], { NWS_MESH_HOST: '127.0.0.1', NWS_MESH_PORT: String(meshPort) })
const two = await start(['dist/server.js'], { NWS_MESH_HOST: '127.0.0.1', NWS_PEERS: `127.0.0.1:${meshPort}` })
const other = await start(['bench/targets/y-websocket.mjs'])

const found: Record<'ours' | 'theirs' | 'apart', Typing[]> = { ours: [], theirs: [], apart: [] }
for (let round = 0; round < ROUNDS; round++) {
  const room = `round-${round}`
  const kinds = [
    async () => found.ours.push(await type([nws(one.port, room), nws(one.port, room)], [one])),
    async () => found.theirs.push(await type([yWebsocket(other.port, room), yWebsocket(other.port, room)], [other]))
  ]
  for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) await kind()
  found.apart.push(await type([nws(one.port, `${room}-apart`), nws(two.port, `${room}-apart`)], [one, two]))
}
const replays: number[] = []
for (let round = 0; round < Math.min(3, ROUNDS); round++)
  replays.push(await replay([nws(one.port, `trace-${round}`), nws(two.port, `trace-${round}`)]))

const late = await joinLate(nws(one.port, 'late'), nws(one.port, 'late'), nws(two.port, 'late'))

const median = (typings: readonly Typing[], member: keyof Typing): number =>
  at(
    typings.map(typing => typing[member]),
    0.5
  )
const ratio = (member: keyof Typing): string =>
  at(
    found.ours.map((typing, i) => typing[member] / found.theirs[i]![member]),
    0.5
  ).toFixed(2)
const row = (name: string, typings: readonly Typing[]): string =>
  `| ${name} | ${median(typings, 'p50').toFixed(2)} ms | ${median(typings, 'p99').toFixed(2)} ms | ${((median(typings, 'cpu') / SECONDS) * 100).toFixed(1)} % |`
const text = `
${circumstances()} Load before: ${load.toFixed(1)}. Two editors, ${KEYS_PER_SECOND} keystrokes a second each, ${SECONDS} s, median of ${ROUNDS} rounds.

| | to the other editor, median | 99 of 100 | processor of the servers |
| --- | --- | --- | --- |
${row('one proxy', found.ours)}
${row('y-websocket and its server', found.theirs)}
${row('two proxies', found.apart)}

One proxy beside y-websocket: ${ratio('p50')} × of its median time, ${ratio('p99')} × at 99 of 100, ${ratio('cpu')} × of its processor time.

${EDITS.toLocaleString('en')} edits of one text, each a transaction (seed ${SEED}), through two proxies: both documents are equal after ${replays.map(seconds => `${seconds.toFixed(1)} s`).join(', ')}.

A newcomer has this text ${at(late.near, 0.5).toFixed(0)} ms after its channel is open if the peer is at the same proxy (at most ${Math.max(...late.near).toFixed(0)} ms), ${at(late.far, 0.5).toFixed(0)} ms if it is at the other one (at most ${Math.max(...late.far).toFixed(0)} ms); median of ${LATE}. Wanted: 300 ms.
`
process.stdout.write(text)
if (process.env['BENCH_DRY'] === undefined) writeSection(BEGIN, END, text)
process.exit()
