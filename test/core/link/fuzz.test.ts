// Bytes at random, in frames at random, from both roles: a link either stands or ends with a code of its own; nothing is
// thrown, nothing is matched, nobody is heard.
import fc from 'fast-check'
import t from 'tap'
import { decodeChannelMessage } from '../../../src/core/link/wire/channel-message.ts'
import { Reassembler } from '../../../src/core/link/wire/fragments.ts'
import { frameType, readFrames } from '../../../src/core/link/wire/frames.ts'
import { createIdentity } from '../../../src/core/link/wire/handshake.ts'
import { readHello } from '../../../src/core/link/wire/hello.ts'
import { RawLink, frameBytes } from '../../support/raw-link.ts'
import { SimulatedClock, Simulation } from '../../support/simulation.ts'

const CODES = new Set([1002, 1008, 1009, 1013, 4001])

/** A frame that is likely to be taken seriously. */
const frame = fc.oneof(
  fc.tuple(fc.constantFrom(...Object.values(frameType)), fc.uint8Array({ maxLength: 60 })),
  fc.tuple(
    fc.constantFrom(frameType.ping, frameType.pong, frameType.leave, frameType.ack, frameType.from, frameType.held),
    fc.uint8Array({ minLength: 8, maxLength: 8 })
  ),
  fc.tuple(fc.constantFrom(frameType.rekey, frameType.want), fc.constant(new Uint8Array(0))),
  fc.tuple(
    fc.constantFrom(frameType.m1, frameType.m2),
    fc
      .tuple(fc.constantFrom(0, 1), fc.nat(7), fc.uint8Array({ minLength: 256, maxLength: 256 }))
      .map(([r, flags, elements]) => Uint8Array.of(0, 0, 0, r, flags, 3, ...elements))
  ),
  fc.tuple(
    fc.constant(frameType.data),
    fc
      .tuple(fc.nat(3), fc.uint8Array({ maxLength: 40 }))
      .map(([flags, bytes]) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, flags, ...bytes))
  ),
  fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 10 }))
)

t.test('[R14] frames at random', async t => {
  let endings = 0
  fc.assert(
    fc.property(
      fc.constantFrom('I' as const, 'R' as const),
      fc.array(fc.array(frame, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
      fc.nat(),
      (role, messages, seed) => {
        const simulation = new Simulation(seed)
        const honest = simulation.proxy('a')
        honest.join('webchat')
        const {
          ends: [here, there]
        } = simulation.wire()
        const raw = new RawLink(there, {
          role,
          identity: createIdentity(honest.primitives),
          primitives: honest.primitives
        })
        const link = simulation.end(honest, here, { role: role === 'I' ? 'R' : 'I' })
        simulation.run(200)
        for (const frames of messages) {
          if (!there.closed) raw.send(...frames.map(([type, body]) => frameBytes(type, body)))
          if (frames.some(([type]) => type === frameType.rekey)) break // the rest would need the new key
          simulation.run(simulation.below(50))
        }
        simulation.run(1000)
        const [ending] = honest.seen.endings
        endings += ending === undefined ? 0 : 1
        return (
          honest.seen.messages.length === 0 &&
          honest.seen.events.length === 0 &&
          (ending === undefined ? link.state === 'open' : ending.by === 'remote' || CODES.has(ending.code ?? 0))
        )
      }
    ),
    { numRuns: 400 }
  )
  t.ok(endings > 100, `${endings} links were ended`)
})

t.test('decoders give a value or a fault for any bytes', async t => {
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(fc.nat(6), fc.uint8Array({ maxLength: 80 }))
      .map(([first, rest]) => Uint8Array.of(first, 3, 97, 98, 99, ...rest))
  )
  fc.assert(
    fc.property(any, bytes => {
      const message = decodeChannelMessage(bytes)
      const { frames } = readFrames(bytes, 'I')
      const total = frames.reduce((sum, { body }) => sum + body.length + 3, 0)
      return (!('close' in message) || message.close === 1002) && total <= bytes.length
    }),
    { numRuns: 3000 }
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 34, maxLength: 34 }), body => {
      const hello = readHello(body)
      return hello.ok || hello.close === 1002
    })
  )
  t.pass('always')
})

t.test('fragments at random: what comes out is what went in, or a fault', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(4), fc.uint8Array({ maxLength: 30 })), {
        maxLength: 40
      }),
      fragments => {
        const reassembler = new Reassembler({
          clock: new SimulatedClock(() => 0),
          unfinishedMs: 1,
          total: { bytes: 0 },
          late: () => {}
        })
        const open = new Map<string, number[]>()
        for (const [key, flags, bytes] of fragments) {
          const taken = reassembler.take(key, flags, bytes)
          if (!taken.ok) return taken.close === 1002 || taken.close === 1009
          const whole = [...((flags & 1) !== 0 ? [] : (open.get(key) ?? [])), ...bytes]
          open.set(key, whole)
          if (
            (flags & 2) === 0
              ? taken.value !== undefined
              : taken.value === undefined || Buffer.compare(taken.value, Buffer.from(whole)) !== 0
          )
            return false
          if ((flags & 2) !== 0) open.delete(key)
          if (reassembler.unfinished !== open.size || open.size > 3) return false
        }
        return true
      }
    ),
    { numRuns: 2000 }
  )
  t.pass('always')
})
