// Keeps a Y.Doc equal to those of the other peers of a channel, without a server. Each peer asks for what it lacks: a newcomer
// asks the peer whose greeting came first, since that one is the nearest. docs/protocol/documents.md has the rules.
import { applyUpdate, encodeStateAsUpdate, mergeUpdates, type Doc } from 'yjs'
import { ANSWER_ALWAYS, ANSWER_IF_BEHIND, PART_BYTES, type Message } from './messages.ts'
import { IncomingAnswer, OutgoingAnswer } from './parts.ts'
import { decodeState, isSame, lacks, stateOf, type EncodedState, type State } from './state.ts'

/** Durations, milliseconds. */
export interface DocumentTimings {
  /** If no peer has greeted after this time, there is nobody to ask. */
  readonly aloneMs: number
  /** A peer that sends nothing for so long does not answer. */
  readonly answerMs: number
  /** After a loss of any kind the peers compare their states within this time. */
  readonly settleMs: number
  /** They also compare them so often. */
  readonly repeatMs: number
}

export const documentTimings: DocumentTimings = { aloneMs: 1000, answerMs: 5000, settleMs: 1000, repeatMs: 30_000 }

/** Injected things. */
export interface DocumentDeps {
  readonly doc: Doc
  /** Origin of the changes that other peers made. */
  readonly origin: unknown
  /** Sends to one peer or to all. @returns false if the message is lost */
  readonly send: (message: Message, peer?: string) => boolean
  /** An update is malformed, or a listener of the document has thrown. */
  readonly failed: (error: unknown) => void
  readonly synced: () => void
  readonly timings: DocumentTimings
}

interface Known {
  state: State | undefined
  /** Whether this peer may be asked because of its state, and whether it must be asked. */
  isOpen: boolean
  mustAsk: boolean
}

export class DocumentSync {
  readonly #deps: DocumentDeps
  /** The peers that share the document, the nearest first. */
  readonly #known = new Map<string, Known>()
  readonly #outgoing = new Map<string, OutgoingAnswer>()
  #asked: { readonly peer: string; incoming: IncomingAnswer | undefined } | undefined
  #isJoined = false
  #isAlone = false
  #state: (State & EncodedState) | undefined
  /** Changes of this turn. */
  #updates: Uint8Array[] = []
  #answers = 0
  #aloneTimer: ReturnType<typeof setTimeout> | undefined
  #answerTimer: ReturnType<typeof setTimeout> | undefined
  #compareTimer: ReturnType<typeof setTimeout> | undefined
  #compareAt = Infinity

  constructor(deps: DocumentDeps) {
    this.#deps = deps
    deps.doc.on('update', this.#changed)
  }

  /** @param isLate other peers are present, and may not hear of this one by themselves */
  joined(isLate: boolean): void {
    this.#isJoined = true
    if (isLate) this.#greet(undefined, ANSWER_ALWAYS)
    this.#aloneTimer = setTimeout(() => {
      this.#isAlone = true
      this.#next()
    }, this.#deps.timings.aloneMs)
    this.#compareWithin(this.#deps.timings.repeatMs)
  }

  lost(): void {
    this.#isJoined = this.#isAlone = false
    this.#known.clear()
    this.#outgoing.clear()
    this.#asked = undefined
    for (const timer of [this.#aloneTimer, this.#answerTimer, this.#compareTimer]) clearTimeout(timer)
    this.#compareAt = Infinity
  }

  destroy(): void {
    this.lost()
    this.#deps.doc.off('update', this.#changed)
  }

  came(peer: string): void {
    this.#greet(peer, 0)
  }

  left(peer: string): void {
    this.#outgoing.delete(peer)
    if (!this.#known.delete(peer)) return
    // Its last changes may have reached some peers and not others.
    this.#compareWithin(this.#deps.timings.settleMs)
    if (this.#asked?.peer === peer) this.#answered()
  }

  /** A message of this peer did not reach all others. */
  missed(): void {
    this.#compareWithin(this.#deps.timings.settleMs)
  }

  receive(peer: string, message: Message): void {
    switch (message.type) {
      case 'greeting':
        return this.#greeted(peer, message)
      case 'ask':
        return this.#answer(peer, message.vector)
      case 'answer':
        return this.#take(peer, message.update)
      case 'part':
        return this.#takePart(peer, message)
      case 'received':
        return this.#outgoing.get(peer)?.received(message)
      case 'update':
        this.#apply(message.update)
        if (this.#deps.doc.store.pendingStructs === null) return
        // An earlier change is missing.
        this.#knownPeer(peer).mustAsk = true
        return this.#next()
      case 'awareness':
    }
  }

  readonly #changed = (update: Uint8Array, origin: unknown): void => {
    this.#state = undefined
    if (origin === this.#deps.origin || !this.#isJoined) return
    if (this.#updates.push(update) === 1) queueMicrotask(() => this.#flush())
  }

  /** Sends the changes of this turn. Peers fetch large ones. */
  #flush(): void {
    const updates = this.#updates.splice(0)
    if (!this.#isJoined) return
    const update = updates.length === 1 ? updates[0]! : mergeUpdates(updates)
    if (update.length > PART_BYTES) this.#greet(undefined, 0)
    else if (!this.#deps.send({ type: 'update', update })) this.missed()
  }

  #own(): State & EncodedState {
    return (this.#state ??= stateOf(this.#deps.doc))
  }

  #knownPeer(peer: string): Known {
    const known = this.#known.get(peer) ?? { state: undefined, isOpen: false, mustAsk: false }
    this.#known.set(peer, known)
    return known
  }

  #greet(peer: string | undefined, wants: number): void {
    const { vector, deleted, digest } = this.#own()
    this.#deps.send({ type: 'greeting', wants, vector, deleted, digest }, peer)
  }

  #greeted(peer: string, { wants, ...encoded }: EncodedState & { readonly wants: number }): void {
    const state = decodeState(encoded)
    const known = this.#knownPeer(peer)
    known.state = state
    known.isOpen = true
    const own = this.#own()
    if (isSame(own, state)) {
      // The others have heard what this peer would say.
      clearTimeout(this.#compareTimer)
      this.#compareAt = Infinity
      this.#compareWithin(this.#deps.timings.repeatMs)
    }
    if ((wants & ANSWER_ALWAYS) !== 0 || ((wants & ANSWER_IF_BEHIND) !== 0 && lacks(state, own))) this.#greet(peer, 0)
    this.#next()
  }

  /** Asks the nearest peer that has something that this document lacks. */
  #next(): void {
    if (this.#asked !== undefined) return
    const own = this.#own()
    for (const [peer, known] of this.#known) {
      const { state, isOpen, mustAsk } = known
      if (!mustAsk && !(isOpen && state !== undefined && lacks(own, state))) continue
      known.isOpen = known.mustAsk = false
      this.#asked = { peer, incoming: undefined }
      this.#waitForAnswer()
      this.#deps.send({ type: 'ask', vector: own.vector }, peer)
      return
    }
    if (this.#known.size > 0 || this.#isAlone) this.#deps.synced()
  }

  #waitForAnswer(): void {
    clearTimeout(this.#answerTimer)
    this.#answerTimer = setTimeout(() => this.#answered(), this.#deps.timings.answerMs)
  }

  #answered(): void {
    clearTimeout(this.#answerTimer)
    this.#asked = undefined
    this.#next()
  }

  #answer(peer: string, vector: Uint8Array): void {
    const update = encodeStateAsUpdate(this.#deps.doc, vector)
    this.#outgoing.delete(peer)
    if (update.length <= PART_BYTES) this.#deps.send({ type: 'answer', update }, peer)
    else this.#outgoing.set(peer, new OutgoingAnswer(++this.#answers, update, part => this.#deps.send(part, peer)))
  }

  #takePart(peer: string, part: Extract<Message, { type: 'part' }>): void {
    const asked = this.#asked
    if (asked?.peer !== peer) return
    asked.incoming ??= new IncomingAnswer(part.id)
    if (asked.incoming.id !== part.id) return
    this.#waitForAnswer()
    const update = asked.incoming.take(part)
    this.#deps.send(asked.incoming.received, peer)
    if (update !== undefined) this.#take(peer, update)
  }

  #take(peer: string, update: Uint8Array): void {
    this.#apply(update)
    if (this.#asked?.peer !== peer) return
    const state = this.#known.get(peer)?.state
    // Now this document has something that others may lack.
    if (state !== undefined && !isSame(this.#own(), state)) this.#greet(undefined, 0)
    this.#answered()
  }

  #apply(update: Uint8Array): void {
    try {
      applyUpdate(this.#deps.doc, update, this.#deps.origin)
    } catch (error) {
      this.#deps.failed(error)
    }
  }

  /** Tells all peers the state within this time, unless another one with the same state is faster. */
  #compareWithin(ms: number): void {
    if (!this.#isJoined) return
    const delay = ms * (0.5 + Math.random() / 2)
    if (performance.now() + delay >= this.#compareAt) return
    clearTimeout(this.#compareTimer)
    this.#compareAt = performance.now() + delay
    this.#compareTimer = setTimeout(() => {
      this.#compareAt = Infinity
      this.#greet(undefined, ANSWER_IF_BEHIND)
      this.#compareWithin(this.#deps.timings.repeatMs)
    }, delay)
  }
}
