// How proxies in a channel notice and repair gaps: digests that say how many peers a proxy has, questions after a gap,
// answers. Random waits keep many proxies from speaking at once. cluster.ts acts on the answers.
import { isZero } from '../bytes.ts'
import type { Cancel } from '../clock.ts'
import { TOKEN_BYTES } from './constants.ts'
import type { Frame } from './frames.ts'
import type { ClusterDeps } from './interfaces.ts'
import type { ClusterChannel } from './presence.ts'
import type { RemoteSession, Sessions } from './sessions.ts'

/** Stands for no channel: the question asks for the proof alone. */
export const NO_TOKEN = new Uint8Array(TOKEN_BYTES)

export interface AntiEntropyDeps extends Pick<ClusterDeps, 'clock' | 'random' | 'timings' | 'proxyId'> {
  readonly sessions: Sessions
  /** Sends a frame to one session. @param id 16 bytes */
  readonly sayTo: (id: Uint8Array, frame: Extract<Frame, { type: 'ask' | 'snapshot' }>) => void
  /** Tells one session the number of the last batch in a channel. */
  readonly sayLast: (id: Uint8Array, channel: ClusterChannel) => void
  readonly say: (channel: ClusterChannel, frame: Extract<Frame, { type: 'digest' }>) => void
  readonly channelOf: (token: Uint8Array) => ClusterChannel | undefined
  /** Whether the channel is still the open one of its name. */
  readonly isOpen: (channel: ClusterChannel) => boolean
}

export class AntiEntropy {
  readonly #deps: AntiEntropyDeps
  readonly #waiting = new Set<Cancel>()

  constructor(deps: AntiEntropyDeps) {
    this.#deps = deps
  }

  /** Asks a session for its peers in a channel. */
  askForPeers(channel: ClusterChannel, session: RemoteSession): void {
    const { clock, sayTo, sessions } = this.#deps
    if (channel.tryAsk(session, clock.now()))
      sayTo(session.id, { type: 'ask', token: channel.token, challenge: sessions.challenge })
  }

  /** Asks an unknown session for its proof. */
  ask(id: Uint8Array, token: Uint8Array): void {
    const { clock, sayTo, sessions } = this.#deps
    if (sessions.tryAsk(id, token, clock.now())) sayTo(id, { type: 'ask', token, challenge: sessions.challenge })
  }

  /** Asks an unknown session after a random wait, because all proxies do. @param id may be a view that is overwritten later */
  askSoon(id: Uint8Array, channel: ClusterChannel | undefined): void {
    const kept = id.slice()
    if (channel !== undefined) {
      this.ask(kept, channel.token)
      return
    }
    this.#after(this.#deps.random() * this.#deps.timings.jitterMostMs, () => {
      if (this.#deps.sessions.get(kept) === undefined) this.ask(kept, NO_TOKEN)
    })
  }

  /** Answers a challenge. Only holders of the secret can ask, and the answer is sealed. */
  answer(id: Uint8Array, token: Uint8Array, challenge: Uint8Array): void {
    const { proxyId, channelOf, sayTo, sayLast } = this.#deps
    const channel = channelOf(token)
    if (channel === undefined && !isZero(token)) return
    const state = channel?.state(proxyId) ?? { proxy: proxyId, version: 0, ids: [] }
    sayTo(id, { type: 'snapshot', token, challenge, state })
    if (channel !== undefined) sayLast(id, channel)
  }

  /** Answers after a random wait, because all proxies do. @param id may be a view that is overwritten later, as may the challenge */
  answerSoon(id: Uint8Array, channel: ClusterChannel, challenge: Uint8Array): void {
    const [kept, asked] = [id.slice(), challenge.slice()]
    this.#after(this.#spread(channel), () => this.answer(kept, channel.token, asked))
  }

  /** Plans the next digest: a tenth earlier or later than due, so that proxies do not speak at once. */
  planDigest(channel: ClusterChannel): void {
    const { clock, random, timings } = this.#deps
    channel.nextDigestAt = clock.now() + timings.digestMs * (0.9 + 0.2 * random())
  }

  /** Sends a digest within the jitter, because another proxy asked for one. */
  digestSoon(channel: ClusterChannel): void {
    const { clock } = this.#deps
    const wait = this.#spread(channel)
    if (clock.now() + wait >= channel.nextDigestAt) return
    channel.nextDigestAt = clock.now() + wait
    this.#after(Math.max(1, wait), () => {
      if (channel.nextDigestAt <= clock.now()) this.digest(channel)
    })
  }

  digest(channel: ClusterChannel): void {
    const { proxyId, say, isOpen } = this.#deps
    if (!channel.entered || !isOpen(channel)) return
    this.planDigest(channel)
    const { version, locals, digestAsks } = channel
    channel.digestAsks = false
    say(channel, { type: 'digest', proxy: proxyId, version, count: locals.size, back: digestAsks })
  }

  stop(): void {
    for (const cancel of this.#waiting) cancel()
  }

  /** A random wait that grows with the members of a channel, milliseconds. */
  #spread(channel: ClusterChannel): number {
    const { random, timings } = this.#deps
    return random() * Math.min(timings.jitterMostMs, timings.jitterPerMemberMs * channel.memberCount)
  }

  #after(ms: number, run: () => void): void {
    if (ms < 1) {
      run()
      return
    }
    const cancel = this.#deps.clock.after(ms, () => {
      this.#waiting.delete(cancel)
      run()
    })
    this.#waiting.add(cancel)
  }
}
