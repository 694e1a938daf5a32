// When a proxy says, in each of its channels, how many it has there, so that others notice what they missed. Not what they
// do about it (cluster.ts).
import type { Frame } from './frames.ts'
import type { ClusterEnvironment } from './interfaces.ts'
import type { Jitter } from './jitter.ts'
import type { ClusterChannel } from './presence.ts'

/** What digests need of their cluster. */
export interface DigestPort {
  say(channel: ClusterChannel, frame: Extract<Frame, { type: 'digest' }>): void
  /** Whether the channel is still the open one of its name. */
  isOpen(channel: ClusterChannel): boolean
}

/** The digests of one proxy. */
export class Digests {
  readonly #environment: Pick<ClusterEnvironment, 'clock' | 'timings' | 'random' | 'proxyId'>
  readonly #jitter: Jitter
  readonly #port: DigestPort

  constructor(
    environment: Pick<ClusterEnvironment, 'clock' | 'timings' | 'random' | 'proxyId'>,
    jitter: Jitter,
    port: DigestPort
  ) {
    this.#environment = environment
    this.#jitter = jitter
    this.#port = port
  }

  /** Sets the time of the next one, a tenth earlier or later than its turn so that proxies do not speak all at once. */
  next(channel: ClusterChannel): void {
    const {
      clock,
      random,
      timings: { digestMs }
    } = this.#environment
    channel.nextDigestAt = clock.now() + digestMs * (0.9 + 0.2 * random())
  }

  /** Somebody wants to hear one: it comes within the jitter, unless its turn is sooner. */
  soon(channel: ClusterChannel): void {
    const { clock } = this.#environment
    const at = clock.now() + this.#jitter.spread(channel)
    if (at >= channel.nextDigestAt) return
    channel.nextDigestAt = at
    this.#jitter.after(Math.max(1, at - clock.now()), () => {
      if (channel.nextDigestAt <= clock.now()) this.say(channel)
    })
  }

  /** Says it now. */
  say(channel: ClusterChannel): void {
    if (!channel.entered || !this.#port.isOpen(channel)) return
    const { version, locals, digestAsks } = channel
    this.next(channel)
    channel.digestAsks = false
    this.#port.say(channel, {
      type: 'digest',
      proxy: this.#environment.proxyId,
      version,
      count: locals.size,
      back: digestAsks
    })
  }
}
