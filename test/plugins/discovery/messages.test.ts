// Packets to records and back, and that no packet can break the reader. Not the meaning of records.
import { decode, encode, type Answer } from 'dns-packet'
import { array, assert, nat, property, tuple, uint8Array } from 'fast-check'
import t from 'tap'
import type { DiscoveryRecord } from '../../../src/core/dns-sd/records.ts'
import { readResponse, writeBrowseQuery, writeQuery, writeResponse } from '../../../src/plugins/discovery/messages.ts'

const name = 'vt3nu2ld32255xyewqkipxhbpy._nws._tcp.local'
const answers: Answer[] = [
  { type: 'PTR', name: '_nws._tcp.local', ttl: 4500, data: name },
  { type: 'SRV', name, ttl: 120, flush: true, data: { target: 'abc.local', port: 4000 } },
  { type: 'TXT', name, ttl: 4500, flush: true, data: ['v=3'] },
  { type: 'A', name: 'abc.local', ttl: 120, flush: true, data: '10.0.0.2' },
  { type: 'AAAA', name: 'abc.local', ttl: 120, flush: true, data: 'fe80::1' }
]
const good = writeResponse(answers)
const patched = (offset: number, value: number) => {
  const packet = Buffer.from(good)
  packet.writeUInt16BE(value, offset)
  return packet
}

t.test('a response is read, answers and additional records alike', async t => {
  const records = readResponse(good)
  t.strictSame(
    records?.map(({ type }) => type),
    ['PTR', 'SRV', 'TXT', 'A', 'AAAA']
  )
  t.match(records?.[1], { name, ttl: 120, flush: true, target: 'abc.local', port: 4000 })
  t.equal(readResponse(writeResponse(answers.slice(0, 1), answers.slice(1)))?.length, 5)
  t.strictSame(readResponse(writeResponse([])), [])
})

t.test('names have one form, dots in labels and letters beyond ASCII survive', async t => {
  const of = (data: string) =>
    readResponse(writeResponse([{ type: 'PTR', name: '_NWS._Tcp.LOCAL', ttl: 1, data }]))![0] as {
      name: string
      target: string
    }
  t.equal(of('x').name, '_nws._tcp.local')
  t.equal(of('ABC.Def._nws._tcp.local').target, 'abc.def._nws._tcp.local')
  t.equal(of('Ärger._nws._tcp.local').target, 'Ärger._nws._tcp.local', 'only ASCII letters are without case')
  t.not(of('\u212Anws.local').target, 'knws.local', 'the Kelvin sign is no k')
})

t.test('TXT pairs: keys without case, the first counts, any key is harmless', async t => {
  const of = (...data: string[]) =>
    (readResponse(writeResponse([{ type: 'TXT', name, ttl: 1, data }]))![0] as DiscoveryRecord & { type: 'TXT' }).pairs
  t.strictSame(
    [...of('V=2', 'v=3', 'x', '=y', 'a=b=c', '__proto__=1')],
    [
      ['v', '2'],
      ['x', ''],
      ['a', 'b=c'],
      ['__proto__', '1']
    ]
  )
  t.strictSame([...of('')], [])
})

t.test('everything but a proper response is ignored', async t => {
  const rows: [string, Buffer][] = [
    ['empty', Buffer.alloc(0)],
    ['shorter than a header', good.subarray(0, 11)],
    ['a query', encode({ type: 'query', questions: [{ type: 'PTR', name: '_nws._tcp.local' }] })],
    ['opcode 5', patched(2, 0x8400 | (5 << 11))],
    ['rcode 3', patched(2, 0x8403)],
    ['truncated', good.subarray(0, -1)],
    ['more answers claimed than there are', patched(6, 6)],
    ['65535 answers claimed', patched(6, 65_535)],
    ['65535 questions claimed', patched(4, 65_535)],
    ['oversized', Buffer.concat([good, Buffer.alloc(9000)])],
    ['a name that points to itself', Buffer.from('000084000000000100000000c00c000c00010000007800020000', 'hex')],
    ['names that point to each other', Buffer.from('000084000000000100000000c00ec00c000c000100000078000200', 'hex')],
    ['a label that runs out of the packet', Buffer.from('0000840000000001000000003f61', 'hex')]
  ]
  for (const [what, packet] of rows) t.equal(readResponse(packet), undefined, what)
  const classes = writeResponse(answers.map(answer => ({ ...answer, class: 'CH' }) as Answer))
  t.strictSame(readResponse(classes), [], 'another class')
})

t.test('no packet makes the reader throw or linger', async t => {
  let read = 0
  assert(
    property(uint8Array({ maxLength: 600 }), bytes => {
      bytes[2] = 0x84
      bytes[3] = 0
      if (readResponse(Buffer.from(bytes)) !== undefined) read += 1
    }),
    { numRuns: 3000 }
  )
  assert(
    property(array(tuple(nat(good.length - 1), nat(255)), { maxLength: 4 }), edits => {
      const packet = Buffer.from(good)
      for (const [offset, value] of edits) packet[offset] = value
      if (readResponse(packet) !== undefined) read += 1
    }),
    { numRuns: 3000 }
  )
  t.ok(read > 100, 'some were readable')
})

t.test('questions are written plainly', async t => {
  const packet = decode(
    writeQuery([
      { name, type: 'SRV', over: 'both' },
      { name: 'abc.local', type: 'AAAA', over: 'both' }
    ])
  )
  t.equal(packet.id, 0)
  t.strictSame(
    packet.questions?.map(({ name, type, class: kind }) => `${type} ${name} ${kind}`),
    [`SRV ${name} IN`, 'AAAA abc.local IN']
  )
})

t.test('known proxies are listed over as many packets as it takes', async t => {
  const list = (count: number) =>
    writeBrowseQuery(Array.from({ length: count }, (_, index) => ({ name: `${index}.${name}`, ttl: 4000 })))
  t.equal(list(0).length, 1)
  t.equal(list(16).length, 1)
  for (const count of [17, 256]) {
    const packets = list(count)
    t.equal(packets.length, Math.ceil(count / 16))
    t.equal(Math.max(...packets.map(packet => packet.length)) < 1400, true, 'each fits a frame')
    const decoded = packets.map(packet => decode(packet))
    t.strictSame(
      decoded.map(packet => packet.questions?.length),
      packets.map((_, index) => (index === 0 ? 1 : 0)),
      'the question is asked once'
    )
    t.strictSame(
      decoded.map(packet => packet.flag_tc),
      packets.map((_, index) => index < packets.length - 1),
      'and each but the last says that more comes'
    )
    t.equal(decoded.flatMap(packet => packet.answers ?? []).length, count)
  }
})
