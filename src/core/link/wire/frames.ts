// Frames, the contents of a Noise plaintext: layout, and the checks that need only type, length and direction.
// record-stream.ts encrypts them.
//
//   type(1) | length(2) | body            one or more whole frames in 1 to 65519 bytes; none spans two Noise messages
//
//   01 HELLO  34 bytes or more, layout in hello.ts
//   02 PING x(8)   03 PONG x(8)   04 CLOSE code(2)   05 REKEY    REKEY is the last frame of its Noise message
//   06 ACK taken(8)                             session frames taken
//   10 WANT                                     R→I
//   11 M1, 13 M3, 15 M5                         I→R              layout in round-messages.ts
//   12 M2, 14 M4, 16 M6                         R→I
//   20 DATA   handle(8) | flags(1: 1 first, 2 last) | bytes (≤ 65507)
//   21 LEAVE  handle(8)
//   22 HELD   handle(8) …                       handles that the sender holds
//   23 FROM   number(8)                         of the session frame that follows
//   80 NAME   name of the computer, in UTF-8
//   80 to FF  extensions: a reader ignores those that it does not know
import { readU16 } from '../../bytes.ts'
import { FRAME_HEADER_BYTES, HANDLE_BYTES, HELLO_BYTES, MAX_PLAINTEXT_BYTES } from '../constants.ts'
import type { LinkRole } from './handshake.ts'
import { fault, type Fault } from '../result.ts'

/** Type byte of each frame. */
export const frameType = {
  hello: 0x01,
  ping: 0x02,
  pong: 0x03,
  close: 0x04,
  rekey: 0x05,
  ack: 0x06,
  want: 0x10,
  m1: 0x11,
  m2: 0x12,
  m3: 0x13,
  m4: 0x14,
  m5: 0x15,
  m6: 0x16,
  data: 0x20,
  leave: 0x21,
  held: 0x22,
  from: 0x23,
  name: 0x80
} as const
export type FrameType = (typeof frameType)[keyof typeof frameType]

const FIRST_EXTENSION = 0x80

/** One frame; the body is a view into the plaintext. */
export interface Frame {
  readonly type: FrameType
  readonly body: Uint8Array
}

/** Who may send a type, and how long its body is. */
interface Rule {
  readonly from: LinkRole | 'both'
  readonly min: number
  readonly max: number
}

const longest = MAX_PLAINTEXT_BYTES - FRAME_HEADER_BYTES
const exactly = (length: number, from: Rule['from'] = 'both'): Rule => ({ from, min: length, max: length })
/** M1 … M6 are checked to the byte by the round; here only that they have a round number. */
const ofRound = (from: LinkRole): Rule => ({ from, min: 4, max: longest })

/** By type; an array, because each frame is looked up. */
const rules: (Rule | undefined)[] = []
rules[frameType.hello] = { from: 'both', min: HELLO_BYTES, max: longest }
rules[frameType.ping] = exactly(8)
rules[frameType.pong] = exactly(8)
rules[frameType.close] = exactly(2)
rules[frameType.rekey] = exactly(0)
rules[frameType.ack] = exactly(8)
rules[frameType.want] = exactly(0, 'R')
rules[frameType.m1] = ofRound('I')
rules[frameType.m2] = ofRound('R')
rules[frameType.m3] = ofRound('I')
rules[frameType.m4] = ofRound('R')
rules[frameType.m5] = ofRound('I')
rules[frameType.m6] = ofRound('R')
rules[frameType.data] = { from: 'both', min: HANDLE_BYTES + 1, max: longest }
rules[frameType.leave] = exactly(HANDLE_BYTES)
rules[frameType.held] = { from: 'both', min: 0, max: longest }
rules[frameType.from] = exactly(8)
rules[frameType.name] = { from: 'both', min: 0, max: longest }

/** The frames of a plaintext up to the first fault, which still take effect, and that fault. */
export interface FramesRead {
  readonly frames: readonly Frame[]
  readonly fault?: Fault
}

/** Takes a plaintext apart. @param from the role of its sender */
export function readFrames(plaintext: Uint8Array, from: LinkRole): FramesRead {
  const frames: Frame[] = []
  if (plaintext.length === 0) return { frames, fault: fault(1002, 'A message has no frame') }
  if (plaintext.length > MAX_PLAINTEXT_BYTES) return { frames, fault: fault(1002, 'A message is too long') }
  for (let at = 0; at < plaintext.length;) {
    const type = plaintext[at]!
    const start = at + FRAME_HEADER_BYTES
    const end = start + readU16(plaintext, at + 1)
    if (start > plaintext.length || end > plaintext.length) return { frames, fault: fault(1002, 'A frame is cut off') }
    at = end
    const rule = rules[type]
    if (rule === undefined) {
      if (type >= FIRST_EXTENSION) continue
      return { frames, fault: fault(1002, 'A frame has an unknown type') }
    }
    if (rule.from !== 'both' && rule.from !== from)
      return { frames, fault: fault(1002, 'A frame goes in the wrong direction') }
    if (end - start < rule.min || end - start > rule.max)
      return { frames, fault: fault(1002, 'A frame has a wrong length') }
    frames.push({ type: type as FrameType, body: plaintext.subarray(start, end) })
    if (type === frameType.close) return { frames } // nothing follows it
    if (type === frameType.rekey && end < plaintext.length)
      return { frames, fault: fault(1002, 'Something follows REKEY') }
  }
  return { frames }
}
