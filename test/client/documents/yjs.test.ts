// The provider of Yjs: documents of several peers become and stay equal, through one proxy and through two.
import { WebSocket as WsSocket } from 'ws'
import t from 'tap'
import * as Y from 'yjs'
import { NetworkWebSocket } from '../../../src/client/node.ts'
import { buildTestApp } from '../../support/app.ts'
import { cuttable } from '../../support/cuttable.ts'
import { contentOf, docsUntil, equal, openEditor, recording, synced } from '../../support/documents.ts'
import { nextEvent, queueEvents } from '../../support/events.ts'
import { buildHost, guestClass, openGuest } from '../../support/guests.ts'
import { createTestMesh, openLinks, until } from '../../support/mesh.ts'

const Plain = WsSocket as unknown as typeof WebSocket

t.test('edits of two peers merge, also if both made some before they met', async t => {
  const { ws } = await buildTestApp(t)
  const a = openEditor(t, 'notes', { endpoint: ws })
  a.text.insert(0, 'from a. ')
  await synced(a)
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'from b. ')
  const b = openEditor(t, 'notes', { endpoint: ws }, doc)
  await synced(b)
  await equal(a, b)
  t.match(a.text.toJSON(), /from a\. /)
  t.match(a.text.toJSON(), /from b\. /)
  b.text.insert(0, 'more ')
  a.text.delete(a.text.length - 2, 2)
  await equal(a, b)
})

t.test('changes of one turn travel in one message, and a change is sent once', async t => {
  const { ws } = await buildTestApp(t)
  const wire = recording(Plain)
  const a = openEditor(t, 'notes', { endpoint: ws, WebSocket: wire.Socket })
  const b = openEditor(t, 'notes', { endpoint: ws })
  await Promise.all([synced(a), synced(b)])
  for (let i = 0; i < 100; i++) a.text.insert(i, 'x')
  await equal(a, b)
  const updates = () => wire.sent.filter(({ type }) => type === 'update')
  t.equal(updates().length, 1)
  t.notOk(updates()[0]!.direct, 'to all')
  b.text.insert(0, 'y')
  await equal(a, b)
  t.equal(updates().length, 1, 'changes of others are not sent again')
})

t.test('a newcomer asks one peer, and gets only what it lacks', async t => {
  const { ws } = await buildTestApp(t)
  const a = openEditor(t, 'notes', { endpoint: ws })
  await synced(a)
  a.text.insert(0, 'old '.repeat(5000))
  const others = await Promise.all(
    [1, 2, 3].map(async () => {
      const other = openEditor(t, 'notes', { endpoint: ws })
      await synced(other)
      return other
    })
  )
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(a.doc))
  a.text.insert(0, 'new ')
  await equal(a, ...others)
  const wire = recording(Plain)
  const late = openEditor(t, 'notes', { endpoint: ws, WebSocket: wire.Socket }, doc)
  await synced(late)
  t.equal(contentOf(late.doc), contentOf(a.doc))
  t.equal(wire.sent.filter(({ type }) => type === 'ask').length, 1)
  const answers = wire.received.filter(message => message.type === 'answer')
  t.equal(answers.length, 1)
  t.ok(answers[0]!.update.length < 100, 'the old text does not travel again')
})

t.test('a newcomer asks the peer on its own machine rather than one behind a link', async t => {
  const { apps } = await createTestMesh(t, 2)
  const [one, other] = apps as [(typeof apps)[0], (typeof apps)[0]]
  await until(() => openLinks(one) === 1 && openLinks(other) === 1)
  const far = recording(Plain)
  const a = openEditor(t, 'notes', { endpoint: one.ws, WebSocket: far.Socket })
  const near = recording(Plain)
  const b = openEditor(t, 'notes', { endpoint: other.ws, WebSocket: near.Socket })
  a.text.insert(0, 'text')
  await Promise.all([synced(a), synced(b)])
  await equal(a, b)
  const asks = (received: typeof far.received) => received.filter(({ type }) => type === 'ask').length
  const before = [asks(far.received), asks(near.received)]
  const late = openEditor(t, 'notes', { endpoint: other.ws })
  await synced(late)
  t.equal(late.text.toJSON(), 'text')
  await until(() => asks(near.received) > before[1]!)
  t.equal(asks(near.received), before[1]! + 1)
  t.equal(asks(far.received), before[0], 'the peer behind the link is not asked')
})

t.test('a document of 10 MB arrives in parts, with the settings of a proxy as they are', async t => {
  const { ws } = await buildTestApp(t)
  const a = openEditor(t, 'notes', { endpoint: ws })
  await synced(a)
  // It is too large for one message, so the others fetch it.
  const b = openEditor(t, 'notes', { endpoint: ws })
  await synced(b)
  a.text.insert(0, 'a large document '.repeat(600_000))
  await equal(a, b)
  const wire = recording(Plain)
  const late = openEditor(t, 'notes', { endpoint: ws, WebSocket: wire.Socket })
  await synced(late)
  t.equal(contentOf(late.doc), contentOf(a.doc))
  const parts = wire.received.filter(({ type }) => type === 'part')
  t.ok(parts.length > 300, `${parts.length} parts`)
})

t.test('after a cut both ends have what was written meanwhile', async t => {
  const { ws } = await buildTestApp(t)
  const network = cuttable()
  const a = openEditor(t, 'notes', { endpoint: ws, WebSocket: network.Socket, reconnect: { maxDelayMs: 20 } })
  const b = openEditor(t, 'notes', { endpoint: ws })
  a.text.insert(0, 'begin ')
  await Promise.all([synced(a), synced(b)])
  await equal(a, b)
  const events: unknown[] = []
  a.provider.on('status', ({ status }) => events.push(status))
  a.provider.on('sync', isSynced => events.push(isSynced))
  network.offline = true
  const lost = new Promise<void>(resolve => a.provider.once('connection-close', () => resolve()))
  network.cut()
  await lost
  t.strictSame(events, [false, 'disconnected', 'connecting'])
  a.text.insert(6, 'written alone ')
  b.text.delete(0, 2)
  b.text.insert(0, 'also ')
  network.offline = false
  await synced(a)
  await equal(a, b)
  t.match(a.text.toJSON(), /^also gin written alone /)
  t.strictSame(events.slice(-2), ['connected', true])
})

t.test('deletions alone reach the others after a disconnect', async t => {
  const { ws } = await buildTestApp(t)
  const a = openEditor(t, 'notes', { endpoint: ws })
  const b = openEditor(t, 'notes', { endpoint: ws })
  const c = openEditor(t, 'notes', { endpoint: ws })
  a.text.insert(0, 'abcdefghijklmnop')
  await Promise.all([synced(a), synced(b), synced(c)])
  await equal(a, b, c)
  for (const [mine, theirs] of [
    [1, 3],
    [3, 1]
  ] as const) {
    a.provider.disconnect()
    t.notOk(a.provider.synced)
    a.text.delete(0, mine)
    b.text.delete(b.text.length - theirs, theirs)
    await equal(b, c)
    a.provider.connect()
    await synced(a)
    await equal(a, b, c)
  }
  t.equal(a.text.toJSON(), 'efghijkl')
})

t.test('an update that did not arrive is fetched when the next one shows the gap', async t => {
  const { ws } = await buildTestApp(t)
  const a = openEditor(t, 'notes', { endpoint: ws })
  let loses = false
  class Losing extends WsSocket {
    override send(data: never): void {
      if (!loses) super.send(data)
    }
  }
  const b = openEditor(t, 'notes', { endpoint: ws, WebSocket: Losing as unknown as typeof WebSocket })
  await Promise.all([synced(a), synced(b)])
  loses = true
  b.text.insert(0, 'lost')
  await new Promise<void>(resolve => queueMicrotask(resolve))
  loses = false
  b.text.insert(4, ' and found')
  await equal(a, b)
  t.equal(a.text.toJSON(), 'lost and found')
})

t.test('a lost update is found when the peers compare their states', async t => {
  const { ws } = await buildTestApp(t)
  const timings = { repeatMs: 50 }
  const a = openEditor(t, 'notes', { endpoint: ws, timings })
  let loses = false
  class Losing extends WsSocket {
    override send(data: never): void {
      if (!loses) super.send(data)
    }
  }
  const b = openEditor(t, 'notes', { endpoint: ws, timings, WebSocket: Losing as unknown as typeof WebSocket })
  await Promise.all([synced(a), synced(b)])
  loses = true
  b.text.insert(0, 'lost')
  await new Promise<void>(resolve => queueMicrotask(resolve))
  loses = false
  await equal(a, b)
  t.equal(a.text.toJSON(), 'lost')
})

t.test('awareness: everyone sees the states of the others, and those of peers that left are gone', async t => {
  const { ws } = await buildTestApp(t)
  const network = cuttable()
  const names = (editor: typeof a): string[] =>
    [...editor.provider.awareness.getStates().values()].map(state => String(state['name'])).toSorted()
  const sees = async (editor: typeof a, ...wanted: string[]): Promise<void> => {
    if (names(editor).join() === wanted.join()) return
    await new Promise<void>(resolve => {
      const check = (): void => {
        if (names(editor).join() !== wanted.join()) return
        editor.provider.awareness.off('change', check)
        resolve()
      }
      editor.provider.awareness.on('change', check)
    })
  }
  const a = openEditor(t, 'notes', { endpoint: ws })
  a.provider.awareness.setLocalStateField('name', 'ann')
  await synced(a)
  const b = openEditor(t, 'notes', { endpoint: ws, WebSocket: network.Socket, reconnect: { maxDelayMs: 20 } })
  b.provider.awareness.setLocalStateField('name', 'bob')
  await Promise.all([sees(a, 'ann', 'bob'), sees(b, 'ann', 'bob')])
  b.provider.awareness.setLocalStateField('name', 'bea')
  await sees(a, 'ann', 'bea')
  network.offline = true
  network.cut()
  await Promise.all([sees(a, 'ann'), sees(b, 'bea')])
  network.offline = false
  await Promise.all([sees(a, 'ann', 'bea'), sees(b, 'ann', 'bea')])
  b.provider.destroy()
  await sees(a, 'ann')
})

t.test('a given channel stays open, and text messages are those of the application', async t => {
  const { ws } = await buildTestApp(t)
  const channel = new NetworkWebSocket('notes', { endpoint: ws })
  const other = new NetworkWebSocket('notes', { endpoint: ws })
  t.teardown(() => [channel, other].map(socket => socket.close()))
  await Promise.all([nextEvent(channel, 'open'), nextEvent(other, 'open')])
  const a = openEditor(t, channel)
  a.text.insert(0, 'text')
  await synced(a)
  // The provider begins long after the join.
  const b = openEditor(t, other)
  await synced(b)
  t.equal(b.text.toJSON(), 'text')
  a.provider.destroy()
  t.equal(channel.readyState, 1)
  const heard = queueEvents(other, 'message')
  channel.send('hello')
  let { data } = await heard.next()
  while (typeof data !== 'string') ({ data } = await heard.next())
  t.equal(data, 'hello')
})

t.test('peers that do not share the document disturb nothing', async t => {
  const { ws } = await buildTestApp(t)
  const stranger = new NetworkWebSocket('notes', { endpoint: ws })
  t.teardown(() => stranger.close())
  await nextEvent(stranger, 'open')
  const a = openEditor(t, 'notes', { endpoint: ws })
  a.text.insert(0, 'text')
  await synced(a)
  const errors: unknown[] = []
  a.provider.on('update-error', error => errors.push(error))
  const hostile: [string, number[]][] = [
    ['nothing', []],
    ['a type alone', [0]],
    ['an unknown type', [77, 1, 2]],
    ['a state vector that lies about its length', [0, 0, 200, 1]],
    ['an update of noise', [0, 2, 4, 250, 251, 252, 253]],
    ['an answer that was not asked for', [0, 1, 2, 0, 0]],
    ['a part that was not asked for', [91, 1, 255, 255, 255, 127, 1, 0]],
    ['awareness of noise', [1, 3, 9, 9, 9]],
    ['a greeting of noise', [90, 1, 1, 1, 2, 255, 255]],
    ['a number without an end', Array.from({ length: 40 }, () => 255)]
  ]
  for (const [, bytes] of hostile) stranger.send(new Uint8Array(bytes))
  const b = openEditor(t, 'notes', { endpoint: ws })
  await synced(b)
  t.equal(b.text.toJSON(), 'text')
  b.text.insert(4, ' goes on')
  await equal(a, b)
  t.equal(a.text.toJSON(), 'text goes on')
  t.ok(errors.length > 0, 'the application can hear of them')
})

t.test('two partitions of a network merge when a link joins them', async t => {
  const [left, right] = await Promise.all([createTestMesh(t, 1), createTestMesh(t, 1)])
  const [one, other] = [left.apps[0]!, right.apps[0]!]
  const editors = [one, one, other, other].map(({ ws }) => openEditor(t, 'notes', { endpoint: ws }))
  for (const [i, { text }] of editors.entries()) text.insert(0, `editor ${i}. `)
  await Promise.all(editors.map(synced))
  for (const [network, { app }] of [
    [left.network, other],
    [right.network, one]
  ] as const)
    network.announce({
      id: app.crypto.proxyId.text,
      addresses: [{ address: '127.0.0.1', port: app.peerMesh.port }]
    })
  await docsUntil(
    editors.map(({ doc }) => doc),
    () => editors.every(({ text }) => text.length === 40)
  )
  await equal(...editors)
})

t.test('a guest edits with the others, also after its screen was dark', async t => {
  const { ws, invite } = await buildHost(t)
  const { url } = await invite('notes')
  const a = openEditor(t, 'notes', { endpoint: ws })
  await synced(a)
  a.text.insert(0, 'a large document '.repeat(60_000))
  const screen = cuttable()
  const phone = openEditor(
    t,
    openGuest(t, url, 'notes', { WebSocket: guestClass(url, screen.Socket), reconnect: true, resume: 15_000 })
  )
  await synced(phone)
  t.equal(contentOf(phone.doc), contentOf(a.doc))
  screen.offline = true
  screen.cut()
  phone.text.insert(0, 'from the phone ')
  a.text.insert(a.text.length, ' from the desk')
  screen.offline = false
  await equal(a, phone)
  t.match(a.text.toJSON(), /^from the phone a large .* from the desk$/)
})
