// Peers that break the rules of file transfers: their messages end at most their own offer, cost little, and reach no
// other transfer.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { CHUNK_HEAD_BYTES, decodeChunk, writeChunkHead } from '../../../src/client/files/chunk.ts'
import { keysOf, sealOf } from '../../../src/client/files/hash.ts'
import { decodeMessage, encodeMessage, type FileMessage } from '../../../src/client/files/messages.ts'
import { FileChannel, memorySource, someBytes, type Member } from '../../support/file-channel.ts'

const createHasher = () => createHash('sha256')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const ID = keysOf(createHasher, 'a'.repeat(32))[0]!
const OFFER = {
  do: 'offer',
  id: ID,
  turn: 0,
  key: '',
  name: 'x',
  type: '',
  size: 10,
  files: 1,
  version: 'v',
  from: ''
} as const

function say(from: Member, to: Member | undefined, message: FileMessage): void {
  from.tell(encodeMessage(message), to?.id)
}

/** Sends bytes in a stream. */
function pour(from: Member, to: Member, stream: number, offset: number, bytes: Uint8Array): void {
  const frame = from.frame(to.id, CHUNK_HEAD_BYTES + bytes.length)
  const message = frame.bytes.subarray(frame.start)
  writeChunkHead(message, stream, offset)
  message.set(bytes, CHUNK_HEAD_BYTES)
  from.send(frame, to.id)
}

/** A receiver that takes everything, and a peer that offers by hand. */
async function accepted(
  offer: Partial<typeof OFFER> & object,
  entry: { path: string; type: string; size: number | undefined }
) {
  const channel = new FileChannel()
  const [mallory, ben] = [channel.join(), channel.join()]
  let written = 0
  let isAborted = false
  let result!: Promise<unknown>
  ben.transfers.onfile = offer => {
    result = offer.accept({
      sink: () => ({
        write: (chunks: readonly Uint8Array[]) => {
          for (const { length } of chunks) written += length
        },
        close: () => {},
        abort: () => {
          isAborted = true
        }
      })
    })
    result.catch(() => {})
  }
  const said = (what: string) => channel.delivered.filter(({ to, json }) => to === mallory.id && json?.do === what)
  say(mallory, ben, { ...OFFER, ...offer })
  await channel.when(() => said('list').length > 0)
  say(mallory, ben, { do: 'files', id: ID, from: 0, files: [entry] })
  const wants = () =>
    said('want').map(
      ({ json }) => json as unknown as { receiver: string; stream: number; offset: number; until: number }
    )
  return {
    channel,
    mallory,
    ben,
    said,
    wants,
    result: () => result,
    written: () => written,
    isAborted: () => isAborted
  }
}

t.test('offers by the thousand: a few wait, the rest is refused once', async t => {
  const channel = new FileChannel()
  const [mallory, ben, ann] = [channel.join(), channel.join(), channel.join()]
  let asked = 0
  ben.transfers.onfile = () => {
    asked++
  }
  await channel.pass(500)
  for (let index = 0; index < 5000; index++) say(mallory, ben, { ...OFFER, id: index.toString(16).padStart(32, '0') })
  await channel.pass(500)
  t.equal(asked, 16)
  const refusals = channel.delivered.filter(({ to, json }) => to === mallory.id && json?.do === 'refuse')
  t.strictSame(
    refusals.map(({ json }) => json!['code']),
    ['NWS_CLIENT_FILE_TOO_MANY']
  )
  void ann.transfers.sendFile(memorySource(someBytes(3)), { name: 'x', to: ben.id })
  await channel.pass(500)
  t.equal(asked, 17, 'the offer of another peer still comes through')
  mallory.cut()
  await channel.pass(70_000)
  t.ok(channel.delivered.length < 5100, 'nothing is sent because of them')
})

t.test('a file that is longer than offered is given up', async t => {
  const ten = { path: 'x', type: '', size: 10 }
  await t.test('the list against the offer', async t => {
    const { channel, result, said } = await accepted({}, { ...ten, size: 11 })
    await t.rejects(channel.until(result()), { code: 'NWS_CLIENT_FILE_BROKEN' })
    await channel.when(() => said('refuse').length > 0)
    t.match(said('refuse')[0]!.json, { code: 'NWS_CLIENT_FILE_BROKEN' })
  })
  await t.test('the bytes against the list', async t => {
    const { channel, mallory, ben, wants, result, written, isAborted } = await accepted({}, ten)
    await channel.when(() => wants().length > 0)
    pour(mallory, ben, wants()[0]!.stream, 0, someBytes(11))
    await t.rejects(channel.until(result()), { code: 'NWS_CLIENT_FILE_BROKEN' })
    t.equal(written(), 0)
    t.ok(isAborted())
  })
  await t.test('the bytes of a stream against the offer', async t => {
    const { channel, mallory, ben, wants, result, written } = await accepted({}, { ...ten, size: undefined })
    await channel.when(() => wants().length > 0)
    pour(mallory, ben, wants()[0]!.stream, 0, someBytes(11))
    await t.rejects(channel.until(result()), { code: 'NWS_CLIENT_FILE_TOO_LARGE' })
    t.equal(written(), 0)
  })
  await t.test('more than the window', async t => {
    const { channel, mallory, ben, wants, result, written } = await accepted({ size: undefined } as never, {
      ...ten,
      size: undefined
    })
    await channel.when(() => wants().length > 0)
    const { stream, until } = wants()[0]!
    pour(mallory, ben, stream, 0, new Uint8Array(until + 1))
    await t.rejects(channel.until(result()), { code: 'NWS_CLIENT_FILE_BROKEN' })
    t.equal(written(), 0)
  })
})

t.test('a file that is shorter than offered, or not the one that was sealed, is thrown away', async t => {
  const content = someBytes(10)
  const ten = { path: 'x', type: '', size: 10 }
  const right = sealOf(createHasher, 'x', 10, sha256(content))
  for (const [what, size, seal, bytes, code] of [
    ['another size', 9, right, 9, 'NWS_CLIENT_FILE_BROKEN'],
    ['a seal of nothing', 10, '0'.repeat(64), 10, 'NWS_CLIENT_FILE_CHECKSUM'],
    ['the seal of another name', 10, sealOf(createHasher, 'y', 10, sha256(content)), 10, 'NWS_CLIENT_FILE_CHECKSUM'],
    [
      'the seal of other content',
      10,
      sealOf(createHasher, 'x', 10, sha256(someBytes(10, 2))),
      10,
      'NWS_CLIENT_FILE_CHECKSUM'
    ],
    ['the plain hash', 10, sha256(content), 10, 'NWS_CLIENT_FILE_CHECKSUM']
  ] as const) {
    const { channel, mallory, ben, wants, result, isAborted, said } = await accepted({}, ten)
    await channel.when(() => wants().length > 0)
    const { stream, receiver } = wants()[0]!
    pour(mallory, ben, stream, 0, content.subarray(0, bytes))
    say(mallory, ben, { do: 'end', id: ID, receiver, stream, size, seal })
    await t.rejects(channel.until(result()), { code }, what)
    t.ok(isAborted(), what)
    await channel.when(() => said('refuse').length > 0)
    t.match(said('refuse')[0]!.json, { code }, `${what}: the sender is told`)
  }
})

t.test('a sender that ends again and again without bytes is given up', async t => {
  const { channel, mallory, ben, wants, result } = await accepted({}, { path: 'x', type: '', size: 10 })
  const lie = async (): Promise<void> => {
    for (let answered = 0; answered < 100; answered++) {
      await channel.when(() => wants().length > answered)
      const { stream, receiver } = wants()[answered]!
      say(mallory, ben, { do: 'end', id: ID, receiver, stream, size: 10, seal: '0'.repeat(64) })
    }
  }
  await t.rejects(lie(), { message: 'it does not come about' }, 'it is not asked without end')
  await t.rejects(channel.until(result()), { code: 'NWS_CLIENT_FILE_BROKEN' })
})

t.test('no other peer can put bytes into a transfer, end it, or take the place of its sender', async t => {
  const channel = new FileChannel()
  const [ann, ben, mallory] = [channel.join(), channel.join(), channel.join()]
  const chunks: Buffer[] = []
  let result!: Promise<unknown>
  let offers = 0
  ben.transfers.onfile = offer => {
    if (++offers > 1) return
    result = offer.accept({
      sink: () => ({
        write: (parts: readonly Uint8Array[]) => {
          for (const part of parts) chunks.push(Buffer.from(part))
        },
        close: () => {},
        abort: () => {}
      })
    })
    result.catch(() => {})
  }
  const bytes = someBytes(2_000_000)
  const sent = ann.transfers.sendFile(memorySource(bytes), { name: 'x', to: ben.id })
  const ofAnn = (what: string) => channel.delivered.findLast(({ to, json }) => to === ann.id && json?.do === what)
  await channel.when(() => ofAnn('want') !== undefined && chunks.length > 3)
  const { id, receiver, stream, offset } = ofAnn('want')!.json as unknown as {
    id: string
    receiver: string
    stream: number
    offset: number
  }
  const impose = (): void => {
    pour(mallory, ben, stream, offset, new Uint8Array(60_000))
    say(mallory, ben, { do: 'end', id, receiver, stream, size: bytes.length, seal: '0'.repeat(64) })
    say(mallory, ben, { do: 'withdraw', id, code: 'NWS_CLIENT_FILE_CANCELLED' })
    say(mallory, ann, { do: 'refuse', id, code: 'NWS_CLIENT_FILE_DECLINED' })
    say(mallory, ann, { do: 'done', id, receiver })
    say(mallory, ann, { do: 'want', id, receiver, file: 0, stream: 5, offset: 0, until: 1 })
    say(mallory, ben, { ...OFFER, id })
    say(mallory, ben, { ...OFFER, id, turn: 1, key: 'f'.repeat(32) })
  }
  impose()
  await channel.pass(3)
  ann.cut()
  await channel.pass(1000)
  impose()
  await channel.pass(1000)
  const heard = channel.delivered.filter(({ to }) => to === mallory.id).length
  ann.join()
  await channel.pass(20)
  // Another peer repeats the last offer of the true sender.
  ann.cut()
  await channel.pass(100)
  const again = channel.delivered.findLast(({ from, json }) => from !== mallory.id && json?.do === 'offer')!.json
  say(mallory, ben, again as unknown as FileMessage)
  await channel.pass(1000)
  ann.join()
  t.strictSame((await channel.until(sent)).completed, [ben.id])
  t.ok(heard >= 0)
  t.equal(sha256(Buffer.concat(chunks)), sha256(bytes))
  await channel.until(result)
})

t.test('an invented offer with the key of a later turn is not heard', async t => {
  const channel = new FileChannel()
  const [mallory, ben] = [channel.join(), channel.join()]
  ben.transfers.onfile = () => t.fail('it is no offer')
  say(mallory, ben, { ...OFFER, turn: 3, key: 'f'.repeat(32) })
  await channel.pass(100)
})

t.test('receivers that ask for nonsense get nothing, and the others everything', async t => {
  const channel = new FileChannel()
  const [ann, ben, mallory] = [channel.join(), channel.join(), channel.join()]
  const chunks: Uint8Array[] = []
  ben.transfers.onfile = offer => {
    void offer.accept({
      sink: () => ({
        write: (parts: readonly Uint8Array[]) => void chunks.push(...parts),
        close: () => {},
        abort: () => {}
      })
    })
  }
  const bytes = someBytes(500_000)
  const sent = ann.transfers.sendFile(memorySource(bytes), { name: 'x', receivers: 1 })
  await channel.when(() => channel.delivered.some(({ to, json }) => to === mallory.id && json?.do === 'offer'))
  const { id } = channel.delivered.find(({ to, json }) => to === mallory.id && json?.do === 'offer')!
    .json as unknown as { id: string }
  const receiver = 'b'.repeat(32)
  for (const [file, offset, until] of [
    [1, 0, 100],
    [99_999, 0, 100],
    [0, 500_001, 600_000],
    [0, 2 ** 52, 2 ** 53 - 1],
    [0, 100, 50],
    [0, 500_000, 500_000]
  ] as const)
    for (let stream = 0; stream < 20; stream++)
      say(mallory, ann, { do: 'want', id, receiver, file, stream, offset, until })
  for (let index = 0; index < 1000; index++) say(mallory, ann, { do: 'list', id, receiver, from: 100_000 - index })
  mallory.cut()
  const report = await channel.until(sent)
  t.strictSame(report.completed, [ben.id])
  t.equal(sha256(Buffer.concat(chunks)), sha256(bytes))
})

t.test('a stream cannot be made to run ahead', async t => {
  const channel = new FileChannel()
  const [ann, mallory, ben] = [channel.join(), channel.join(), channel.join()]
  let read = 0
  const bytes = someBytes(1_000_000)
  function* stream() {
    for (let at = 0; at < bytes.length; at += 50_000) {
      read = at + 50_000
      yield bytes.subarray(at, at + 50_000)
    }
  }
  const sent = ann.transfers.sendFile(stream(), { name: 'x', receivers: 1 })
  await channel.when(() => channel.delivered.some(({ to, json }) => to === mallory.id && json?.do === 'offer'))
  const { id } = channel.delivered.find(({ to, json }) => to === mallory.id && json?.do === 'offer')!
    .json as unknown as { id: string }
  say(mallory, ann, { do: 'want', id, receiver: 'b'.repeat(32), file: 0, stream: 1, offset: 900_000, until: 1_000_000 })
  await channel.pass(1000)
  t.equal(read, 0)
  const chunks: Uint8Array[] = []
  ben.transfers.onfile = offer => {
    void offer.accept({
      sink: () => ({
        write: (parts: readonly Uint8Array[]) => void chunks.push(...parts),
        close: () => {},
        abort: () => {}
      })
    })
  }
  t.strictSame((await channel.until(sent)).completed, [ben.id])
  t.equal(sha256(Buffer.concat(chunks)), sha256(bytes))
})

t.test('any message of any peer at any time leaves a transfer whole', async t => {
  const word = fc.constantFrom(
    'offer',
    'seek',
    'seen',
    'list',
    'files',
    'want',
    'end',
    'done',
    'bye',
    'refuse',
    'withdraw'
  )
  const number = fc.oneof(fc.nat(100), fc.maxSafeNat(), fc.constant(-1), fc.constant(0.5))
  for (let seed = 1; seed <= 10; seed++) {
    const channel = new FileChannel(seed)
    const [ann, ben, mallory] = [channel.join(), channel.join(), channel.join()]
    const chunks: Uint8Array[] = []
    ben.transfers.onfile = offer => {
      if (offer.from !== 'ann') return
      void offer.accept({
        sink: () => ({
          write: (parts: readonly Uint8Array[]) => void chunks.push(...parts),
          close: () => {},
          abort: () => {}
        })
      })
    }
    const bytes = someBytes(400_000, seed)
    const sent = ann.transfers.sendFile(memorySource(bytes), { name: 'x', receivers: 1, from: 'ann' })
    await channel.pass(1)
    const known = () =>
      fc.constantFrom(
        ID,
        'c'.repeat(32),
        ...channel.delivered
          .flatMap(({ json }) => [json?.['id'], json?.['receiver']])
          .filter(id => typeof id === 'string')
      )
    for (let round = 0; round < 12; round++) {
      const message = fc.record(
        {
          do: word,
          id: known(),
          receiver: known(),
          turn: number,
          key: known(),
          name: fc.string(),
          size: number,
          files: fc.oneof(number, fc.array(fc.record({ path: fc.string(), size: number }), { maxLength: 3 })),
          version: fc.string(),
          from: number,
          file: number,
          stream: number,
          offset: number,
          until: number,
          seal: fc.constant('0'.repeat(64)),
          code: fc.string()
        },
        { requiredKeys: ['do', 'id'] }
      )
      for (const said of fc.sample(message, { numRuns: 40, seed: seed * 100 + round }))
        mallory.tell(JSON.stringify({ $file: said }), round % 2 === 0 ? ann.id : ben.id)
      for (const junk of fc.sample(fc.uint8Array({ maxLength: 60 }), { numRuns: 5, seed: seed * 100 + round }))
        pour(mallory, ben, seed * round, junk.length * 1000, junk)
      await channel.pass(3)
    }
    t.ok((await channel.until(sent)).completed.includes(ben.id))
    t.equal(sha256(Buffer.concat(chunks)), sha256(bytes))
  }
})

t.test('messages are read as they were written, and anything else is none', async t => {
  const id = ID
  const messages: FileMessage[] = [
    OFFER,
    { ...OFFER, turn: 5, key: 'e'.repeat(32), size: undefined, name: 'ä\u0000/', from: 'ann' },
    { do: 'seek' },
    { do: 'seen', id },
    { do: 'list', id, receiver: id, from: 64 },
    {
      do: 'files',
      id,
      from: 0,
      files: [
        { path: 'a/b', type: 'x/y', size: 5 },
        { path: '', type: '', size: undefined }
      ]
    },
    { do: 'want', id, receiver: id, file: 3, stream: 0xffff_ffff, offset: 2 ** 40, until: 2 ** 41 },
    { do: 'end', id, receiver: id, stream: 1, size: 0, seal: '0'.repeat(64) },
    { do: 'done', id, receiver: id },
    { do: 'bye', id, receiver: id },
    { do: 'refuse', id, code: 'NWS_CLIENT_FILE_DECLINED' },
    { do: 'withdraw', id, code: 'of a later version' }
  ]
  for (const message of messages) t.strictSame(decodeMessage(JSON.parse(encodeMessage(message))), message)
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        decodeMessage(value)
        const message = decodeMessage({ $file: value })
        if (message !== undefined && decodeMessage(JSON.parse(encodeMessage(message))) === undefined) throw new Error()
      })
    )
  )
  for (const message of messages)
    for (const key of Object.keys(message))
      for (const value of [null, -1, 1.5, 2 ** 53, 'x', [], {}, true]) {
        const changed = decodeMessage({ $file: { ...message, [key]: value } })
        if (changed !== undefined) t.type(changed.do, 'string')
      }
})

t.test('chunks are read as they were written, and anything else is none', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.maxSafeNat(), fc.uint8Array(), fc.nat(5), (stream, offset, bytes, shift) => {
        const message = new Uint8Array(shift + CHUNK_HEAD_BYTES + bytes.length).subarray(shift)
        writeChunkHead(message, stream, offset)
        message.set(bytes, CHUNK_HEAD_BYTES)
        const chunk = decodeChunk(message)!
        if (chunk.stream !== stream || chunk.offset !== offset || !Buffer.from(chunk.bytes).equals(bytes))
          throw new Error()
      })
    )
  )
  t.doesNotThrow(() =>
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), bytes => decodeChunk(bytes) === undefined))
  )
  const late = new Uint8Array(CHUNK_HEAD_BYTES)
  writeChunkHead(late, 1, 0)
  late.fill(255, 12)
  t.equal(decodeChunk(late), undefined, 'an offset that is no safe integer')
})
