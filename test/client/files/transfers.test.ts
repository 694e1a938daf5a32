// Files between peers of a channel, in virtual time: the arrival, the reports at both ends, and ends that are cut
// off, come back or do not.
import { createHash } from 'node:crypto'
import t from 'tap'
import type { FileOffer, ReceivedFile } from '../../../src/client/files/file-offer.ts'
import type { SendProgress } from '../../../src/client/files/recipient.ts'
import type { Sink } from '../../../src/client/files/sink.ts'
import { FileChannel, memorySource, someBytes, type Member } from '../../support/file-channel.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Keeps the bytes, and reports the end. */
class MemorySink implements Sink {
  bytes = Buffer.alloc(0)
  end = ''

  get existing() {
    const { bytes } = this
    return (async function* () {
      if (bytes.length > 0) yield bytes
    })()
  }

  write(chunks: readonly Uint8Array[]): void {
    this.bytes = Buffer.concat([this.bytes, ...chunks])
  }

  close(): void {
    this.end = 'closed'
  }

  abort({ code }: { code: string }): void {
    this.end = code
  }
}

/** Takes the next offer. */
const nextOffer = async ({ transfers }: Member): Promise<FileOffer> =>
  await new Promise(resolve => {
    transfers.onfile = resolve
  })

/** Takes everything into memory. */
function takeAll(member: Member): { sinks: MemorySink[]; received: Promise<ReceivedFile[]>[] } {
  const taken = { sinks: [] as MemorySink[], received: [] as Promise<ReceivedFile[]>[] }
  member.transfers.onfile = offer => {
    const received = offer.accept({
      sink: () => {
        taken.sinks.push(new MemorySink())
        return taken.sinks.at(-1)!
      }
    })
    received.catch(() => {})
    taken.received.push(received)
  }
  return taken
}

t.test('a file arrives whole, with its hash, and both ends are told', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const bytes = someBytes(700_001)
  const taken = takeAll(ben)
  const seen: SendProgress[] = []
  const report = await channel.until(
    ann.transfers.sendFile(memorySource(bytes), {
      name: 'notes.txt',
      type: 'text/plain',
      onProgress: progress => seen.push(progress)
    })
  )
  t.strictSame(report, { accepted: [ben.id], completed: [ben.id], refused: [] })
  const [file] = await channel.until(taken.received[0]!)
  t.match(file, { name: 'notes.txt', path: 'notes.txt', type: 'text/plain', size: bytes.length, sha256: sha256(bytes) })
  t.equal(sha256(taken.sinks[0]!.bytes), sha256(bytes))
  t.equal(taken.sinks[0]!.end, 'closed')
  const states = seen.map(({ state }) => state)
  t.strictSame([...new Set(states)], ['asked', 'deciding', 'receiving', 'completed'])
  t.strictSame(seen.at(-1), {
    peer: ben.id,
    state: 'completed',
    bytes: bytes.length,
    size: bytes.length,
    code: undefined
  })
})

t.test('files of every odd size arrive, alone and many in one offer', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const taken = takeAll(ben)
  const sizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 1_048_576, 1_048_577, 3]
  const files = sizes.map((size, index) => ({ name: `f/${index}`, source: memorySource(someBytes(size, size)) }))
  await channel.until(ann.transfers.sendFiles(files))
  t.strictSame(
    taken.sinks.map(({ bytes, end }) => [sha256(bytes), end]),
    sizes.map(size => [sha256(someBytes(size, size)), 'closed'])
  )
  t.strictSame(
    (await channel.until(taken.received[0]!)).map(({ path }) => path),
    sizes.map((_, index) => `f/${index}`)
  )
})

t.test('hundreds of files come in lists of which each fits into a message', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const taken = takeAll(ben)
  const long = 'n'.repeat(900)
  await channel.until(
    ann.transfers.sendFiles(
      Array.from({ length: 300 }, (_, index) => ({
        name: `${long}/${index}`,
        source: memorySource(someBytes(10, index))
      }))
    )
  )
  t.equal(taken.sinks.length, 300)
  t.ok(taken.sinks.every(({ end }) => end === 'closed'))
  t.ok(channel.delivered.every(({ json }) => JSON.stringify(json ?? '').length < 60_000))
})

t.test('several files at once, both ways, do not mix', async t => {
  const channel = new FileChannel(7)
  const [ann, ben] = [channel.join(), channel.join()]
  const [fromAnn, fromBen] = [takeAll(ben), takeAll(ann)]
  const send = ({ transfers }: Member, seed: number) =>
    transfers.sendFile(memorySource(someBytes(300_000 + seed * 1111, seed)), { name: `f${seed}` })
  await channel.until(Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(seed => send(seed % 2 === 0 ? ann : ben, seed))))
  const hashes = (sinks: MemorySink[]): string[] => sinks.map(({ bytes }) => sha256(bytes)).sort()
  const expected = (seeds: number[]): string[] =>
    seeds.map(seed => sha256(someBytes(300_000 + seed * 1111, seed))).sort()
  t.strictSame(hashes(fromAnn.sinks), expected([2, 4, 6, 8]))
  t.strictSame(hashes(fromBen.sinks), expected([1, 3, 5, 7]))
  t.ok(channel.mostUnderWay <= 1_100_000, `at most a window is under way to one peer: ${channel.mostUnderWay}`)
})

t.test('receivers take their own time, and one that refuses says why', async t => {
  const channel = new FileChannel()
  const [ann, ben, cleo, dan] = [channel.join(), channel.join(), channel.join(), channel.join()]
  const quick = takeAll(ben)
  dan.transfers.onfile = offer => offer.refuse()
  const slow = new MemorySink()
  cleo.transfers.onfile = offer => {
    void offer.accept({
      sink: {
        write: async (chunks: readonly Uint8Array[]) => {
          await new Promise<void>(resolve => {
            channel.after(1000, resolve)
          })
          slow.write(chunks)
        },
        close: () => slow.close(),
        abort: () => {}
      }
    })
  }
  const bytes = someBytes(2_000_000)
  const sent = ann.transfers.sendFile(memorySource(bytes), { name: 'x' })
  await channel.when(() => quick.sinks[0]?.end === 'closed')
  t.ok(slow.bytes.length < bytes.length / 2, 'the slow one does not hold up the quick one')
  t.strictSame(await channel.until(sent), {
    accepted: [ben.id, cleo.id],
    completed: [ben.id, cleo.id],
    refused: [{ peer: dan.id, code: 'NWS_CLIENT_FILE_DECLINED' }]
  })
  t.equal(sha256(slow.bytes), sha256(bytes))
})

t.test('a peer that takes no files is named, and the offer ends', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const report = await channel.until(ann.transfers.sendFile(memorySource(someBytes(3)), { name: 'x' }))
  t.strictSame(report.refused, [{ peer: ben.id, code: 'NWS_CLIENT_FILE_NO_ANSWER' }])
})

t.test('a file for one peer is seen by no other', async t => {
  const channel = new FileChannel()
  const [ann, ben, cleo] = [channel.join(), channel.join(), channel.join()]
  takeAll(ben)
  cleo.transfers.onfile = () => t.fail('it is not for this one')
  const report = await channel.until(ann.transfers.sendFile(memorySource(someBytes(3)), { name: 'x', to: ben.id }))
  t.strictSame(report.completed, [ben.id])
  t.notOk(channel.delivered.some(({ to, json }) => to === cleo.id && json?.do !== 'seek'))
})

t.test('an offer finds peers that listen late or come late', async t => {
  const channel = new FileChannel()
  const ann = channel.join()
  const sent = ann.transfers.sendFile(memorySource(someBytes(100_000)), { name: 'x', receivers: 2 })
  await channel.pass(10_000)
  const ben = channel.join()
  await channel.pass(10_000)
  takeAll(ben)
  await channel.pass(10_000)
  const cleo = channel.join()
  takeAll(cleo)
  t.strictSame((await channel.until(sent)).completed, [ben.id, cleo.id])
})

t.test('the offer ends for those that wait when its maker withdraws it', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const cancel = new AbortController()
  const sent = ann.transfers.sendFile(memorySource(someBytes(3)), { name: 'x', signal: cancel.signal })
  const offer = await channel.until(nextOffer(ben))
  cancel.abort(new Error('changed my mind'))
  await t.rejects(channel.until(sent), { message: 'changed my mind' })
  await channel.when(() => offer.signal.aborted)
  t.match(offer.signal.reason, { code: 'NWS_CLIENT_FILE_CANCELLED' })
  await t.rejects(offer.accept(), { name: 'InvalidStateError' })
})

t.test('a receiver that gives up in the middle is named, and its sink knows', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const cancel = new AbortController()
  const sink = new MemorySink()
  ben.transfers.onfile = offer => {
    void offer
      .accept({ sink, signal: cancel.signal, onProgress: ({ bytes }) => bytes > 300_000 && cancel.abort() })
      .catch(() => {})
  }
  const report = await channel.until(ann.transfers.sendFile(memorySource(someBytes(2_000_000)), { name: 'x' }))
  t.strictSame(report, {
    accepted: [ben.id],
    completed: [],
    refused: [{ peer: ben.id, code: 'NWS_CLIENT_FILE_CANCELLED' }]
  })
  t.equal(sink.end, 'NWS_CLIENT_FILE_CANCELLED')
})

t.test('the limit of the receiver is not exceeded', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  ben.transfers.onfile = offer => {
    void offer.accept({ maxBytes: 1000 }).catch(() => {})
  }
  const send = async (size: number) =>
    (await channel.until(ann.transfers.sendFile(memorySource(someBytes(size)), { name: 'x' }))).refused
  t.strictSame(await send(1000), [])
  t.strictSame(await send(1001), [{ peer: ben.id, code: 'NWS_CLIENT_FILE_TOO_LARGE' }])
  t.strictSame((await channel.until(ann.transfers.sendFile([someBytes(100_000)], { name: 'x' }))).refused, [
    { peer: ben.id, code: 'NWS_CLIENT_FILE_TOO_LARGE' }
  ])
})

t.test('a stream goes to several, and a peer that comes too late is told', async t => {
  const channel = new FileChannel()
  const [ann, ben, cleo] = [channel.join(), channel.join(), channel.join()]
  const bytes = someBytes(4_000_000)
  async function* stream() {
    for (let at = 0; at < bytes.length; at += 99_999) yield bytes.subarray(at, at + 99_999)
  }
  const takers = [takeAll(ben), takeAll(cleo)]
  const sent = ann.transfers.sendFile(stream(), { name: 'x', receivers: 2 })
  await channel.when(() => takers[0]!.sinks[0] !== undefined && takers[0]!.sinks[0].bytes.length > 2_000_000)
  const dan = channel.join()
  takeAll(dan)
  t.strictSame(await channel.until(sent), {
    accepted: [ben.id, cleo.id, dan.id],
    completed: [ben.id, cleo.id],
    refused: [{ peer: dan.id, code: 'NWS_CLIENT_FILE_TOO_LATE' }]
  })
  for (const { sinks } of takers) t.equal(sha256(sinks[0]!.bytes), sha256(bytes))
})

t.test('a transfer goes on after a cut of either end or of both, under whatever id they come back', async t => {
  for (const who of ['sender', 'receiver', 'both', 'link'] as const) {
    const channel = new FileChannel()
    const [ann, ben] = [channel.join(), channel.join()]
    const taken = takeAll(ben)
    const bytes = someBytes(3_000_000)
    const sent = ann.transfers.sendFile(memorySource(bytes), { name: 'x' })
    await channel.when(() => (taken.sinks[0]?.bytes.length ?? 0) > 1_000_000)
    const [annId, benId] = [ann.id, ben.id]
    for (const member of who === 'sender' ? [ann] : who === 'receiver' ? [ben] : [ann, ben]) member.cut()
    await channel.pass(20_000)
    const had = taken.sinks[0]!.bytes.length
    t.ok(had < bytes.length)
    if (!ann.isThere) ann.join(who === 'link' ? annId : undefined)
    await channel.pass(5000)
    if (!ben.isThere) ben.join(who === 'link' ? benId : undefined)
    const before = channel.delivered.length
    const report = await channel.until(sent)
    t.strictSame(report.completed, [ben.id], who)
    t.strictSame(report.refused, [], who)
    t.equal(sha256(taken.sinks[0]!.bytes), sha256(bytes), who)
    t.equal(taken.sinks.length, 1, `${who}: the user is not asked again`)
    const again = channel.delivered.slice(before).reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0)
    t.ok(again <= bytes.length - had + 100_000, `${who}: what is there is not sent again`)
  }
})

t.test('an end that does not come back is given up', async t => {
  for (const who of ['sender', 'receiver'] as const) {
    const channel = new FileChannel()
    const [ann, ben] = [channel.join(), channel.join()]
    const taken = takeAll(ben)
    const sent = ann.transfers.sendFile(memorySource(someBytes(3_000_000)), { name: 'x' })
    await channel.when(() => (taken.sinks[0]?.bytes.length ?? 0) > 1_000_000)
    const gone = who === 'sender' ? ann : ben
    gone.cut()
    if (who === 'receiver') {
      const id = gone.id
      t.strictSame((await channel.until(sent)).refused, [{ peer: id, code: 'NWS_CLIENT_FILE_GONE' }])
    } else {
      await t.rejects(channel.until(taken.received[0]!), { code: 'NWS_CLIENT_FILE_GONE' })
      t.equal(taken.sinks[0]!.end, 'NWS_CLIENT_FILE_GONE')
    }
  }
})

t.test('if enough receivers have everything, one that has left is not waited for', async t => {
  const channel = new FileChannel()
  const [ann, ben, cat] = [channel.join(), channel.join(), channel.join()]
  takeAll(ben)
  const stuck: Sink = { write: async () => await new Promise(() => {}), close: () => {}, abort: () => {} }
  cat.transfers.onfile = offer => void offer.accept({ sink: stuck }).catch(() => {})
  const sent = ann.transfers.sendFile(memorySource(someBytes(500_000)), { name: 'x', receivers: 1 })
  await channel.when(() => channel.delivered.some(({ json }) => json?.do === 'bye'))
  const began = channel.now()
  const catWas = cat.id
  cat.cut()
  const { completed, refused } = await channel.until(sent)
  t.strictSame(completed, [ben.id])
  t.strictSame(refused, [{ peer: catWas, code: 'NWS_CLIENT_FILE_GONE' }])
  t.ok(channel.now() - began < 5000)
})

t.test('a receiver that begins anew goes on behind what its sink has', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const bytes = someBytes(2_000_000)
  const sent = ann.transfers.sendFile(memorySource(bytes), { name: 'x', receivers: 1 })
  const sink = new MemorySink()
  ben.transfers.onfile = offer => {
    void offer.accept({ sink }).catch(() => {})
  }
  await channel.when(() => sink.bytes.length > 700_000)
  ben.cut()
  const had = sink.bytes.length
  await channel.pass(3000)
  // The page has been loaded again.
  const reloaded = channel.join()
  const before = channel.delivered.length
  reloaded.transfers.onfile = offer => {
    void offer.accept({ sink })
  }
  t.strictSame((await channel.until(sent)).completed, [reloaded.id])
  t.equal(sha256(sink.bytes), sha256(bytes))
  const again = channel.delivered.slice(before).reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0)
  t.equal(again, bytes.length - had)
})

t.test('a sink that already has everything gets nothing more, and the seal is checked', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const bytes = someBytes(300_000)
  const sink = new MemorySink()
  ben.transfers.onfile = offer => {
    void offer.accept({ sink }).catch(() => {})
  }
  sink.bytes = Buffer.from(bytes)
  t.strictSame((await channel.until(ann.transfers.sendFile(memorySource(bytes), { name: 'x' }))).completed, [ben.id])
  t.notOk(channel.delivered.some(({ bytes }) => bytes !== undefined))
  sink.bytes = Buffer.from(bytes)
  sink.bytes[5]!++
  t.strictSame((await channel.until(ann.transfers.sendFile(memorySource(bytes), { name: 'x' }))).refused, [
    { peer: ben.id, code: 'NWS_CLIENT_FILE_CHECKSUM' }
  ])
  t.equal(sink.end, 'NWS_CLIENT_FILE_CHECKSUM')
})

t.test('messages that a proxy drops are asked for again', async t => {
  for (const seed of [1, 2, 3]) {
    const channel = new FileChannel(seed)
    const [ann, ben] = [channel.join(), channel.join()]
    const taken = takeAll(ben)
    const bytes = someBytes(1_500_000)
    let count = 0
    channel.loses = () => ++count % 9 === 0
    const sent = ann.transfers.sendFile(memorySource(bytes), { name: 'x', receivers: 1 })
    await channel.until(sent)
    t.equal(sha256(taken.sinks[0]!.bytes), sha256(bytes))
  }
})

t.test('a message that is dropped while earlier bytes are being written is asked for once', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const bytes = someBytes(2_500_000)
  const sink = new MemorySink()
  const slow: Sink = {
    write: async chunks => {
      await new Promise<void>(resolve => {
        channel.after(40, resolve)
      })
      sink.write(chunks)
    },
    close: () => sink.close(),
    abort: reason => sink.abort(reason)
  }
  ben.transfers.onfile = offer => void offer.accept({ sink: slow }).catch(() => {})
  let count = 0
  channel.loses = (_from, _to, message) => typeof message !== 'string' && ++count % 4 === 0
  const { completed, refused } = await channel.until(
    ann.transfers.sendFile(memorySource(bytes), { name: 'x', receivers: 1 })
  )
  t.strictSame([completed.length, refused], [1, []])
  t.equal(sha256(sink.bytes), sha256(bytes))
})

t.test('the sender is told of a sink that fails, and the receiver of a source that fails', async t => {
  const channel = new FileChannel()
  const [ann, ben] = [channel.join(), channel.join()]
  const broken: Sink = {
    write: () => {
      throw new Error('EIO')
    },
    close: () => {},
    abort: () => {}
  }
  ben.transfers.onfile = offer => {
    void offer.accept({ sink: broken }).catch(() => {})
  }
  t.strictSame((await channel.until(ann.transfers.sendFile(memorySource(someBytes(9)), { name: 'x' }))).refused, [
    { peer: ben.id, code: 'NWS_CLIENT_FILE_NOT_WRITTEN' }
  ])
  for (const [read, code] of [
    [
      () => {
        throw new Error('EIO')
      },
      'NWS_CLIENT_FILE_UNREADABLE'
    ],
    [async () => 0, 'NWS_CLIENT_FILE_CHANGED']
  ] as const) {
    const taken = takeAll(ben)
    await t.rejects(channel.until(ann.transfers.sendFile({ size: 100, read }, { name: 'x' })), { code })
    await t.rejects(channel.until(taken.received[0]!), { code })
    t.equal(taken.sinks[0]!.end, code)
  }
})
