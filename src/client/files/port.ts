// The channel as transfers need it, and their times. The library, the command and BoneValue each bring one.
import type { Clock } from './pace.ts'
import type { CreateHasher } from './hash.ts'

/** A binary message with room for its content. */
export interface Frame {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where the content begins. */
  readonly start: number
}

/** A channel. Messages that are sent while it is not joined are lost. */
export interface FilePort {
  /** Sends JSON text to one peer or, without one, to all others. */
  tell(json: string, peer: string | undefined): void
  /** A binary message for one peer, to be filled and sent. */
  frame(peer: string, length: number): Frame
  send(frame: Frame, peer: string): void
  /** Resolves when there is room to send more to a peer. @throws if the channel is lost meanwhile */
  ready(peer: string): Promise<void>
}

/** Times, milliseconds. */
export interface FileTimings {
  /** A peer that has not said within this time that it has seen an offer does not take files. */
  readonly answerMs: number
  /** How long the other end may be away. */
  readonly patienceMs: number
  /** A receiver that gets nothing for so long asks again. */
  readonly stallMs: number
  /** A receiver that has everything says so again after this time, at most so many times. */
  readonly farewellMs: number
  readonly farewells: number
}

/** The defaults. */
export const fileTimings: FileTimings = {
  answerMs: 5000,
  patienceMs: 60_000,
  stallMs: 5000,
  farewellMs: 1000,
  farewells: 10
}

/** Injected things. */
export interface FileDeps {
  readonly port: FilePort
  readonly clock: Clock
  readonly createHasher: CreateHasher
  /** 32 random hexadecimal characters. */
  readonly randomId: () => string
  readonly timings: FileTimings
}
