// One offer, on the sender's side: the peers that know it, their answers, and its end. The bytes are in supply.ts.
import { FileError, isFileErrorCode, type FileErrorCode } from './errors.ts'
import { keysOf, MAX_TURNS } from './hash.ts'
import { encodeMessage, type FileMessage, type FileMessageOf } from './messages.ts'
import type { Pace } from './pace.ts'
import type { FileDeps } from './port.ts'
import { Recipient, type PeerState, type SendProgress } from './recipient.ts'
import { Supply, type OfferedFile } from './supply.ts'

/** The text of an offer, and its receivers. */
export interface OfferOptions {
  readonly name: string
  readonly type: string
  /** A name that the sender gives itself. */
  readonly from: string
  /** The same again if the same files are offered again; undefined: they never are. */
  readonly version: string | undefined
  /** Only to this peer. */
  readonly to: string | undefined
  /** The offer stays open until so many have everything. 0: until all that are there have answered. */
  readonly receivers: number
  readonly onProgress: ((progress: SendProgress) => void) | undefined
}

/** How an offer ended: ids of peers. */
export interface FileReport {
  /** Those that took the files, also if they do not have everything. */
  readonly accepted: string[]
  /** Those that have everything. */
  readonly completed: string[]
  readonly refused: { readonly peer: string; readonly code: FileErrorCode }[]
}

/** Most recipients of one offer, and most that may receive it at the same time. */
const MAX_RECIPIENTS = 1000
const MAX_RECEIVING = 48

/** An offer. */
export class Offering {
  readonly id: string
  readonly finished: Promise<FileReport>
  readonly #options: OfferOptions
  readonly #deps: FileDeps
  readonly #schedule: () => void
  readonly #supply: Supply
  readonly #keys: readonly string[]
  readonly #size: number | undefined
  readonly #recipients = new Set<Recipient>()
  #turn = -1
  #isOnline = false
  /** Bytes that may be on their way to one recipient. */
  #share = 0
  #settle!: { resolve: (report: FileReport) => void; reject: (error: FileError) => void }
  #isOver = false

  /** @param schedule asks for `serve` to be called soon */
  constructor(files: readonly OfferedFile[], options: OfferOptions, deps: FileDeps, pace: Pace, schedule: () => void) {
    this.#keys = keysOf(deps.createHasher, deps.randomId())
    this.id = this.#keys[0]!
    this.#options = options
    this.#deps = deps
    this.#schedule = schedule
    this.#supply = new Supply(this.id, files, deps, pace)
    this.#size = files.reduce<number | undefined>(
      (sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size),
      0
    )
    this.finished = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** How many receive it now. */
  get receiving(): number {
    let count = 0
    for (const { state } of this.#recipients) if (state === 'receiving') count++
    return count
  }

  /** How it stands. */
  get report(): FileReport {
    const all = [...this.#recipients]
    return {
      accepted: all.filter(({ receiver }) => receiver !== undefined).map(({ peer }) => peer),
      completed: all.filter(({ state }) => state === 'completed').map(({ peer }) => peer),
      refused: all.flatMap(({ state, peer, code }) => (state === 'refused' ? [{ peer, code: code! }] : []))
    }
  }

  /** The channel is joined, for the first time or again. */
  joined(peers: Iterable<string>): void {
    const { to } = this.#options
    if (this.#turn >= MAX_TURNS) return this.close('NWS_CLIENT_FILE_GONE')
    this.#turn++
    this.#isOnline = true
    const asked = [...peers].filter(peer => to === undefined || to === peer)
    if (to === undefined) this.#tell(this.#offer, undefined)
    else if (asked.length > 0) this.#tell(this.#offer, to)
    else if (this.#turn === 0) this.#end(this.#add(to), 'NWS_CLIENT_FILE_GONE')
    for (const peer of asked) this.#asked(peer)
    this.#look()
    this.#schedule()
  }

  /** The channel is lost; it may be joined again. */
  lost(): void {
    this.#isOnline = false
    for (const recipient of this.#recipients) {
      // Those that had not answered are asked again.
      if (recipient.receiver === undefined) this.#forget(recipient)
      else this.#away(recipient)
    }
  }

  came(peer: string): void {
    const { to } = this.#options
    if (this.#isOver || !this.#isOnline || (to !== undefined && to !== peer)) return
    this.#tell(this.#offer, peer)
    this.#asked(peer)
  }

  left(peer: string): void {
    const recipient = this.#of(peer)
    if (recipient !== undefined) this.#away(recipient)
    this.#look()
  }

  /** A message for this offer. */
  received(source: string, message: FileMessage): void {
    if (this.#isOver) return
    switch (message.do) {
      case 'seen': {
        const recipient = this.#of(source)
        if (recipient !== undefined && recipient.receiver === undefined) this.#change(recipient, 'deciding')
        return
      }
      case 'list':
        return this.#list(source, message)
      case 'want':
        return this.#want(source, message)
      case 'done':
        return this.#done(source, message)
      case 'refuse': {
        const recipient = this.#of(source)
        if (recipient !== undefined && recipient.state !== 'completed')
          this.#end(recipient, isFileErrorCode(message.code) ? message.code : 'NWS_CLIENT_FILE_BROKEN')
      }
    }
  }

  /** Ends it for all that do not have everything. */
  close(code: FileErrorCode): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const recipient of this.#recipients) {
      const isGone = recipient.state === 'away' && code === 'NWS_CLIENT_FILE_OVER'
      if (!recipient.isOver) this.#end(recipient, isGone ? 'NWS_CLIENT_FILE_GONE' : code)
    }
    if (this.#turn >= 0) this.#tell({ do: 'withdraw', id: this.id, code }, this.#options.to)
    this.#supply.close()
    this.#settle.resolve(this.report)
  }

  /** Serves those that want something. @param share bytes that may be on their way to one recipient */
  serve(share: number): void {
    this.#share = share
    for (const recipient of this.#recipients) {
      if (recipient.isServed || !this.#wants(recipient)) continue
      recipient.isServed = true
      void this.#serve(recipient)
    }
  }

  get #offer(): FileMessage {
    const { name, type, from, version = this.id } = this.#options
    const turn = this.#turn
    const key = turn === 0 ? '' : this.#keys[turn]!
    const files = this.#supply.count
    return { do: 'offer', id: this.id, turn, key, name, type, size: this.#size, files, version, from }
  }

  #tell(message: FileMessage, peer: string | undefined): void {
    this.#deps.port.tell(encodeMessage(message), peer)
  }

  /** The recipient that a peer is now. */
  #of(peer: string): Recipient | undefined {
    for (const recipient of this.#recipients) if (recipient.peer === peer && recipient.isThere) return recipient
    return undefined
  }

  #add(peer: string): Recipient {
    const recipient = new Recipient(peer)
    this.#recipients.add(recipient)
    return recipient
  }

  #asked(peer: string): void {
    if (this.#of(peer) !== undefined || this.#recipients.size >= MAX_RECIPIENTS) return
    const recipient = this.#add(peer)
    this.#change(recipient, 'asked')
    recipient.stopTimer = this.#deps.clock.after(this.#deps.timings.answerMs, () =>
      this.#end(recipient, 'NWS_CLIENT_FILE_NO_ANSWER')
    )
  }

  /** The recipient that has accepted, also under a new peer id; undefined: another peer pretends to be it. */
  #accepted(source: string, receiver: string): Recipient | undefined {
    const here = this.#of(source)
    let recipient = [...this.#recipients].find(other => other.receiver === receiver)
    if (recipient === undefined) {
      if (here === undefined && (this.#options.to !== undefined || this.#recipients.size >= MAX_RECIPIENTS))
        return undefined
      if (this.receiving >= MAX_RECEIVING) {
        this.#tell({ do: 'withdraw', id: this.id, code: 'NWS_CLIENT_FILE_TOO_MANY' }, source)
        return undefined
      }
      recipient = here ?? this.#add(source)
    } else if (recipient !== here) {
      if (recipient.isThere) return undefined
      if (here !== undefined) this.#forget(here)
    }
    recipient.receiver = receiver
    recipient.peer = source
    if (recipient.state !== 'receiving') this.#change(recipient, 'receiving')
    this.#wait(recipient)
    return recipient
  }

  #list(source: string, { receiver, from }: FileMessageOf<'list'>): void {
    const recipient = this.#accepted(source, receiver)
    if (recipient === undefined) return
    recipient.listFrom = from
    this.#schedule()
  }

  #want(source: string, { receiver, file, stream, offset, until }: FileMessageOf<'want'>): void {
    if (file >= this.#supply.count || offset > (this.#supply.sizeOf(file) ?? Infinity)) return
    const recipient = this.#accepted(source, receiver)
    if (recipient === undefined) return
    if (recipient.stream !== stream) {
      if (file !== recipient.file) recipient.before = this.#bytesBefore(file, recipient)
      recipient.file = file
      recipient.stream = stream
      recipient.next = offset
      recipient.isEnded = false
    }
    recipient.has = Math.min(offset, recipient.next)
    recipient.until = until
    this.#release()
    this.#progress(recipient)
    this.#schedule()
  }

  #bytesBefore(file: number, { file: last, before }: Recipient): number {
    if (file === last + 1) return before + (this.#supply.sizeOf(last) ?? 0)
    let sum = 0
    for (let index = 0; index < file; index++) sum += this.#supply.sizeOf(index) ?? 0
    return sum
  }

  #done(source: string, { receiver }: FileMessageOf<'done'>): void {
    const recipient = this.#accepted(source, receiver)
    if (recipient === undefined) return
    this.#tell({ do: 'bye', id: this.id, receiver }, source)
    recipient.has = this.#supply.sizeOf(recipient.file) ?? recipient.has
    recipient.stream = undefined
    this.#change(recipient, 'completed')
    this.#release()
    this.#look()
  }

  #away(recipient: Recipient): void {
    if (recipient.isOver || !recipient.isThere) return
    if (recipient.receiver === undefined) return this.#end(recipient, 'NWS_CLIENT_FILE_GONE')
    this.#change(recipient, 'away')
    this.#wait(recipient)
  }

  /** Gives it up after a while without a sign of life. */
  #wait(recipient: Recipient): void {
    recipient.stop()
    recipient.stopTimer = this.#deps.clock.after(this.#deps.timings.patienceMs, () =>
      this.#end(recipient, 'NWS_CLIENT_FILE_GONE')
    )
  }

  /** It is over for one. */
  #end(recipient: Recipient, code: FileErrorCode): void {
    recipient.stream = recipient.listFrom = undefined
    recipient.code = code
    this.#change(recipient, 'refused')
    this.#release()
    this.#look()
  }

  #forget(recipient: Recipient): void {
    recipient.stop()
    this.#recipients.delete(recipient)
  }

  #change(recipient: Recipient, state: PeerState): void {
    recipient.stop()
    recipient.state = state
    if (state !== 'refused') recipient.code = undefined
    this.#progress(recipient)
  }

  #progress({ peer, state, before, has, code }: Recipient): void {
    this.#options.onProgress?.({ peer, state, bytes: before + has, size: this.#size, code })
  }

  #release(): void {
    const all = [...this.#recipients]
    const taken = all.filter(({ receiver }) => receiver !== undefined).length
    // A stream waits with its first byte until all that are wanted have come.
    this.#supply.release(
      all.filter(({ isOver }) => !isOver),
      taken < this.#options.receivers
    )
  }

  /** Whether it is over for all. */
  #look(): void {
    if (this.#isOver || !this.#isOnline) return
    const all = [...this.#recipients]
    const { receivers } = this.#options
    const completed = all.filter(({ state }) => state === 'completed').length
    // If enough receivers have everything, the offer waits for those alone that are receiving.
    const isSettled = ({ isOver, state }: Recipient): boolean => isOver || (receivers > 0 && state !== 'receiving')
    if (completed >= receivers && all.every(isSettled)) this.close('NWS_CLIENT_FILE_OVER')
  }

  #wants(recipient: Recipient): boolean {
    return recipient.wants(this.#supply.sizeOf(recipient.file), this.#share)
  }

  async #serve(recipient: Recipient): Promise<void> {
    try {
      while (!this.#isOver && this.#wants(recipient)) await this.#supply.serve(recipient)
    } catch (error) {
      if (error instanceof FileError) this.#failed(recipient, error)
    } finally {
      recipient.isServed = false
    }
  }

  #failed(recipient: Recipient, error: FileError): void {
    if (this.#isOver) return
    if (error.code !== 'NWS_CLIENT_FILE_TOO_LATE') {
      this.#settle.reject(error)
      return this.close(error.code)
    }
    this.#tell({ do: 'withdraw', id: this.id, code: error.code }, recipient.peer)
    this.#end(recipient, error.code)
  }
}
