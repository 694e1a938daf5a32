// Our provider beside that of y-websocket with its server: the same edits give the same documents, and the same events come
// in the same order.
import fc from 'fast-check'
import t, { type Test } from 'tap'
import * as Y from 'yjs'
import type { WebSocketClass } from '../../../src/client/connection.ts'
import { NetworkProvider } from '../../../src/client/documents/yjs.ts'
import '../../../src/client/node.ts'
import { buildTestApp } from '../../support/app.ts'
import { cuttable } from '../../support/cuttable.ts'
import { equal } from '../../support/documents.ts'
import { freePort } from '../../support/ports.ts'
import { openYProvider, startYServer } from '../../support/y-websocket.ts'

/** What both providers have. */
interface Provider {
  readonly awareness: { destroy(): void }
  on(name: string, listener: (...args: never[]) => void): unknown
  connect(): void
  disconnect(): void
  destroy(): void
}

/** Makes a provider that is not connected yet. */
type Connect = (room: string, doc: Y.Doc, Socket?: WebSocketClass) => Provider

const EDITORS = 3

type Edit =
  | { readonly kind: 'insert' | 'delete'; readonly at: number; readonly length: number }
  | { readonly kind: 'set'; readonly key: string; readonly value: number }
  | { readonly kind: 'push'; readonly value: number }

/** Edits that are made at the same time, by each editor, and the editors that are offline then. */
interface Round {
  readonly edits: readonly (readonly Edit[])[]
  readonly offline: readonly boolean[]
}

// Formats are not among them: Yjs removes needless ones when updates arrive, so they depend on the order of arrival.
const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('insert' as const, 'delete' as const),
      at: fc.nat(1000),
      length: fc.integer({ min: 1, max: 8 })
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('set' as const), key: fc.constantFrom('a', 'b'), value: fc.nat(9) })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('push' as const), value: fc.nat(9) }) }
)

const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    edits: fc.array(fc.array(edit, { maxLength: 6 }), { minLength: EDITORS, maxLength: EDITORS }),
    offline: fc.array(fc.boolean(), { minLength: EDITORS, maxLength: EDITORS })
  }),
  { minLength: 1, maxLength: 4 }
)

function apply(doc: Y.Doc, edit: Edit): void {
  const text = doc.getText('text')
  if (edit.kind === 'set') doc.getMap('map').set(edit.key, edit.value)
  else if (edit.kind === 'push') doc.getArray('list').push([edit.value])
  else {
    const at = edit.at % (text.length + 1)
    const length = Math.min(edit.length, text.length - at)
    if (edit.kind === 'insert') text.insert(at, 'abcdefgh'.slice(0, edit.length))
    else text.delete(at, length)
  }
}

/** Plays the rounds and returns the document that all editors have at the end. */
async function play(rounds: readonly Round[], room: string, connect: Connect): Promise<unknown> {
  const editors = Array.from({ length: EDITORS }, (_, i) => {
    const doc = new Y.Doc()
    doc.clientID = i + 1
    return { doc, provider: connect(room, doc) }
  })
  try {
    for (const { provider } of editors) provider.connect()
    for (const { edits, offline } of rounds) {
      for (const [i, { provider }] of editors.entries()) if (offline[i]) provider.disconnect()
      for (const [i, { doc }] of editors.entries()) for (const each of edits[i]!) apply(doc, each)
      for (const { provider } of editors) provider.connect()
      await equal(...editors)
    }
    const [{ doc }] = editors as [(typeof editors)[0]]
    return [doc.getText('text').toJSON(), doc.getMap('map').toJSON(), doc.getArray('list').toJSON()]
  } finally {
    for (const { doc, provider } of editors) {
      provider.destroy()
      provider.awareness.destroy()
      doc.destroy()
    }
  }
}

const ours =
  (endpoint: string): Connect =>
  (room, doc, WebSocket) =>
    new NetworkProvider(room, doc, {
      endpoint,
      WebSocket,
      connect: false,
      timings: { aloneMs: 300 }
    }) as unknown as Provider
const theirs =
  (endpoint: string): Connect =>
  (room, doc, WebSocket) =>
    openYProvider(endpoint, room, doc, WebSocket)

t.test('the same edits give the same documents over both', async t => {
  const { ws } = await buildTestApp(t)
  const server = await startYServer(t)
  let runs = 0
  await fc.assert(
    fc.asyncProperty(rounds, async rounds => {
      const room = `room-${++runs}`
      t.strictSame(await play(rounds, room, ours(ws)), await play(rounds, room, theirs(server.ws)))
    }),
    { numRuns: 12, interruptAfterTimeLimit: 20_000 }
  )
})

/** Notes the events of a provider, and waits for them. */
function note(t: Test, provider: Provider, names: readonly string[]) {
  t.teardown(() => {
    provider.destroy()
    provider.awareness.destroy()
  })
  const seen: string[] = []
  let wake = (): void => {}
  const add = (text: string): void => {
    seen.push(text)
    wake()
  }
  for (const name of names) {
    const tell = (event: unknown): void => {
      const { status } = Object(event) as { status?: string }
      add(`${name} ${status ?? (typeof event === 'boolean' || event === null ? String(event) : 'event')}`)
    }
    provider.on(name, tell)
  }
  return {
    seen,
    until: async (count: number): Promise<void> => {
      while (seen.length < count)
        await new Promise<void>(resolve => {
          wake = resolve
        })
    }
  }
}

const DOCUMENTED = ['status', 'sync', 'synced', 'connection-close', 'closed']

t.test('the documented events come in the same order', async t => {
  const { ws } = await buildTestApp(t)
  const server = await startYServer(t)
  const stories: string[][] = []
  for (const connect of [theirs(server.ws), ours(ws)]) {
    const network = cuttable()
    const provider = connect('room', new Y.Doc(), network.Socket)
    const { seen, until } = note(t, provider, DOCUMENTED)
    provider.connect()
    await until(4)
    provider.disconnect()
    provider.connect()
    await until(12)
    network.cut()
    await until(20)
    provider.destroy()
    stories.push(seen)
  }
  t.equal(stories[0]!.length, 24)
  t.strictSame(stories[1], stories[0])
})

t.test('the events of an address where nothing answers come in the same order', async t => {
  const port = await freePort()
  const stories: string[][] = []
  for (const connect of [theirs, ours]) {
    const provider = connect(`ws://127.0.0.1:${port}`)('room', new Y.Doc())
    const { seen, until } = note(t, provider, [...DOCUMENTED, 'connection-error'])
    provider.connect()
    await until(4)
    provider.destroy()
    stories.push(seen.slice(0, 4))
  }
  t.strictSame(stories[1], stories[0])
})
