// A whole link with fixed ids, keys and scalars, computed by the code: what docs/vectors/nws2-link.json holds and
// docs/protocol/link.md §7 shows. Not a protocol machine: each end's messages are written out in order.
import { ascii, concat, lv, readU32, u16, u32, u8 } from '../../src/core/bytes.ts'
import { encodePeerMessageHead, encodePresence } from '../../src/core/link/channel-message.ts'
import { dataFlag } from '../../src/core/link/fragments.ts'
import { frameType, type FrameType } from '../../src/core/link/frames.ts'
import { HandshakeInitiator, acceptHandshake, linkTranscript, sameToken } from '../../src/core/link/handshake.ts'
import { writeHello } from '../../src/core/link/hello.ts'
import { mac } from '../../src/core/link/mac.ts'
import { CipherState, NoiseInitiator } from '../../src/core/link/noise.ts'
import { RoundInitiator } from '../../src/core/link/round-initiator.ts'
import { RoundResponder } from '../../src/core/link/round-responder.ts'
import { roundFlag, type RoundContext, type RoundRandomness } from '../../src/core/link/round.ts'
import {
  channelIdentifier,
  pairKeys,
  pairSession,
  psiGenerator,
  roundTranscript
} from '../../src/core/link/round-values.ts'
import { cpaceGenerator } from '../../src/core/link/cpace.ts'
import { runToEnd, type StepResult } from '../../src/core/link/step-result.ts'
import { hex, primitives, utf8 } from './link.ts'

/** Bytes that anybody can make again: SHA-512 of a label. */
function fixed(label: string, length: number): Uint8Array {
  return primitives.sha512(utf8(`nws2-link ${label}`)).slice(0, length)
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
  return concat(u8(type), u32(body.length), body)
}

function valueOf<T>(result: StepResult<T>): T {
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

/** Computes the example. Bytes are in hexadecimal. */
export function computeLinkExample() {
  const idI = Uint8Array.from({ length: 16 }, (_, index) => 0x10 + index)
  const idR = Uint8Array.from({ length: 16 }, (_, index) => 0x20 + index)
  const [secretI, secretR] = [fixed('e_I', 32), fixed('e_R', 32)]

  const dialler = new HandshakeInitiator(primitives, idI, idR, secretI)
  const accepted = valueOf(acceptHandshake(primitives, idR, dialler.w0, secretR))
  const keys = valueOf(dialler.finish(accepted.w1))
  // Once more by hand, for the values in between.
  const noise = new NoiseInitiator(primitives, dialler.w0.subarray(0, 36), secretI)
  noise.write(new Uint8Array(0))
  const { split } = noise.read(accepted.w1)!
  const ck = split.ck.slice()
  const temporary = primitives.hmacSha512(ck, new Uint8Array(0))
  const first = primitives.hmacSha512(temporary, u8(1))
  const second = primitives.hmacSha512(temporary, concat(first, u8(2)))
  const keyOf = { I: first.slice(0, 32), R: second.slice(0, 32) }
  const ciphers = { I: new CipherState(primitives, keyOf.I), R: new CipherState(primitives, keyOf.R) }

  const helloI = writeHello(idI)
  const helloR = writeHello(idR)
  const L = linkTranscript(primitives, keys.h, helloI, helloR)

  const messages: ExampleMessage[] = []
  const send = (from: 'I' | 'R', what: string, ...frames: Uint8Array[]): void => {
    const plaintext = concat(...frames)
    const { n } = ciphers[from]
    messages.push({ from, what, n, plaintext: hex(plaintext), message: hex(ciphers[from].seal(plaintext)!) })
  }

  const context: RoundContext = { r: 0, L, idI, idR, verMaxI: 2, verMaxR: 2, primitives }
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

  send('I', 'HELLO', frame(frameType.hello, helloI))
  send('R', 'HELLO', frame(frameType.hello, helloR))
  send('I', 'M1', frame(frameType.m1, m1))
  send('R', 'M2', frame(frameType.m2, m2))
  send('I', 'M3', frame(frameType.m3, m3))
  send('R', 'M4', frame(frameType.m4, m4))
  send('I', 'M5', frame(frameType.m5, m5))
  send('R', 'M6, then DATA with JOIN "bob"', frame(frameType.m6, m6), data(whole, encodePresence('join', 'bob')))
  send(
    'I',
    'DATA with JOIN "ada", DATA with BROADCAST of "ada"',
    data(whole, encodePresence('join', 'ada')),
    data(whole, broadcast)
  )
  send(
    'R',
    'two DATA: DIRECT of "bob" to "ada" in two fragments',
    data(dataFlag.first, direct.slice(0, 10)),
    data(dataFlag.last, direct.slice(10))
  )
  send('I', 'PING, then REKEY', frame(frameType.ping, x), frame(frameType.rekey))
  ciphers.I.rekey()
  send('R', 'PONG', frame(frameType.pong, x))
  send(
    'I',
    'with the new key: DATA with PART "ada", LEAVE',
    data(whole, encodePresence('part', 'ada')),
    frame(frameType.leave, handle)
  )
  send(
    'R',
    'DATA with PART "bob", LEAVE as the answer',
    data(whole, encodePresence('part', 'bob')),
    frame(frameType.leave, handle)
  )
  send('I', 'CLOSE 1000', frame(frameType.close, u16(1000)))

  const otherSameKey = fixed('k_same of another link', 32)
  return {
    note: 'A link of docs/protocol/link.md from W0 to CLOSE, with fixed secrets and no shuffle: SHA-512 of "nws2-link " and a label, cut; scalars with the upper four bits cleared. Computed by this project; checked against an implementation in another language.',
    id_I: hex(idI),
    id_R: hex(idR),
    handshake: {
      secret_I: hex(secretI),
      secret_R: hex(secretR),
      e_I: hex(dialler.w0.subarray(36)),
      e_R: hex(accepted.w1.subarray(0, 32)),
      W0: hex(dialler.w0),
      W1: hex(accepted.w1),
      h: hex(keys.h),
      ck: hex(ck),
      k_same: hex(mac(primitives, ck, ascii('NWS2/same-key'))),
      key_I_to_R: hex(keyOf.I),
      key_R_to_I: hex(keyOf.R)
    },
    hello: {
      HELLO_I: hex(helloI),
      HELLO_R: hex(helloR),
      L_input: hex(lv(ascii('NWS2/link'), keys.h, helloI, helloR)),
      L: hex(L)
    },
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
    messages,
    same: {
      k_same_of_the_other_link: hex(otherSameKey),
      L: hex(L),
      token_of_I: hex(sameToken(primitives, otherSameKey, L, 'I')),
      token_of_R: hex(sameToken(primitives, otherSameKey, L, 'R'))
    }
  }
}
