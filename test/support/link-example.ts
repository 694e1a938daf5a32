// Two links of one session with fixed keys and scalars, computed by the code: what docs/vectors/nws3-link.json holds and
// docs/protocol/link.md shows. Not a protocol machine: each end's messages are written out in order.
import { ascii, concat, lv, readU32, u16, u64, u8 } from '../../src/core/bytes.ts'
import { encodeComputerName } from '../../src/core/computer-name.ts'
import { encodePeerMessageHead, encodePresence } from '../../src/core/link/wire/channel-message.ts'
import { dataFlag } from '../../src/core/link/wire/fragments.ts'
import { frameType, type FrameType } from '../../src/core/link/wire/frames.ts'
import {
  HandshakeInitiator,
  acceptHandshake,
  createIdentity,
  linkTranscript,
  type Identity
} from '../../src/core/link/wire/handshake.ts'
import { writeHello, type Greeting } from '../../src/core/link/wire/hello.ts'
import { RoundInitiator } from '../../src/core/link/matching/round/round-initiator.ts'
import { RoundResponder } from '../../src/core/link/matching/round/round-responder.ts'
import { roundFlag, type RoundContext, type RoundRandomness } from '../../src/core/link/matching/round/round.ts'
import {
  channelIdentifier,
  pairKeys,
  pairSession,
  psiGenerator,
  roundTranscript
} from '../../src/core/link/matching/round/round-values.ts'
import { cpaceGenerator } from '../../src/core/link/matching/round/cpace.ts'
import { runToEnd, type Result } from '../../src/core/link/result.ts'
import { hex, primitives, utf8 } from './link.ts'

/** Bytes that anybody can make again: SHA-512 of a label. */
function fixed(label: string, length: number): Uint8Array {
  return primitives.sha512(utf8(`nws3-link ${label}`)).slice(0, length)
}

function scalar(label: string): Uint8Array {
  const bytes = fixed(label, 32)
  bytes[31]! &= 0x0f
  return bytes
}

/** The choices of one end, by label and number; no shuffle. */
function choices(role: 'I' | 'R'): RoundRandomness {
  const count = { scalar: 0, padding: 0, filler: 0 }
  return {
    scalar: () => scalar(count.scalar++ === 0 ? (role === 'I' ? 'a' : 'b') : `z_${role}`),
    padding: () => fixed(`padding ${role} ${count.padding++}`, 32),
    order: size => Array.from({ length: size }, (_, index) => index),
    filler: length => fixed(`filler ${role} ${count.filler++}`, length)
  }
}

function frame(type: FrameType, ...pieces: Uint8Array[]): Uint8Array {
  const body = concat(...pieces)
  return concat(u8(type), u16(body.length), body)
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.reason)
  return result.value
}

/** One Noise message of the example. */
export interface ExampleMessage {
  readonly from: 'I' | 'R'
  readonly what: string
  readonly n: number
  readonly plaintext: string
  readonly message: string
}

/** One end of a link: its identity, and the values of its HELLO. */
interface End {
  readonly identity: Identity
  readonly hello: Greeting
}

/** One link of the example: its handshake, its HELLOs and its frames. */
function openLink(label: string, I: End, R: End, dialsById: boolean) {
  const [secretI, secretR] = [fixed(`e_I ${label}`, 32), fixed(`e_R ${label}`, 32)]
  const dialled = dialsById ? R.identity.id : undefined
  const dialler = new HandshakeInitiator(primitives, I.identity, dialled, secretI)
  const accepted = valueOf(acceptHandshake(primitives, R.identity, dialler.w0, secretR))
  const keys = valueOf(dialler.finish(accepted.w1))
  const ciphers = { I: keys.send, R: keys.receive }
  const [helloI, helloR] = [writeHello(I.hello), writeHello(R.hello)]
  const L = linkTranscript(primitives, keys.h, helloI, helloR)
  const messages: ExampleMessage[] = []
  const send = (from: 'I' | 'R', what: string, ...frames: Uint8Array[]): void => {
    const plaintext = concat(...frames)
    const { n } = ciphers[from]
    messages.push({ from, what, n, plaintext: hex(plaintext), message: hex(ciphers[from].seal(plaintext)!) })
  }
  send('I', 'HELLO', frame(frameType.hello, helloI))
  send('R', 'HELLO', frame(frameType.hello, helloR))
  const shown = {
    id_I: hex(I.identity.id),
    id_R: hex(R.identity.id),
    handshake: {
      s_I_secret: hex(I.identity.keys.secretKey),
      s_I: hex(I.identity.keys.publicKey),
      s_R_secret: hex(R.identity.keys.secretKey),
      s_R: hex(R.identity.keys.publicKey),
      e_I_secret: hex(secretI),
      e_R_secret: hex(secretR),
      W0: hex(dialler.w0),
      W1: hex(accepted.w1),
      h: hex(keys.h)
    },
    hello: {
      HELLO_I: hex(helloI),
      HELLO_R: hex(helloR),
      L_input: hex(lv(ascii('NWS3/link'), keys.h, helloI, helloR)),
      L: hex(L)
    },
    messages
  }
  return { shown, send, L, rekey: (from: 'I' | 'R') => ciphers[from].rekey() }
}

/** Computes the example. Bytes are in hexadecimal. */
export function computeLinkExample() {
  const one = createIdentity(primitives, fixed('s of one', 32))
  const two = createIdentity(primitives, fixed('s of two', 32))
  const [nameOne, nameTwo] = [fixed('session name of one', 8), fixed('session name of two', 8)]
  const none = new Uint8Array(8)
  const first = openLink(
    '1',
    { identity: one, hello: { mine: nameOne, yours: none, received: 0, generation: 1, port: 9010 } },
    { identity: two, hello: { mine: nameTwo, yours: nameOne, received: 0, generation: 1, port: 9020 } },
    true
  )
  const context: RoundContext = { r: 0, L: first.L, idI: one.id, idR: two.id, primitives }
  const [namesI, namesR] = [['lab.17'], ['webchat', 'lab.17']]
  const flags = roundFlag.putAllIn | roundFlag.dealtFromAll
  const initiator = new RoundInitiator(context, namesI.map(utf8), flags, choices('I'))
  const responder = new RoundResponder(context, choices('R'))
  const m1 = runToEnd(initiator.m1())
  const m2 = valueOf(runToEnd(responder.onM1(m1, namesR.map(utf8), 0)))
  const { m3 } = valueOf(runToEnd(initiator.onM2(m2)))
  const m4 = valueOf(runToEnd(responder.onM3(m3, () => true)))
  const m5 = valueOf(runToEnd(initiator.onM4(m4)))
  const { m6 } = valueOf(runToEnd(responder.onM5(m5)))
  const [confirmed] = valueOf(runToEnd(initiator.onM6(m6)))
  const { handle } = confirmed!

  const th = roundTranscript(context, m1, m2)
  const ci = channelIdentifier(context)
  const [i, j] = [0, 1]
  const sid = pairSession(context, th, i, j)
  const generator = cpaceGenerator(primitives, utf8('lab.17'), ci, sid)
  const zR = primitives.scalarMult(scalar('z_R'), generator)!
  const zI = primitives.scalarMult(scalar('z_I'), generator)!
  const K = primitives.scalarMult(scalar('z_I'), zR)!
  const shared = hex(K)
  const pair = pairKeys(context, sid, K, zR, zI)

  const data = (flag: number, ...pieces: Uint8Array[]): Uint8Array => frame(frameType.data, handle, u8(flag), ...pieces)
  const whole = dataFlag.first | dataFlag.last
  const broadcast = concat(encodePeerMessageHead({ source: 'ada', seq: 1, binary: false }), utf8('"Hello, everybody"'))
  const direct = concat(
    encodePeerMessageHead({ source: 'bob', seq: 1, binary: true }, 'ada'),
    Uint8Array.of(0xde, 0xad, 0xbe, 0xef)
  )
  const x = utf8('ping-001')
  const from = (number: number): Uint8Array => frame(frameType.from, u64(number))
  const ack = (number: number): Uint8Array => frame(frameType.ack, u64(number))

  first.send('I', 'FROM 0, then M1', from(0), frame(frameType.m1, m1))
  first.send('R', 'FROM 0, then M2', from(0), frame(frameType.m2, m2))
  first.send('I', 'M3', frame(frameType.m3, m3))
  first.send('R', 'M4', frame(frameType.m4, m4))
  first.send('I', 'M5', frame(frameType.m5, m5))
  const name = frame(frameType.name, encodeComputerName('Kitchen'))
  first.send(
    'R',
    'M6, then DATA with JOIN "bob", NAME',
    frame(frameType.m6, m6),
    data(whole, encodePresence('join', 'bob')),
    name
  )
  first.send(
    'I',
    'DATA with JOIN "ada", DATA with BROADCAST of "ada"',
    data(whole, encodePresence('join', 'ada')),
    data(whole, broadcast)
  )
  first.send('I', 'PING, then REKEY', frame(frameType.ping, x), frame(frameType.rekey))
  first.rekey('I')
  first.send('R', 'ACK 2, PONG', ack(2), frame(frameType.pong, x))
  first.send('I', 'with the new key: ACK 1', ack(1))
  // The connection breaks behind the first of these two fragments: I has taken two frames, and has said one.
  first.send('R', 'DIRECT of "bob" to "ada", first fragment', data(dataFlag.first, direct.slice(0, 10)))
  first.send('R', 'last fragment, which is lost', data(dataFlag.last, direct.slice(10)))

  const second = openLink(
    '2',
    { identity: two, hello: { mine: nameTwo, yours: nameOne, received: 2, generation: 2, port: 9020 } },
    { identity: one, hello: { mine: nameOne, yours: nameTwo, received: 2, generation: 2, port: 9010 } },
    false
  )
  const held = frame(frameType.held, handle)
  second.send(
    'I',
    'HELD, FROM 2, NAME, then the last fragment again',
    held,
    from(2),
    name,
    data(dataFlag.last, direct.slice(10))
  )
  second.send(
    'R',
    'HELD, FROM 2, DATA with PART "ada", LEAVE',
    held,
    from(2),
    data(whole, encodePresence('part', 'ada')),
    frame(frameType.leave, handle)
  )
  second.send('I', 'LEAVE as the answer', frame(frameType.leave, handle))
  second.send('R', 'CLOSE 1000', frame(frameType.close, u16(1000)))

  return {
    note: 'Two links of one session of docs/protocol/link.md from W0 to CLOSE, with fixed secrets and no shuffle: SHA-512 of "nws3-link " and a label, cut; scalars with the upper four bits cleared. Computed by this project; checked against an implementation in another language.',
    first: first.shown,
    round: {
      r: readU32(m1, 0),
      flags_I: flags,
      flags_R: 0,
      names_I: namesI,
      names_R: namesR,
      a: hex(scalar('a')),
      b: hex(scalar('b')),
      padding_I: Array.from({ length: 7 }, (_, index) => hex(fixed(`padding I ${index}`, 32))),
      padding_R: Array.from({ length: 6 }, (_, index) => hex(fixed(`padding R ${index}`, 32))),
      g_of_slot_I_0: hex(psiGenerator(context, ci, utf8('lab.17'))),
      M1: hex(m1),
      M2: hex(m2),
      th: hex(th),
      M3: hex(m3),
      M4: hex(m4),
      M5: hex(m5),
      M6: hex(m6),
      pair: {
        i,
        j,
        sid: hex(sid),
        generator: hex(generator),
        z_R: hex(scalar('z_R')),
        Z_R: hex(zR),
        z_I: hex(scalar('z_I')),
        Z_I: hex(zI),
        K: shared,
        tag_I: hex(pair.tagI),
        tag_R: hex(pair.tagR),
        handle: hex(handle)
      }
    },
    second: second.shown
  }
}
