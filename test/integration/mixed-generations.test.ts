// Clients of all generations in one channel: one behaviour suite for every pair of them, on one proxy and across two,
// and then what only a mixture shows.
import t, { type Test } from 'tap'
import { binaryEncoding, textEncoding } from '../../src/plugins/channel-sockets/envelope.ts'
import { rawEncoding, rawTextEncoding } from '../../src/plugins/legacy/raw.ts'
import { buildTestApp, request, type TestApp } from '../support/app.ts'
import { joinChannel, openSocket, type ChannelClient } from '../support/channel.ts'
import { joinNumbered, openRaw, parseControl } from '../support/generations.ts'
import { createTestHub, joinTestPeer, text } from '../support/hub.ts'
import { seededRandom } from '../support/random.ts'

/** A client of any generation, as far as all of them can do the same. */
interface Member {
  /** Sends a string to all others. */
  say(text: string): void
  /** The next that was said to all, as text. */
  hear(): Promise<string>
  /** The next that comes, or goes, as it is known to this member; undefined for those who see nobody. */
  sees: ((what: 'connect' | 'disconnect') => Promise<string>) | undefined
  /** Sends a string to one that was seen. */
  tell: ((peer: string, text: string) => void) | undefined
  /** The next that was said to this member alone: from whom, and what. */
  told: (() => Promise<{ from: string; text: unknown }>) | undefined
  leave(): void
}

type Join = (t: Test, address: string, channel: string) => Promise<Member>

let ids = 1_000_000

const generations: Record<string, Join> = {
  'generation 1': async (t, address, channel) => {
    const socket = await openRaw(t, address, `broadcast/${channel}`)
    return {
      say: text => socket.send(text),
      hear: async () => String(await socket.next()),
      sees: undefined,
      tell: undefined,
      told: undefined,
      leave: () => socket.socket.close()
    }
  },
  'generation 2': async (t, address, channel) => {
    const client = await joinNumbered(t, address, channel, String(++ids))
    return {
      say: text => client.data.send(text),
      hear: async () => String(await client.data.next()),
      sees: async what => {
        const { Action, Target } = await client.nextControl()
        if (Action !== what) throw new Error(`${Action} instead of ${what}`)
        return Target
      },
      tell: (peer, text) => client.direct(peer, text),
      told: async () => {
        const { Source, Payload } = await client.nextControl()
        return { from: Source, text: Payload }
      },
      leave: () => client.data.socket.close()
    }
  },
  'generation 3': async (t, address, channel) => {
    const client = await joinChannel(t, address, channel)
    return {
      say: text => client.send({ action: 'broadcast', data: text }),
      hear: async () => String((await client.nextOf('broadcast')).data),
      sees: async what => (await client.nextOf(what))['target'] as string,
      tell: (target, data) => client.send({ action: 'message', target, data }),
      told: async () => {
        const { source, data } = await client.nextOf('message')
        return { from: source!, text: data }
      },
      leave: () => client.socket.close()
    }
  }
}

/** Waits until a channel of a proxy has so many members, remote ones too. */
async function untilMembers({ app }: TestApp, name: string, count: number): Promise<void> {
  const channel = app.channelRegistry.find(name)!
  await new Promise<void>(resolve => {
    const look = (): void => {
      if (channel.localCount + channel.remoteCount < count) return
      channel.arrivals.delete(look)
      resolve()
    }
    channel.arrivals.add(look)
    look()
  })
}

/** Two proxies, the second of which dials the first. */
async function buildPair(t: Test): Promise<[TestApp, TestApp]> {
  const one = await buildTestApp(t, { meshHost: '127.0.0.1' })
  const two = await buildTestApp(t, { meshHost: '127.0.0.1', peers: [`127.0.0.1:${one.app.peerMesh.port}`] })
  return [one, two]
}

const TEXTS = [
  'hello',
  '',
  '____connect',
  '{"action":"broadcast","data":"x"}',
  '"quoted" \\ \n',
  'é😀',
  'x'.repeat(70_000)
]

for (const [place, build] of [
  [
    'one proxy',
    async (t: Test) => {
      const only = await buildTestApp(t)
      return [only, only] as const
    }
  ],
  ['two proxies', buildPair]
] as const) {
  t.test(`every pair of generations, ${place}`, async t => {
    const [here, there] = await build(t)
    for (const [left, joinLeft] of Object.entries(generations)) {
      for (const [right, joinRight] of Object.entries(generations)) {
        await t.test(`${left} and ${right}`, async t => {
          const channel = `${left}${right}`.replaceAll(/\D/g, '-')
          const a = await joinLeft(t, here.ws, channel)
          const b = await joinRight(t, there.ws, channel)
          await Promise.all([untilMembers(here, channel, 2), untilMembers(there, channel, 2)])
          const [bToA, aToB] = [await a.sees?.('connect'), await b.sees?.('connect')]
          for (const text of TEXTS) {
            a.say(text)
            b.say(text)
          }
          for (const [index, text] of TEXTS.entries()) {
            t.equal(await a.hear(), text, `text ${index} to ${left}`)
            t.equal(await b.hear(), text, `text ${index} to ${right}`)
          }
          if (a.tell !== undefined && b.told !== undefined) {
            a.tell(bToA!, 'to you')
            t.strictSame(await b.told(), { from: aToB, text: 'to you' }, 'a direct message, from whom it was')
            b.tell!(aToB!, 'back')
            t.strictSame(await a.told!(), { from: bToA, text: 'back' })
          }
          b.leave()
          if (a.sees !== undefined) t.equal(await a.sees('disconnect'), bToA)
          a.leave()
        })
      }
    }
  })
}

/** One of each in a channel, all of which have met. */
async function mixture(t: Test, options: Parameters<typeof buildTestApp>[1] = {}) {
  const proxy = await buildTestApp(t, options)
  const raw = await openRaw(t, proxy.ws, 'broadcast/room')
  const raw2 = await openRaw(t, proxy.ws, 'broadcast/room')
  const numbered = await joinNumbered(t, proxy.ws, 'room', '12345678')
  const envelope = await joinChannel(t, proxy.ws, 'room')
  const binary = await joinChannel(t, proxy.ws, 'room?binary=1')
  return { proxy, raw, raw2, numbered, envelope, binary }
}

t.test('any data of the envelope reaches raw sockets as its JSON text, a string as itself', async t => {
  const { raw, raw2, numbered, envelope, binary } = await mixture(t)
  for (const [data, expected] of [
    ['"text"', 'text'],
    ['"\\u0041\\n"', 'A\n'],
    ['""', ''],
    ['1.0', '1.0'],
    ['12345678901234567890', '12345678901234567890'],
    ['null', 'null'],
    ['{"a": [1 , 2]}', '{"a": [1 , 2]}'],
    ['"{\\"a\\":1}"', '{"a":1}']
  ] as const) {
    envelope.send(`{"action":"broadcast","data":${data}}`)
    for (const reader of [raw, raw2, numbered.data]) t.equal(await reader.next(), expected, data)
    t.equal((await binary.nextOf('broadcast')).source, envelope.id)
  }
})

t.test('binary data in the form that each can take', async t => {
  const { raw, raw2, numbered, envelope, binary } = await mixture(t)
  const bytes = Buffer.from([0, 255, 7])
  const asText = `{"$binary":"${bytes.toString('base64')}"}`
  const [rawPeer] = (await envelope.arrived()).map(({ target }) => target)
  await binary.arrived()
  raw.send(bytes)
  t.strictSame(await raw2.next(), bytes, 'to generation 1 as a binary frame')
  t.equal(await numbered.data.next(), asText, 'to generation 2 as JSON')
  t.strictSame(
    await envelope.next(),
    { action: 'broadcast', source: rawPeer, data: { $binary: 'AP8H' } },
    'to the envelope as JSON'
  )
  t.strictSame(
    (await binary.next())['bytes'],
    Buffer.concat([Buffer.from([3, 22]), Buffer.from(String(rawPeer)), bytes]),
    'or as a binary frame'
  )
  binary.send(Buffer.concat([Buffer.from([3, 0]), bytes]))
  t.strictSame(await raw.next(), bytes)
  t.equal(await numbered.data.next(), asText)
  await numbered.told()
  numbered.data.send('here I am')
  const { source: target = '' } = await binary.nextOf('broadcast')
  binary.send(Buffer.concat([Buffer.from([4, target.length]), Buffer.from(target), bytes]))
  t.strictSame((await numbered.nextControl()).Payload, { $binary: 'AP8H' }, 'also to one alone')
})

t.test('a direct message to a raw peer is answered with a coded error, and raw peers are seen', async t => {
  const { raw, envelope, numbered } = await mixture(t)
  const [first] = await envelope.arrived()
  envelope.send({ action: 'message', target: first!['target'], data: 'x' })
  t.match(await envelope.next(), { action: 'error', code: 'NWS_ERR_PEER_TAKES_NO_MESSAGES' })
  const [told] = await numbered.told()
  numbered.direct(told!.Target, 'x')
  t.strictSame(await numbered.told(), [], 'passed over where there is no form for an error')
  raw.socket.close()
  t.equal((await envelope.nextOf('disconnect'))['target'], first!['target'])
  t.strictSame(await numbered.nextControl(), {
    Action: 'disconnect',
    Source: '12345678',
    Target: told!.Target,
    Payload: ''
  })
})

t.test('markers are sent for peers of all kinds, and are data to nobody', async t => {
  const { raw, raw2, numbered, envelope, binary } = await mixture(t, { legacyMarkers: true })
  t.strictSame([await raw.next(), await raw.next(), await raw.next(), await raw.next()], Array(4).fill('____connect'))
  t.strictSame(
    [await raw2.next(), await raw2.next(), await raw2.next(), await raw2.next()],
    Array(4).fill('____connect')
  )
  numbered.data.socket.close()
  await numbered.control.closed
  t.equal(await raw.next(), '____disconnect')
  raw2.socket.close()
  t.equal(await raw.next(), '____disconnect')
  t.notOk([...(await envelope.arrived()), ...(await binary.arrived())].some(({ action }) => action === 'broadcast'))
})

t.test('foreign peers have numbers below 2^53, the same for all, stable, mapped both ways', async t => {
  const { ws } = await buildTestApp(t)
  const foreign: ChannelClient[] = []
  for (let i = 0; i < 20; i++) foreign.push(await joinChannel(t, ws, 'room'))
  const a = await joinNumbered(t, ws, 'room', '9007199254740993')
  const b = await joinNumbered(t, ws, 'room', '22222222')
  const seenByA = (await a.told()).map(({ Target }) => Target)
  const seenByB = (await b.told()).map(({ Target }) => Target)
  t.strictSame(
    seenByA,
    [...seenByB.slice(0, 20), '22222222'],
    'in the order in which they came, under the same numbers'
  )
  t.equal(new Set(seenByA).size, 21)
  t.ok(seenByA.every(number => /^[1-9]\d{3,}$/.test(number) && Number(number) < 2 ** 53))
  for (const [index, client] of foreign.entries()) {
    b.direct(seenByB[index]!, index)
    const { source, target, data } = await client.nextOf('message')
    t.strictSame({ target, data }, { target: client.id, data: index })
    t.match(source, /^[A-Za-z0-9_-]{22}$/, 'towards others it has an id made by the proxy')
    client.send({ action: 'message', target: source, data: 'back' })
    t.strictSame(await b.nextControl(), {
      Action: 'message',
      Source: seenByB[index],
      Target: '22222222',
      Payload: 'back'
    })
  }
  foreign[3]!.socket.close()
  t.equal((await a.nextControl()).Target, seenByA[3])
  t.equal((await b.nextControl()).Target, seenByA[3])
  a.direct(seenByA[3]!, 'to one who is gone')
  t.strictSame(await a.told(), [])
})

t.test('nobody takes the number of another', async t => {
  const { ws } = await buildTestApp(t)
  await joinChannel(t, ws, 'room')
  const a = await joinNumbered(t, ws, 'room', '11111111')
  const { Target: number } = await a.nextControl()
  for (const path of [
    `network/room/${number}`,
    `control/network/room/${number}`,
    `network/room/${number.padStart(19, '0')}`
  ]) {
    const { socket, closed } = openSocket(t, `${ws}/${path}`)
    const [status] = await Promise.all([
      new Promise(resolve =>
        socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode))
      ).finally(() => socket.terminate()),
      closed
    ])
    t.equal(status, 409, path)
  }
})

t.test('the id of a page crosses no link, nor stands in the API', async t => {
  const [one, two] = await buildPair(t)
  const mine = '7777777777777'
  const a = await joinNumbered(t, one.ws, 'room', mine)
  const b = await joinNumbered(t, two.ws, 'room', mine)
  const seen = await a.nextControl()
  t.equal(seen.Source, mine)
  t.not(seen.Target, mine, 'both may have chosen the same')
  const back = await b.nextControl()
  a.direct(seen.Target, 'hi')
  t.strictSame(await b.nextControl(), { Action: 'message', Source: back.Target, Target: mine, Payload: 'hi' })
  for (const { port } of [one, two]) {
    const { text: answer, json } = await request(port, 'GET', '/api/peers')
    t.notMatch(answer, mine)
    t.equal((json as { peers?: unknown[] }).peers?.length, 2)
  }
})

t.test('a raw peer on another proxy: broadcasts both ways, also binary ones', async t => {
  const [one, two] = await buildPair(t)
  const raw = await openRaw(t, one.ws, 'broadcast/room')
  const local = await openRaw(t, one.ws, 'local/room')
  const remote = await openRaw(t, two.ws, 'broadcast/room')
  const numbered = await joinNumbered(t, two.ws, 'room', '11111111')
  await Promise.all([untilMembers(one, 'room', 3), untilMembers(two, 'room', 3)])
  local.send('stays here')
  raw.send('one')
  raw.send(Buffer.from([0, 255]))
  t.strictSame([await remote.next(), await remote.next()], ['one', Buffer.from([0, 255])])
  t.strictSame([await numbered.data.next(), await numbered.data.next()], ['one', '{"$binary":"AP8="}'])
  numbered.data.send('two')
  t.equal(await raw.next(), 'two')
  t.equal(await remote.next(), 'two')
})

t.test('a control socket that waits hears of remote peers too, and of the end of their channel', async t => {
  const [one, two] = await buildPair(t)
  const control = await openRaw(t, one.ws, 'control/network/room/11111111')
  const here = await joinChannel(t, one.ws, 'room')
  const first = parseControl(await control.next())
  const there = await joinChannel(t, two.ws, 'room')
  t.equal((await here.nextOf('connect'))['target'], there.id)
  const second = parseControl(await control.next())
  t.not(second.Target, first.Target)
  here.socket.close()
  const gone = [parseControl(await control.next()), parseControl(await control.next())]
  t.strictSame(
    new Set(gone.map(({ Action, Target }) => `${Action} ${Target}`)),
    new Set([`disconnect ${first.Target}`, `disconnect ${second.Target}`])
  )
})

t.test('a broadcast is encoded once for each text, whatever the order in which peers came', async t => {
  for (const order of [
    [textEncoding, rawTextEncoding, binaryEncoding, rawEncoding],
    [rawEncoding, binaryEncoding, rawTextEncoding, textEncoding],
    [binaryEncoding, rawEncoding, textEncoding, rawTextEncoding]
  ]) {
    const hub = createTestHub()
    let reads = 0
    const sender = await joinTestPeer(hub, 'x')
    for (const encoding of order) await joinTestPeer(hub, 'x', { encoding })
    const payload = text('"x"')
    hub.channels.broadcast(sender.peer, {
      binary: false,
      get bytes() {
        reads++
        return payload.bytes
      }
    })
    const before = reads
    reads = 0
    hub.channels.broadcast(sender.peer, {
      binary: false,
      get bytes() {
        reads++
        return payload.bytes
      }
    })
    t.equal(reads, before)
    t.equal(reads, 3, 'read once to count it, and once for each of two texts')
  }
})

t.test(
  'all generations come and go at random while all talk: each is heard in order, and each text by everybody',
  async t => {
    const proxy = await buildTestApp(t)
    const random = seededRandom(11)
    const kinds = Object.values(generations)
    const stayers = await Promise.all([...kinds, ...kinds].map(join => join(t, proxy.ws, 'churn')))
    await untilMembers(proxy, 'churn', stayers.length)
    const rounds = 40
    const visits = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const visitor = await kinds[Math.floor(random() * kinds.length)]!(t, proxy.ws, 'churn')
        visitor.say('visitor')
        visitor.leave()
      }
    }
    const talk = async (member: Member, index: number): Promise<void> => {
      for (let i = 0; i < rounds; i++) {
        member.say(`${index}:${i}`)
        await new Promise(resolve => setImmediate(resolve))
      }
    }
    await Promise.all([visits(), visits(), visits(), ...stayers.map(talk)])
    for (const [index, member] of stayers.entries()) {
      const heard = new Map<number, number[]>()
      let left = (stayers.length - 1) * rounds + 30
      while (left > 0) {
        const said = await member.hear()
        left--
        if (said === 'visitor') continue
        const [speaker, number] = said.split(':').map(Number) as [number, number]
        heard.set(speaker, [...(heard.get(speaker) ?? []), number])
      }
      t.notOk(heard.has(index), 'not itself')
      for (const numbers of heard.values())
        t.strictSame(
          numbers,
          Array.from({ length: rounds }, (_, number) => number)
        )
    }
  }
)
