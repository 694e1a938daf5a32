// What a proxy asks others of the cluster, and what it answers them: who is in a channel, and the proof that somebody is
// alive and no recording. When and how often. Not what the answers change (cluster.ts).
import { isZero } from '../bytes.ts'
import { TOKEN_BYTES } from './constants.ts'
import type { Frame } from './frames.ts'
import type { ClusterEnvironment } from './interfaces.ts'
import type { Jitter } from './jitter.ts'
import type { ClusterChannel } from './presence.ts'
import type { RemoteSession, Sessions } from './sessions.ts'

/** Stands for no channel: only the proof is asked for. */
export const NO_TOKEN = new Uint8Array(TOKEN_BYTES)

/** What questions need of their cluster. */
export interface QuestionPort {
  /** Says something to one session alone. @param id 16 bytes */
  say(id: Uint8Array, frame: Extract<Frame, { type: 'ask' | 'snapshot' }>): void
  channelOf(token: Uint8Array): ClusterChannel | undefined
}

/** The questions and answers of one proxy. */
export class Questions {
  readonly #environment: Pick<ClusterEnvironment, 'clock' | 'timings' | 'proxyId'>
  readonly #sessions: Sessions
  readonly #jitter: Jitter
  readonly #port: QuestionPort

  constructor(
    environment: Pick<ClusterEnvironment, 'clock' | 'timings' | 'proxyId'>,
    sessions: Sessions,
    jitter: Jitter,
    port: QuestionPort
  ) {
    this.#environment = environment
    this.#sessions = sessions
    this.#jitter = jitter
    this.#port = port
  }

  /** Asks a session for its peers in a channel. */
  missing(channel: ClusterChannel, session: RemoteSession): void {
    if (!channel.mayAsk(session, this.#environment.clock.now())) return
    this.#port.say(session.id, { type: 'ask', token: channel.token, challenge: this.#sessions.challenge })
  }

  /** Asks a session that is not known for its proof. */
  ask(id: Uint8Array, token: Uint8Array): void {
    if (!this.#sessions.mayAsk(id, token, this.#environment.clock.now())) return
    this.#port.say(id, { type: 'ask', token, challenge: this.#sessions.challenge })
  }

  /** The same when many do it at once. @param id may be a view that is overwritten later */
  askSoon(id: Uint8Array, channel: ClusterChannel | undefined): void {
    const kept = id.slice()
    if (channel !== undefined) {
      this.ask(kept, channel.token)
      return
    }
    this.#jitter.after(this.#jitter.upTo(this.#environment.timings.jitterMostMs), () => {
      if (this.#sessions.get(kept) === undefined) this.ask(kept, NO_TOKEN)
    })
  }

  /** Answers a challenge. Whoever asks holds the secret; what is said is sealed. */
  answer(id: Uint8Array, token: Uint8Array, challenge: Uint8Array): void {
    const { proxyId } = this.#environment
    const channel = this.#port.channelOf(token)
    if (channel === undefined && !isZero(token)) return
    const state = channel?.state(proxyId) ?? { proxy: proxyId, version: 0, ids: [] }
    // Its own challenge is what it sent; the token is the one that it knows the channel by.
    this.#port.say(id, { type: 'snapshot', token, challenge, state })
  }

  /** The same when many do it at once. @param id may be a view that is overwritten later, as may the challenge */
  answerSoon(id: Uint8Array, channel: ClusterChannel, challenge: Uint8Array): void {
    const [kept, asked] = [id.slice(), challenge.slice()]
    this.#jitter.after(this.#jitter.spread(channel), () => this.answer(kept, channel.token, asked))
  }
}
