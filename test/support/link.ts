// The common parts of the tests of the link protocol: the real primitives, hexadecimal, vectors, and a whole round in one call.
// Not a mock of any cryptography.
import { readFileSync } from 'node:fs'
import { createCrypto } from '../../src/plugins/crypto/index.ts'
import { RoundInitiator } from '../../src/core/link/matching/round/round-initiator.ts'
import { RoundResponder } from '../../src/core/link/matching/round/round-responder.ts'
import type { Confirmed, RoundContext } from '../../src/core/link/matching/round/round.ts'
import { runToEnd, type Fault } from '../../src/core/link/result.ts'

export const primitives = (await createCrypto()).link

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The content of a file of docs/vectors; the caller gives its type. */
export function vectors(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../docs/vectors/${file}`, import.meta.url), 'utf8'))
}

/** The terms of a round between two made-up ids, on a link of its own. */
export function roundContext(changes: Partial<RoundContext> = {}): RoundContext {
  return {
    r: 0,
    L: primitives.randomBytes(64),
    idI: new Uint8Array(16).fill(0x11),
    idR: new Uint8Array(16).fill(0x22),
    primitives,
    ...changes
  }
}

/** The names of the messages of a round, in order. */
export const messageNames = ['M1', 'M2', 'M3', 'M4', 'M5', 'M6'] as const
export type MessageName = (typeof messageNames)[number]

/** How a round between honest sides ended. */
export interface RoundOutcome {
  /** Bodies as sent, as far as it went. */
  readonly sent: Partial<Record<MessageName, Uint8Array>>
  /** The channels that each side confirmed; absent if it did not come so far. */
  readonly confirmedI?: readonly Confirmed[]
  readonly confirmedR?: readonly Confirmed[]
  /** The first fault, and who found it in which message. */
  readonly fault?: Fault & { readonly by: 'I' | 'R'; readonly at: MessageName }
}

export interface RoundSetup {
  readonly namesI: readonly string[]
  readonly namesR: readonly string[]
  readonly contextI?: RoundContext
  readonly contextR?: RoundContext
  /** Changes a body on its way. */
  readonly tamper?: (name: MessageName, body: Uint8Array) => Uint8Array
  readonly pay?: (index: number) => boolean
}

/** Runs a round between two honest sides until its end or its first fault. */
export function runRound(setup: RoundSetup): RoundOutcome {
  const context = setup.contextI ?? roundContext()
  const initiator = new RoundInitiator(context, setup.namesI.map(utf8), 0)
  const responder = new RoundResponder(setup.contextR ?? context)
  const sent: Partial<Record<MessageName, Uint8Array>> = {}
  const carry = (name: MessageName, body: Uint8Array): Uint8Array => {
    sent[name] = body
    return setup.tamper?.(name, body) ?? body
  }

  const m1 = carry('M1', runToEnd(initiator.m1()))
  const m2 = runToEnd(responder.onM1(m1, setup.namesR.map(utf8), 0))
  if (!m2.ok) return { sent, fault: { ...m2, by: 'R', at: 'M1' } }
  const m3 = runToEnd(initiator.onM2(carry('M2', m2.value)))
  if (!m3.ok) return { sent, fault: { ...m3, by: 'I', at: 'M2' } }
  const m4 = runToEnd(responder.onM3(carry('M3', m3.value.m3), setup.pay ?? (() => true)))
  if (!m4.ok) return { sent, fault: { ...m4, by: 'R', at: 'M3' } }
  const m5 = runToEnd(initiator.onM4(carry('M4', m4.value)))
  if (!m5.ok) return { sent, fault: { ...m5, by: 'I', at: 'M4' } }
  const m6 = runToEnd(responder.onM5(carry('M5', m5.value)))
  if (!m6.ok) return { sent, fault: { ...m6, by: 'R', at: 'M5' } }
  const end = runToEnd(initiator.onM6(carry('M6', m6.value.m6)))
  if (!end.ok) return { sent, confirmedR: m6.value.confirmed, fault: { ...end, by: 'I', at: 'M6' } }
  return { sent, confirmedI: end.value, confirmedR: m6.value.confirmed }
}

/** Name → handle of what one side confirmed. */
export function handlesByName(names: readonly string[], confirmed: readonly Confirmed[]): Map<string, string> {
  return new Map(confirmed.map(({ index, handle }) => [names[index]!, hex(handle)]))
}
