// Every message of a round changed on its way, and peers that send what no honest side sends: the link closes, nothing
// is confirmed, nothing is thrown.
import t from 'tap'
import { RoundInitiator } from '../../../src/core/link/matching/round/round-initiator.ts'
import { RoundResponder } from '../../../src/core/link/matching/round/round-responder.ts'
import { createRoundRandomness, type RoundRandomness } from '../../../src/core/link/matching/round/round.ts'
import {
  readM1Header,
  readM2Header,
  writeElements,
  writeItems
} from '../../../src/core/link/matching/round/round-messages.ts'
import { pairKeys, pairSession, roundTranscript } from '../../../src/core/link/matching/round/round-values.ts'
import { concat } from '../../../src/core/bytes.ts'
import { runToEnd } from '../../../src/core/link/result.ts'
import {
  handlesByName,
  messageNames,
  primitives,
  roundContext,
  runRound,
  unhex,
  utf8,
  vectors,
  type MessageName,
  type RoundOutcome
} from '../../support/link.ts'

const random = createRoundRandomness(primitives)
// All eight slots are common, so that every byte of every message matters.
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const setup = { namesI: names, namesR: names.toReversed() }
const itemBytes: Record<MessageName, number> = { M1: 32, M2: 32, M3: 16, M4: 48, M5: 64, M6: 32 }
const headerBytes: Record<MessageName, number> = { M1: 6, M2: 6, M3: 4, M4: 4, M5: 4, M6: 4 }
const receiver: Record<MessageName, 'I' | 'R'> = { M1: 'R', M2: 'I', M3: 'R', M4: 'I', M5: 'R', M6: 'I' }

/** A round in which one message is changed. */
function changed(message: MessageName, change: (body: Uint8Array) => Uint8Array): RoundOutcome {
  return runRound({ ...setup, tamper: (name, body) => (name === message ? change(body) : body) })
}

const flip =
  (bit: number) =>
  (body: Uint8Array): Uint8Array =>
    body.with(bit >> 3, body[bit >> 3]! ^ (1 << (bit & 7)))

/** How many channels either side confirmed. */
const confirmed = (outcome: RoundOutcome): number[] => [
  outcome.confirmedI?.length ?? 0,
  outcome.confirmedR?.length ?? 0
]

t.test('unchanged, all eight are confirmed', async t => {
  t.strictSame(confirmed(runRound(setup)), [8, 8])
})

/** Bits to flip: all of the header, and some of the first, a middle and the last item: both ends and every part. */
function bitsOf(message: MessageName): { header: number[]; items: number[] } {
  const [header, item] = [headerBytes[message], itemBytes[message]]
  const bytes = [0, 1, 15, 16, 31, 32, 47, 48, 63].filter(byte => byte < item)
  const items = [0, 3, 7].flatMap(slot =>
    bytes.flatMap(byte => [0, 7].map(bit => 8 * (header + slot * item + byte) + bit))
  )
  return { header: Array.from({ length: 8 * header }, (_, bit) => bit), items }
}

t.test('a flipped bit before the elements or items closes, or confirms nothing', async t => {
  for (const message of messageNames) {
    for (const bit of bitsOf(message).header) {
      const outcome = changed(message, flip(bit))
      // M6 comes after R confirmed; I confirms nothing, and its close ends the link.
      const expected = message === 'M6' ? [0, 8] : [0, 0]
      t.strictSame(confirmed(outcome), expected, `${message}, bit ${bit}`)
      const isFlag = headerBytes[message] === 6 && bit >> 3 === 4
      if (!isFlag)
        t.match(outcome.fault, { close: 1002, at: message, by: receiver[message] }, `${message}, bit ${bit} closes`)
    }
  }
})

t.test('a flipped bit in an element, hint, share or tag confirms no wrong channel', async t => {
  for (const message of messageNames) {
    for (const bit of bitsOf(message).items) {
      const outcome = changed(message, flip(bit))
      const label = `${message}, bit ${bit}`
      if (message === 'M3') {
        // A hint only proposes a pair: the others go on, this one is missing.
        t.strictSame(confirmed(outcome), [7, 7], label)
        t.strictSame(
          handlesByName(setup.namesI, outcome.confirmedI!).get('a'),
          handlesByName(setup.namesR, outcome.confirmedR!).get('a'),
          label
        )
      } else {
        t.strictSame(confirmed(outcome), message === 'M6' ? [0, 8] : [0, 0], label)
      }
      if (message === 'M4' || message === 'M5' || message === 'M6') t.match(outcome.fault, { close: 1008 }, label)
      if (outcome.fault !== undefined) t.equal(outcome.fault.close, 1008, label)
    }
  }
})

t.test('a wrong tag_I gets no M6, for no pair', async t => {
  for (let slot = 0; slot < 8; slot++) {
    const outcome = changed('M5', flip(8 * (4 + slot * 64 + 40)))
    t.match(outcome.fault, { by: 'R', at: 'M5', close: 1008 })
    t.equal(outcome.sent.M6, undefined)
    t.equal(outcome.confirmedR, undefined)
  }
})

t.test('a truncated or extended message closes with 1002', async t => {
  for (const message of messageNames) {
    const item = itemBytes[message]
    const changes: [string, (body: Uint8Array) => Uint8Array][] = [
      ['empty', () => new Uint8Array(0)],
      ['one byte', body => body.subarray(0, 1)],
      ['the header alone', body => body.subarray(0, headerBytes[message])],
      ['a byte short of the header', body => body.subarray(0, headerBytes[message] - 1)],
      ['a byte less', body => body.subarray(0, -1)],
      ['a byte more', body => concat(body, new Uint8Array(1))],
      ['an item less', body => body.subarray(0, -item)],
      ['an item more', body => concat(body, body.subarray(-item))],
      ['twice', body => concat(body, body)],
      ['64 KiB', body => concat(body, new Uint8Array(65_536))]
    ]
    for (const [what, change] of changes) {
      const outcome = changed(message, change)
      t.match(outcome.fault, { close: 1002, at: message, by: receiver[message] }, `${message}: ${what}`)
      t.equal(outcome.confirmedI, undefined)
    }
  }
})

t.test('a message of another round closes with 1002', async t => {
  for (const message of messageNames) {
    t.match(changed(message, body => body.with(3, 1)).fault, { close: 1002, at: message }, message)
    t.match(changed(message, body => body.with(0, 0x80)).fault, { close: 1002, at: message }, message)
  }
})

t.test('a size out of range, or one that the length contradicts, closes with 1002', async t => {
  const elements = (count: number): Uint8Array[] =>
    Array.from({ length: count }, () => primitives.fromHash(primitives.randomBytes(64)))
  for (const message of ['M1', 'M2'] as const) {
    for (const n of [0, 1, 2, 4, 9, 10, 31, 32, 255]) {
      t.match(changed(message, body => body.with(5, n)).fault, { close: 1002, at: message }, `${message}, n = ${n}`)
    }
    for (const size of [1, 2, 4, 1024]) {
      const body = writeElements(0, 0, elements(size))
      t.match(changed(message, () => body).fault, { close: 1002, at: message }, `${message} with ${size} elements`)
    }
  }
})

t.test('flags that M1 and M2 cannot have close with 1002', async t => {
  const body = (flags: number): Uint8Array =>
    writeElements(
      0,
      flags,
      Array.from({ length: 8 }, () => new Uint8Array(32))
    )
  for (let flags = 0; flags < 256; flags++) {
    const fine1 = flags < 8 && (flags & 6) !== 6
    const header1 = readM1Header(0, body(flags))
    t.ok(
      header1.ok === fine1 &&
        (header1.ok ? header1.value.flags === flags && header1.value.size === 8 : header1.close === 1002),
      `M1, ${flags}`
    )
    const header2 = readM2Header(0, body(flags))
    t.ok(header2.ok === (flags === 0 || flags === 4) && (header2.ok || header2.close === 1002), `M2, ${flags}`)
  }
  t.match(changed('M1', body => body.with(4, 6)).fault, { close: 1002, at: 'M1' })
  t.match(changed('M2', body => body.with(4, 1)).fault, { close: 1002, at: 'M2' })
})

const { invalid_encodings: invalid } = vectors('ristretto.json') as { invalid_encodings: string[] }
const notElements = ['00'.repeat(32), ...invalid.slice(0, 12)].map(unhex)

/** A body in which the item part of a slot is replaced. */
const put =
  (header: number, item: number, slot: number, part: Uint8Array) =>
  (body: Uint8Array): Uint8Array => {
    const copy = body.slice()
    copy.set(part, header + slot * item)
    return copy
  }

t.test('the identity and non-canonical elements close with 1008 wherever an element stands', async t => {
  for (const bytes of notElements) {
    for (const slot of [0, 5, 7]) {
      t.match(changed('M1', put(6, 32, slot, bytes)).fault, { close: 1008, at: 'M1', by: 'R' }, 'M1')
      t.match(changed('M2', put(6, 32, slot, bytes)).fault, { close: 1008, at: 'M2', by: 'I' }, 'M2')
      t.match(changed('M4', put(4 + 16, 48, slot, bytes)).fault, { close: 1008, at: 'M4', by: 'I' }, 'Z_R')
      t.match(changed('M5', put(4, 64, slot, bytes)).fault, { close: 1008, at: 'M5', by: 'R' }, 'Z_I')
    }
  }
})

t.test('the same element twice in M1 or M2 closes with 1008', async t => {
  for (const message of ['M1', 'M2'] as const) {
    for (const [from, to] of [
      [0, 1],
      [7, 0],
      [3, 6]
    ] as const) {
      const outcome = changed(message, body => put(6, 32, to, body.slice(6 + 32 * from, 38 + 32 * from))(body))
      t.match(outcome.fault, { close: 1008, at: message, by: receiver[message] })
    }
  }
})

t.test('own elements that come back in M2 close with 1008, one or all', async t => {
  for (const count of [1, 8]) {
    let m1 = new Uint8Array(0)
    const outcome = runRound({
      ...setup,
      tamper: (name, body) => {
        if (name === 'M1') m1 = body.slice()
        return name === 'M2' ? put(6, 32, 0, m1.slice(6, 6 + 32 * count))(body) : body
      }
    })
    t.match(outcome.fault, { close: 1008, at: 'M2', by: 'I' })
  }
})

t.test('a hint given twice closes with 1008, in M3 and in M4', async t => {
  t.match(changed('M3', body => put(4, 16, 1, body.slice(4, 20))(body)).fault, { close: 1008, at: 'M3', by: 'R' })
  t.match(changed('M4', body => put(4, 48, 7, body.slice(4, 20))(body)).fault, { close: 1008, at: 'M4', by: 'I' })
  t.match(
    changed('M3', body => concat(body.subarray(0, 4), ...Array.from({ length: 8 }, () => body.subarray(4, 20)))).fault,
    { close: 1008, at: 'M3' }
  )
})

t.test('every channel pays before a double hint closes', async t => {
  let asked = 0
  const outcome = runRound({
    ...setup,
    tamper: (name, body) => (name === 'M3' ? put(4, 16, 1, body.slice(4, 20))(body) : body),
    pay: () => ++asked > 0
  })
  t.match(outcome.fault, { close: 1008, at: 'M3' })
  t.equal(asked, 8)
})

/** Randomness with these scalars, that shuffles nothing. */
const drawing = (...scalars: Uint8Array[]): RoundRandomness => ({
  ...random,
  scalar: () => scalars.shift()!.slice(),
  order: size => Array.from({ length: size }, (_, index) => index)
})

t.test('a share that comes back closes with 1008 on either side', async t => {
  // R answers Z_R; I sends the same share with any tag.
  let m4 = new Uint8Array(0)
  const reflected = runRound({
    ...setup,
    tamper: (name, body) => {
      if (name === 'M4') m4 = body.slice()
      return name === 'M5' ? put(4, 64, 0, m4.slice(20, 52))(body) : body
    }
  })
  t.match(reflected.fault, { close: 1008, at: 'M5', by: 'R' })

  // With equal scalars on both sides Z_I = Z_R, and every tag would fit.
  const context = roundContext()
  const share = random.scalar()
  const initiator = new RoundInitiator(context, [utf8('webchat')], 0, drawing(random.scalar(), share))
  const responder = new RoundResponder(context, drawing(random.scalar(), share))
  const m1 = runToEnd(initiator.m1())
  const m2 = runToEnd(responder.onM1(m1, [utf8('webchat')], 0))
  const m3 = m2.ok ? runToEnd(initiator.onM2(m2.value)) : m2
  const answer = m3.ok ? runToEnd(responder.onM3(m3.value.m3, () => true)) : m3
  if (!m2.ok || !answer.ok) throw new Error('the round failed')
  t.match(runToEnd(initiator.onM4(answer.value)), { ok: false, close: 1008 }, "I refuses R's share")

  // R refuses it too, from an I that does not check.
  const sid = pairSession(context, roundTranscript(context, m1, m2.value), 0, 0)
  const Z = answer.value.slice(20, 52)
  const keys = pairKeys(context, sid, primitives.scalarMult(share, Z)!, Z, Z)
  const m5 = writeItems(
    0,
    Array.from({ length: 8 }, (_, slot) => (slot === 0 ? concat(Z, keys.tagI) : primitives.randomBytes(64)))
  )
  t.match(runToEnd(responder.onM5(m5)), { ok: false, close: 1008 }, 'R refuses its own share')
})

t.test('messages of another round of the same link and names confirm nothing', async t => {
  const context = roundContext()
  const recorded = runRound({ ...setup, contextI: context })
  t.strictSame(confirmed(recorded), [8, 8])
  for (const message of messageNames) {
    const outcome = runRound({
      ...setup,
      contextI: context,
      tamper: (name, body) => (name === message ? recorded.sent[message]! : body)
    })
    t.strictSame(confirmed(outcome), message === 'M6' ? [0, 8] : [0, 0], `${message} replayed`)
  }
})

t.test('random bytes of the right form confirm nothing and throw nothing', async t => {
  for (const message of messageNames) {
    const outcome = changed(message, body =>
      concat(body.subarray(0, headerBytes[message]), primitives.randomBytes(body.length - headerBytes[message]))
    )
    t.strictSame(confirmed(outcome), message === 'M6' ? [0, 8] : [0, 0], message)
  }
})
