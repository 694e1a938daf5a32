// The parts of the timeline that need no page: what it keeps, its format, replay in virtual time, links, bytes.
import t from 'tap'
import { hexOf, jsonOf, textOf } from '../../src/console/timeline/bytes.ts'
import { lengthOf, payloadOf, type Moment, type Payload } from '../../src/console/timeline/entry.ts'
import { fromJsonLines, toJsonLines } from '../../src/console/timeline/json-lines.ts'
import { LinkWatch, type LinkState } from '../../src/console/timeline/links.ts'
import { Memory, Recorder } from '../../src/console/timeline/recorder.ts'
import { Replay, type Outcome } from '../../src/console/timeline/replay.ts'
import { seededRandom } from '../support/random.ts'
import { SimulatedClock } from '../support/simulation.ts'

const NOTHING = { from: '', to: '', proxy: '', own: false }
const text = (text: string): Payload => ({ type: 'text', text })
const message = (at: number, from: string, payload: Payload = text('hello'), more: Partial<Moment> = {}): Moment => ({
  ...NOTHING,
  at,
  kind: 'message',
  from,
  payload,
  ...more
})
const presence = (at: number, kind: 'join' | 'leave', from: string): Moment => ({ ...NOTHING, at, kind, from })

t.test('a peer that comes too late for a message is found', async t => {
  const recorder = new Recorder(new Memory())
  recorder.add(presence(0, 'join', 'app'))
  recorder.add(presence(1, 'join', 'early'))
  const first = recorder.add(message(10, 'app'))
  recorder.add(message(11, 'app', text('for one alone'), { to: 'early' }))
  const late = recorder.add(presence(250, 'join', 'late'))
  const second = recorder.add(message(300, 'app'))
  recorder.add(presence(400, 'leave', 'early'))
  const third = recorder.add(message(500, 'app'))

  t.strictSame(recorder.presentAt(first), ['early'])
  t.strictSame(recorder.cameAfter(first), [{ id: 'late', afterMs: 240 }])
  t.equal(late.missed, 1, 'direct messages to others are not for it')
  t.equal(late.missedAgoMs, 240)
  t.strictSame(recorder.presentAt(second), ['early', 'late'])
  t.strictSame(recorder.cameAfter(second), [])
  t.strictSame(recorder.presentAt(third), ['late'])
  t.equal(second.sinceMs, 50)
  recorder.learn('app', 'proxy-1')
  t.equal(recorder.proxyOf(first), 'proxy-1')
})

t.test('recorders share one limit, and the oldest moments of all go first', async t => {
  const memory = new Memory(10_000)
  const one = new Recorder(memory)
  const other = new Recorder(memory)
  for (let at = 0; at < 200; at++) (at % 2 === 0 ? one : other).add(message(at, 'p', text('x'.repeat(100))))
  t.ok(memory.bytes <= 10_000)
  t.ok(memory.bytes > 9000, 'the limit is used')
  t.equal(one.length + one.dropped, 100)
  t.ok(Math.abs(one.length - other.length) <= 1)
  t.equal(one.all().at(-1)?.at, 198)
  one.close()
  other.close()
  t.equal(memory.bytes, 0)
  const large = new Recorder(memory)
  large.add(message(0, 'p', { type: 'binary', bytes: new Uint8Array(20_000) }))
  t.equal(large.length, 0, 'a message above the limit is not kept')
  t.equal(large.dropped, 1)
})

t.test('many small messages stay in order while the oldest go', async t => {
  const recorder = new Recorder(new Memory(5_000_000))
  let heard = 0
  recorder.onadded = () => heard++
  const begun = performance.now()
  for (let at = 0; at < 30_000; at++) recorder.add(message(at, 'p'))
  t.comment(`30,000 moments in ${Math.round(performance.now() - begun)} ms`)
  t.equal(heard, 30_000)
  t.equal(recorder.length + recorder.dropped, 30_000)
  t.ok(recorder.length > 15_000)
  t.equal(recorder.all(10).length, 10)
  t.equal(recorder.all().length, recorder.length)
  t.equal(recorder.first?.at, recorder.dropped)
})

t.test('a timeline survives export and import, with every kind of data', async t => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, index) => index % 256)
  const moments: Moment[] = [
    presence(1_700_000_000_000.25, 'join', 'a_peer-1'),
    message(1_700_000_000_001, 'a', text('línea 1\nline 2 \u2028 \ud800 "quoted"')),
    message(1_700_000_000_002, 'a', { type: 'json', text: '{"n":12345678901234567890, "f":1.0}' }, { proxy: 'here' }),
    message(1_700_000_000_002, 'b', { type: 'binary', bytes }, { to: 'a', own: true }),
    message(1_700_000_000_003, 'b', { type: 'binary', bytes: new Uint8Array() }),
    message(1_700_000_000_004, '', text('')),
    { ...NOTHING, at: 1_700_000_000_005, kind: 'link', proxy: 'other', words: 'The link is lost.' },
    presence(1_700_000_000_006, 'leave', 'a_peer-1')
  ]
  const file = toJsonLines(moments, 7)
  t.strictSame(fromJsonLines(file), { moments, dropped: 7 })
  t.equal(file.split('\n').length, moments.length + 2, 'one line each')
  const edited = `\uFEFF${file.replaceAll('\n', '\r\n')}\r\n`
  t.strictSame(fromJsonLines(edited), { moments, dropped: 7 }, 'also after an editor of Windows')
  t.strictSame(fromJsonLines(toJsonLines([], 0)), { moments: [], dropped: 0 })
})

t.test('a bad file is refused with one sentence that names the line', async t => {
  const head = '{"format":"nws-timeline","version":1}'
  const good = '{"at":1,"kind":"join","from":"a"}'
  for (const [name, file, sentence] of [
    ['empty', '', /first line must have "format"/],
    ['text', 'hello', /first line must have "format"/],
    ['list', '[]', /first line must have "format"/],
    ['another format', '{"format":"har","version":1}', /first line must have "format"/],
    ['later version', '{"format":"nws-timeline","version":2}', /another version.*reads version 1/],
    ['no version', '{"format":"nws-timeline"}', /another version/],
    ['not JSON', `${head}\n${good}\n{`, /^Line 3: it is not one JSON object/],
    ['number', `${head}\n7`, /^Line 2: it is not one JSON object/],
    ['no time', `${head}\n{"kind":"join"}`, /^Line 2: "at"/],
    ['text as time', `${head}\n{"at":"1","kind":"join"}`, /^Line 2: "at"/],
    ['huge time', `${head}\n{"at":1e300,"kind":"join"}`, /^Line 2: "at"/],
    ['negative time', `${head}\n{"at":-1,"kind":"join"}`, /^Line 2: "at"/],
    ['unknown kind', `${head}\n{"at":1,"kind":"__proto__"}`, /^Line 2: "kind"/],
    ['id of markup', `${head}\n{"at":1,"kind":"join","from":"a b"}`, /^Line 2: "from"/],
    ['long id', `${head}\n{"at":1,"kind":"join","from":"${'a'.repeat(256)}"}`, /^Line 2: "from"/],
    ['own', `${head}\n{"at":1,"kind":"join","own":1}`, /^Line 2: "own"/],
    ['long words', `${head}\n{"at":1,"kind":"page","words":"${'a'.repeat(501)}"}`, /^Line 2: "words"/],
    ['no data', `${head}\n{"at":1,"kind":"message"}`, /^Line 2: a message needs one of/],
    ['two data', `${head}\n{"at":1,"kind":"message","text":"a","json":"1"}`, /^Line 2: a message needs one of/],
    ['bad base64', `${head}\n{"at":1,"kind":"message","binary":"a?=="}`, /^Line 2: "binary"/],
    ['short base64', `${head}\n{"at":1,"kind":"message","binary":"abc"}`, /^Line 2: "binary"/],
    ['bad JSON', `${head}\n{"at":1,"kind":"message","json":"{"}`, /^Line 2: "json"/],
    ['order', `${head}\n{"at":2,"kind":"join"}\n${good}`, /^Line 3: it is earlier/],
    ['too large', `${head}\n${' '.repeat(50_000_000)}`, /more than 50 MB/]
  ] as const) {
    const read = fromJsonLines(file)
    t.match('error' in read ? read.error : '', sentence, name)
  }
})

function startReplay(moments: readonly Moment[], outcome: (moment: Moment) => Outcome = () => 'sent') {
  const clock = new SimulatedClock(seededRandom(2))
  const began = clock.now()
  const sent: [at: number, afterMs: number][] = []
  const send = (moment: Moment): Outcome => {
    const result = outcome(moment)
    if (result === 'sent') sent.push([moment.at, clock.now() - began])
    return result
  }
  const replay = new Replay(moments, { clock, send }, () => {})
  return { replay, sent, pass: (ms: number) => clock.run(clock.now() + ms) }
}
const THREE = [
  presence(0, 'join', 'a'),
  message(5000, 'a'),
  message(5100, 'a'),
  presence(5200, 'leave', 'a'),
  message(6000, 'a')
]

t.test('a replay keeps the recorded pauses, or is ten times as fast', async t => {
  for (const [speed, times] of [
    [1, [0, 100, 1000]],
    [10, [0, 10, 100]]
  ] as const) {
    const { replay, sent, pass } = startReplay(THREE)
    replay.play(speed)
    t.equal(replay.state, 'playing')
    pass(5000)
    t.strictSame(sent, [
      [5000, times[0]],
      [5100, times[1]],
      [6000, times[2]]
    ])
    t.match(replay, { state: 'done', sent: 3, leftOut: 0, total: 3 })
  }
})

t.test('a replay goes step by step, stops, and goes on', async t => {
  const { replay, sent, pass } = startReplay(THREE)
  replay.step()
  pass(60_000)
  t.strictSame(sent, [[5000, 0]])
  t.equal(replay.state, 'ready')
  replay.play(1)
  t.strictSame(sent.at(-1), [5100, 60_000], 'the next one goes at once')
  pass(500)
  replay.stop()
  pass(60_000)
  t.equal(sent.length, 2)
  t.equal(replay.state, 'stopped')
  replay.step()
  t.equal(replay.state, 'done')
  replay.step()
  t.equal(sent.length, 3)
})

t.test('a replay leaves out direct messages whose receiver is not here, and ends if the channel is lost', async t => {
  const direct = [message(0, 'a'), message(1, 'a', text('x'), { to: 'b' }), message(2, 'a')]
  const { replay, sent, pass } = startReplay(direct, ({ to }) => (to === '' ? 'sent' : 'left out'))
  replay.play(1)
  pass(10)
  t.match(replay, { state: 'done', sent: 2, leftOut: 1 })
  t.equal(sent.length, 2)
  let joined = true
  const other = startReplay(direct, () => (joined ? 'sent' : 'unreachable'))
  other.replay.play(1)
  joined = false
  other.pass(10)
  t.match(other.replay, { state: 'unreachable', sent: 1 })
  joined = true
  other.replay.play(1)
  other.pass(10)
  t.match(other.replay, { state: 'done', sent: 3 })
})

t.test('ten thousand messages of one moment are sent in pieces', async t => {
  const { replay, pass } = startReplay(Array.from({ length: 10_000 }, () => message(1, 'a')))
  replay.play(1)
  t.equal(replay.sent, 100)
  pass(1)
  t.match(replay, { state: 'done', sent: 10_000 })
})

t.test('links that break, go on and end are told apart', async t => {
  const watch = new LinkWatch('room')
  const link = (state: LinkState['state'], resumptions: number, channels = ['room']): LinkState => ({
    proxyId: 'other',
    state,
    resumptions,
    channels
  })
  const words = (...links: LinkState[]) => watch.look(links).map(change => change.words.split('.')[0])
  t.strictSame(words(link('open', 0, ['another'])), [])
  t.strictSame(words(link('open', 0)), ['A link carries the channel'])
  t.strictSame(words(link('open', 0)), [])
  t.strictSame(words(link('resuming', 0)), ['The link is lost'])
  t.strictSame(words(link('resuming', 0)), [])
  t.strictSame(words(link('open', 1)), ['The link was lost and goes on'])
  t.strictSame(words(link('open', 3)), ['The link was lost and goes on'], 'between two looks')
  t.strictSame(words(), ['No link carries the channel any more'])
})

t.test('the bytes of a message are shown as hex, text and JSON', async t => {
  t.equal(
    hexOf(Buffer.from('{"a":"\u00e9"}\n0123456789')),
    '00000000  7b 22 61 22 3a 22 c3 a9 22 7d 0a 30 31 32 33 34  {"a":"..".}.01234'.replace('".}', '"}') +
      '\n00000010  35 36 37 38 39                                   56789'
  )
  t.equal(hexOf(new Uint8Array(5000)).split('\n').length, 256, 'shortened')
  t.equal(textOf({ type: 'binary', bytes: new Uint8Array([0xff]) }), undefined)
  t.equal(textOf({ type: 'binary', bytes: new Uint8Array([0x61]) }), 'a')
  t.equal(jsonOf({ type: 'json', text: '7' }), '7')
  t.equal(jsonOf(text('7')), undefined, 'a string is no number')
  t.equal(jsonOf(text('{"a":1}')), '{\n  "a": 1\n}', 'applications send JSON as strings')
  t.equal(jsonOf(text('{hello')), undefined)
  t.equal(jsonOf({ type: 'binary', bytes: new Uint8Array([0xff]) }), undefined)
  t.equal(lengthOf(text('\u00e9a')), 3)
  t.strictSame(payloadOf('7', 7), { type: 'json', text: '7' })
  t.strictSame(payloadOf('7', '7'), text('7'))
  t.strictSame(payloadOf('raw', undefined), text('raw'))
})
