// Two ends of a conversation over a channel that keeps order and says what it still holds: answers, parts, turns, farewells.
import t, { type Test } from 'tap'
import { Call, type Outcome } from '../../../src/client/bonevalue/call.ts'
import {
  Conversation,
  type ConversationChannel,
  type ConversationEvents,
  type Reply
} from '../../../src/client/bonevalue/conversation.ts'
import { PART_BYTES } from '../../../src/client/bonevalue/parts.ts'
import { pack, type Packed } from '../../../src/client/bonevalue/values.ts'

/** One end of a channel in memory: what is sent stays in it until `flow`. */
class Channel implements ConversationChannel {
  binaryType = ''
  bufferedAmountLowThreshold = 0
  bufferedAmount = 0
  /** Sizes of all that was sent, text as characters. */
  readonly sent: (string | Uint8Array)[] = []
  most = 0
  other: Channel | undefined
  readonly #held: (string | Uint8Array)[] = []
  readonly #messages = new Set<(event: { readonly data: unknown }) => void>()
  readonly #low = new Set<() => void>()

  addEventListener(type: string, listener: (event: never) => void): void {
    if (type === 'message') this.#messages.add(listener as (event: { readonly data: unknown }) => void)
    else this.#low.add(listener as () => void)
  }

  send(data: string | Uint8Array): void {
    this.#held.push(data)
    this.sent.push(data)
    this.bufferedAmount += data.length
    this.most = Math.max(this.most, this.bufferedAmount)
  }

  /** Hands over one message. @returns whether there was one */
  flow(): boolean {
    const data = this.#held.shift()
    if (data === undefined) return false
    const before = this.bufferedAmount
    this.bufferedAmount -= data.length
    for (const listener of this.other!.#messages)
      listener({ data: typeof data === 'string' ? data : data.slice().buffer })
    if (before > this.bufferedAmountLowThreshold && this.bufferedAmount <= this.bufferedAmountLowThreshold)
      for (const listener of this.#low) listener()
    return true
  }
}

type Said = { readonly calls: Call[] }

function pair(
  t: Test,
  answer: ConversationEvents['answer'] = (_module, data, _signal, reply) => reply({ response: data })
) {
  const channels = [new Channel(), new Channel()] as const
  channels[0].other = channels[1]
  channels[1].other = channels[0]
  const byes: Said[] = []
  let broken = 0
  const ends = channels.map(
    channel =>
      new Conversation(channel, {
        answer,
        saidBye: calls => byes.push({ calls }),
        signalled: () => {},
        broken: () => {
          broken++
        },
        changed: () => {}
      } satisfies ConversationEvents)
  )
  t.teardown(() => {
    for (const end of ends) end.end()
  })
  const flow = (): void => {
    while (channels[0].flow() || channels[1].flow());
  }
  return { a: ends[0]!, b: ends[1]!, channels, byes, flow, broken: () => broken }
}

function call(data: unknown, keepAlive = false, timeoutMs = 60_000): { call: Call; outcome: Promise<Outcome> } {
  let made: Call | undefined
  const outcome = new Promise<Outcome>(resolve => {
    made = new Call({ module: 'echo', data: pack(data) as Packed, keepAlive }, timeoutMs, resolve)
  })
  return { call: made!, outcome }
}

t.test('several requests at once find their answers, both ways', async t => {
  const { a, b, flow } = pair(t)
  const calls = [a, b, a, a, b].map((end, n) => {
    const each = call([n])
    end.ask(each.call)
    return each.outcome
  })
  t.ok(a.isBusy && b.isBusy)
  flow()
  t.strictSame(
    await Promise.all(calls),
    [0, 1, 2, 3, 4].map(n => ({ response: [n] }))
  )
  t.notOk(a.isBusy || b.isBusy)
})

t.test('a long text goes in parts, with never more in the channel than it takes, and lets short ones pass', async t => {
  const {
    a,
    channels: [channel],
    flow
  } = pair(t)
  const text = 'ä€😀'.repeat(300_000)
  const order: string[] = []
  const long = call(text)
  const short = call('short')
  void long.outcome.then(() => order.push('long'))
  void short.outcome.then(() => order.push('short'))
  a.ask(long.call)
  a.ask(short.call)
  t.ok(a.isBusy)
  flow()
  t.strictSame(await long.outcome, { response: text })
  t.strictSame(order, ['short', 'long'])
  t.ok(channel.most <= 256 * 1024 + PART_BYTES, `${channel.most} bytes at most`)
  t.ok(channel.sent.filter(data => typeof data !== 'string').every(({ length }) => length <= PART_BYTES))
})

t.test('many long texts take turns, four at a time', async t => {
  const {
    a,
    channels: [channel],
    flow
  } = pair(t, (_module, data, _signal, reply) => reply({ response: String(data).length }))
  const calls = Array.from({ length: 10 }, (_, n) => {
    const each = call('x'.repeat(200_000 + n))
    a.ask(each.call)
    return each.outcome
  })
  flow()
  t.strictSame(
    await Promise.all(calls),
    Array.from({ length: 10 }, (_, n) => ({ response: 200_000 + n }))
  )
  const numbers = channel.sent
    .filter(data => typeof data !== 'string')
    .map(data => new DataView(data.buffer, data.byteOffset).getUint32(0))
  t.ok(
    numbers.some((_, at) => new Set(numbers.slice(at, at + 4)).size === 4),
    'they take turns'
  )
  const open = numbers.map(
    (_, at) => new Set(numbers.slice(0, at + 1).filter(number => numbers.indexOf(number, at) >= 0)).size
  )
  t.equal(Math.max(...open), 4, 'four are on their way')
})

t.test('ordered requests arrive in their order, whatever their lengths', async t => {
  const arrived: unknown[] = []
  const { a, flow } = pair(t, (_module, data, _signal, reply) => {
    arrived.push((data as { n: number }).n)
    reply({ response: null })
  })
  const lengths = [400_000, 300_000, 10, 200_000, 0, 100_000]
  for (const [n, length] of lengths.entries()) {
    const data = pack({ n, bytes: new Uint8Array(length) }, true) as Packed
    a.ask(new Call({ module: 'echo', data, keepAlive: false, isOrdered: true }, 60_000, () => {}))
  }
  a.ask(call({ n: 'passes' }).call)
  flow()
  t.strictSame(arrived, ['passes', ...lengths.keys()])
})

t.test("a request that is not answered times out, and a late answer is nobody's", async t => {
  let late: Reply | undefined
  const { a, flow, broken } = pair(t, (_module, _data, _signal, reply) => {
    late = reply
  })
  const { call: made, outcome } = call(1, false, 10)
  a.ask(made)
  flow()
  t.strictSame(await outcome, { code: 'TIMEOUT' })
  t.notOk(a.isBusy)
  late!({ response: 1 })
  late!({ response: 2 })
  flow()
  t.equal(broken(), 0)
})

t.test('who says bye has answered all that it took; the rest may be asked again', async t => {
  const { a, b, byes, flow } = pair(t)
  a.sayBye()
  const { call: made } = call('crosses the farewell')
  b.ask(made)
  flow()
  t.strictSame(byes, [{ calls: [made] }], 'the call comes back, unanswered')
  t.notOk(made.isSettled)
  made.settle({ code: 'TIMEOUT' })
})

t.test('the end gives back what has no answer', async t => {
  const { a, flow } = pair(t, () => {})
  const { call: made } = call(1)
  a.ask(made)
  flow()
  t.strictSame(a.end(), [made])
  made.settle({ code: 'PEER_GONE' })
})

t.test('answers that cannot be written, and too many requests, are said', async t => {
  const circle: { self?: unknown } = {}
  circle.self = circle
  const { a, flow } = pair(t, (_module, data, _signal, reply) => {
    if (data !== 'wait') reply({ response: data === 'circle' ? circle : 'x'.repeat(2 ** 25) })
  })
  for (const [what, code] of [
    ['circle', 'NOT_JSON'],
    ['large', 'TOO_LARGE']
  ] as const) {
    const { call: made, outcome } = call(what)
    a.ask(made)
    flow()
    t.strictSame(await outcome, { code })
  }
  const many = Array.from({ length: 1001 }, () => call('wait'))
  for (const each of many) a.ask(each.call)
  flow()
  t.strictSame(await many[1000]!.outcome, { code: 'BUSY' })
  for (const each of many) each.call.settle({ code: 'TIMEOUT' })
})

t.test('whatever the other end sends, it breaks nothing but the conversation', async t => {
  for (const data of [
    '',
    'null',
    '[]',
    '{"id":0,"module":"x"}',
    '{"id":1}',
    '{"id":1,"code":"toString"}',
    new Uint8Array(4),
    new Uint8Array(PART_BYTES + 1),
    new Uint8Array([0, 0, 0, 1, 255, 255, 255, 255, 1]),
    new Uint8Array([0, 0, 0, 1, 0, 0, 0, 1, 255])
  ]) {
    const { channels, flow, broken } = pair(t)
    channels[0].send(data)
    flow()
    t.equal(broken(), 1, typeof data === 'string' ? data : `${data.length} bytes`)
  }
  const { channels, flow, broken } = pair(t)
  for (let number = 1; number <= 5; number++) channels[0].send(new Uint8Array([0, 0, 0, number, 0, 1, 0, 0, 1]))
  flow()
  t.equal(broken(), 1, 'five texts at once')
  for (const harmless of ['{"id":5,"response":1}', '{"pong":9}', '{"id":9,"code":"BUSY"}']) {
    const {
      channels: [channel],
      flow: run,
      broken: count
    } = pair(t)
    channel.send(harmless)
    run()
    t.equal(count(), 0, harmless)
  }
})
