// Frames: what a Noise plaintext consists of. Layout, and the checks that need only type, length and direction. Not what
// a frame means, and not the encryption around it (record-stream.ts).
//
//   type(1) | length(4) | body            one or more whole frames in 1 to 65519 bytes; none spans two Noise messages
//
//   01 HELLO  id(16) | ver_max(1) | features(4) | rx_max(4)      25 bytes
//   02 PING x(8)   03 PONG x(8)   04 CLOSE code(2)   05 REKEY    REKEY is the last frame of its Noise message
//   10 WANT                                     R→I
//   11 M1, 13 M3, 15 M5                         I→R              layout in round-messages.ts
//   12 M2, 14 M4, 16 M6                         R→I
//   20 DATA   handle(8) | flags(1: 1 first, 2 last) | bytes (≤ 65505)
//   21 LEAVE  handle(8)
//   22 SAME   token(32)
import { readU32 } from '../bytes.ts'
import { FRAME_HEADER_BYTES, HELLO_BYTES, MAX_PLAINTEXT_BYTES } from './constants.ts'
import type { LinkRole } from './handshake.ts'
import { linkFault, type LinkFault } from './link-fault.ts'

/** Type byte of each frame. */
export const frameType = {
  hello: 0x01,
  ping: 0x02,
  pong: 0x03,
  close: 0x04,
  rekey: 0x05,
  want: 0x10,
  m1: 0x11,
  m2: 0x12,
  m3: 0x13,
  m4: 0x14,
  m5: 0x15,
  m6: 0x16,
  data: 0x20,
  leave: 0x21,
  same: 0x22
} as const
export type FrameType = (typeof frameType)[keyof typeof frameType]

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
/** M1 … M6 are checked to the byte by the round; here only that there is a round number. */
const ofRound = (from: LinkRole): Rule => ({ from, min: 4, max: longest })

const rules = new Map<number, Rule>([
  [frameType.hello, exactly(HELLO_BYTES)],
  [frameType.ping, exactly(8)],
  [frameType.pong, exactly(8)],
  [frameType.close, exactly(2)],
  [frameType.rekey, exactly(0)],
  [frameType.want, exactly(0, 'R')],
  [frameType.m1, ofRound('I')],
  [frameType.m2, ofRound('R')],
  [frameType.m3, ofRound('I')],
  [frameType.m4, ofRound('R')],
  [frameType.m5, ofRound('I')],
  [frameType.m6, ofRound('R')],
  [frameType.data, { from: 'both', min: 9, max: longest }],
  [frameType.leave, exactly(8)],
  [frameType.same, exactly(32)]
])

/** What a plaintext holds: its frames up to the first fault, which are still to take effect, and that fault. */
export interface FramesRead {
  readonly frames: readonly Frame[]
  readonly fault?: LinkFault
}

/** Takes a plaintext apart. @param from the role of its sender */
export function readFrames(plaintext: Uint8Array, from: LinkRole): FramesRead {
  const frames: Frame[] = []
  if (plaintext.length === 0) return { frames, fault: linkFault(1002, 'A message has no frame') }
  if (plaintext.length > MAX_PLAINTEXT_BYTES) return { frames, fault: linkFault(1002, 'A message is too long') }
  for (let at = 0; at < plaintext.length;) {
    const rule = rules.get(plaintext[at]!)
    if (rule === undefined) return { frames, fault: linkFault(1002, 'A frame has an unknown type') }
    if (rule.from !== 'both' && rule.from !== from)
      return { frames, fault: linkFault(1002, 'A frame goes in the wrong direction') }
    const start = at + FRAME_HEADER_BYTES
    if (start > plaintext.length) return { frames, fault: linkFault(1002, 'A frame is cut off') }
    const length = readU32(plaintext, at + 1)
    if (length < rule.min || length > rule.max) return { frames, fault: linkFault(1002, 'A frame has a wrong length') }
    const end = start + length
    if (end > plaintext.length) return { frames, fault: linkFault(1002, 'A frame is cut off') }
    const type = plaintext[at] as FrameType
    frames.push({ type, body: plaintext.subarray(start, end) })
    if (type === frameType.close) return { frames } // nothing follows it
    if (type === frameType.rekey && end < plaintext.length)
      return { frames, fault: linkFault(1002, 'Something follows REKEY') }
    at = end
  }
  return { frames }
}
