// The values of a matching round as functions of their inputs, in the letters of PROTOCOL §5.4. Not the order in which
// the sides compute and send them (round-initiator.ts, round-responder.ts).
import { ascii, concat, lv, u16, u32, u8 } from '../../../bytes.ts'
import { cpaceIsk, cpaceMacKey, cpaceTag, generatorString, mapToElement } from './cpace.ts'
import { NwsError } from '../../../errors.ts'
import type { LinkRole } from '../../wire/handshake.ts'
import { mac } from '../../mac.ts'
import type { RoundContext, Slot } from './round.ts'
import { HINT_BYTES } from './round-messages.ts'
import type { Sliced } from '../../result.ts'

const PSI_DSI = ascii('NWS3-PSI-ristretto255')

/** CI = lv(id_I, id_R). */
export function channelIdentifier(context: RoundContext): Uint8Array {
  return lv(context.idI, context.idR)
}

/** The hint's generator of a name in this round: H(generator_string(…)) mapped to an element. */
export function psiGenerator(context: RoundContext, ci: Uint8Array, prs: Uint8Array): Uint8Array {
  return mapToElement(context.primitives, generatorString(PSI_DSI, prs, ci, concat(context.L, u32(context.r))))
}

/** scalar · generator for each slot. A valid generator and scalar cannot give the identity, so that is our bug. */
export function* blindSlots(context: RoundContext, scalar: Uint8Array, slots: readonly Slot[]): Sliced<Uint8Array[]> {
  const ci = channelIdentifier(context)
  const elements: Uint8Array[] = []
  for (const slot of slots) {
    const element = context.primitives.scalarMult(scalar, psiGenerator(context, ci, slot.prs))
    if (element === undefined) throw new NwsError('NWS_ERR_INTERNAL', 'A slot came to the identity element.')
    elements.push(element)
    yield
  }
  return elements
}

/** th = H(lv("NWS3/round", L, M1, M2)), the messages with their type byte and without their length. */
export function roundTranscript(context: RoundContext, m1: Uint8Array, m2: Uint8Array): Uint8Array {
  return context.primitives.sha512(lv(ascii('NWS3/round'), context.L, concat(u8(0x11), m1), concat(u8(0x12), m2)))
}

/** hint_ρ(K), 16 bytes. */
export function hintOf(context: RoundContext, role: LinkRole, th: Uint8Array, K: Uint8Array): Uint8Array {
  return context.primitives.sha512(lv(ascii(`NWS3/hint${role}`), th, K)).slice(0, HINT_BYTES)
}

/** The CPace session id of slot i of I and slot j of R. */
export function pairSession(context: RoundContext, th: Uint8Array, i: number, j: number): Uint8Array {
  return context.primitives.sha512(lv(ascii('NWS3/cpace'), th, u16(i), u16(j)))
}

/** A pair's confirmation tags (32 bytes each) and handle (8 bytes). */
export interface PairKeys {
  readonly tagI: Uint8Array
  readonly tagR: Uint8Array
  readonly handle: Uint8Array
}

/** Tags and handle of a pair with the shared element K, which is overwritten. R is CPace's side A. */
export function pairKeys(
  context: RoundContext,
  sid: Uint8Array,
  K: Uint8Array,
  zR: Uint8Array,
  zI: Uint8Array
): PairKeys {
  const { primitives } = context
  const shareR = { element: zR, ad: ascii('R') }
  const shareI = { element: zI, ad: ascii('I') }
  const isk = cpaceIsk(primitives, sid, K, shareR, shareI)
  const macKey = cpaceMacKey(primitives, sid, isk)
  const keys = {
    tagI: cpaceTag(primitives, macKey, shareI),
    tagR: cpaceTag(primitives, macKey, shareR),
    handle: mac(primitives, isk, ascii('NWS3/handle')).slice(0, 8)
  }
  K.fill(0)
  isk.fill(0)
  macKey.fill(0)
  return keys
}
