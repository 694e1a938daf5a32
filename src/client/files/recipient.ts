// One peer that files are offered to, as the sender sees it: its answer, its wishes, its progress.
import type { FileErrorCode } from './errors.ts'

/** asked → deciding → receiving ⇄ away → completed or refused. */
export type PeerState = 'asked' | 'deciding' | 'receiving' | 'away' | 'completed' | 'refused'

/** Told whenever something changes at a peer. */
export interface SendProgress {
  readonly peer: string
  readonly state: PeerState
  /** Bytes of all files that the peer has. */
  readonly bytes: number
  /** Bytes of all files; undefined if one is a stream. */
  readonly size: number | undefined
  /** Why the peer does not have the files, if it refused. */
  readonly code: FileErrorCode | undefined
}

/** The sender's view of a peer. */
export class Recipient {
  state: PeerState = 'asked'
  code: FileErrorCode | undefined
  /** Id of its peer, or the last one while it is away. */
  peer: string
  /** The secret by which it is known again; undefined: it has not accepted. */
  receiver: string | undefined
  /** First file of the list that it asked for. */
  listFrom: number | undefined
  /** The stream that it wants; undefined: none. */
  stream: number | undefined
  file = 0
  /** Offset of the next byte to send, how far it has written, how far the sender may go. */
  next = 0
  has = 0
  until = 0
  /** Whether the end of the stream has been told. */
  isEnded = false
  /** Bytes of the files before the present one. */
  before = 0
  isServed = false
  /** Ends the wait for an answer or for its return. */
  stopTimer: (() => void) | undefined

  constructor(peer: string) {
    this.peer = peer
  }

  /** Whether nothing more will happen. */
  get isOver(): boolean {
    return this.state === 'completed' || this.state === 'refused'
  }

  /** Whether messages reach it. */
  get isThere(): boolean {
    return this.state !== 'away'
  }

  /** Bytes that are on their way. */
  get underWay(): number {
    return this.next - this.has
  }

  /**
   * Whether there is something to be sent.
   *
   * @param size of its present file, if that is known
   * @param share bytes that may be on their way to it
   */
  wants(size: number | undefined, share: number): boolean {
    if (this.state !== 'receiving') return false
    if (this.listFrom !== undefined) return true
    if (this.stream === undefined || this.isEnded) return false
    return this.next === size || (this.next < this.until && this.underWay < share)
  }

  stop(): void {
    this.stopTimer?.()
    this.stopTimer = undefined
  }
}
