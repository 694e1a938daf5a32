// Which NATS server is dialled next, and when: one after the other, each at most once in a while. The servers of the settings,
// and those that a server has named.
import { isIP } from 'node:net'

const DEFAULT_PORT = 4222

interface Server {
  readonly url: string
  /** The name in its certificate, if it is known by address only. */
  readonly tlsName: string | undefined
  /** Monotonic milliseconds. */
  dialledAt: number
}

export class ServerList {
  readonly #configured: readonly Server[]
  #learned: readonly Server[] = []
  #place: number
  readonly #retryMs: number

  /**
   * @param urls of the settings
   * @param retryMs until a server is dialled again
   * @param random a number in [0, 1): proxies begin at different servers
   */
  constructor(urls: readonly string[], retryMs: number, random: () => number = Math.random) {
    this.#configured = urls.map(url => ({ url, tlsName: undefined, dialledAt: -Infinity }))
    this.#retryMs = retryMs
    this.#place = Math.floor(random() * urls.length)
  }

  /** The server to dial now. */
  next(now = performance.now()): { readonly url: string; readonly tlsName: string | undefined } {
    const server = this.#upcoming()
    this.#place += 1
    server.dialledAt = now
    return server
  }

  /** How long to wait for the next dial, milliseconds. */
  waitMs(now = performance.now()): number {
    return Math.max(0, this.#upcoming().dialledAt + this.#retryMs - now)
  }

  /**
   * A server has named the others of its cluster.
   *
   * @param url of the server
   * @param others `host:port` of each
   */
  learn(url: string, others: readonly string[], wantsTls: boolean): void {
    const known = new Map([...this.#configured, ...this.#learned].map(server => [hostOf(server.url), server]))
    const name = wantsTls && !isAddress(url) ? new URL(url).hostname : undefined
    this.#learned = others
      .filter(other => !this.#configured.some(server => hostOf(server.url) === other))
      .map(other => {
        const server = { url: `nats://${other}`, dialledAt: -Infinity }
        return known.get(other) ?? { ...server, tlsName: isAddress(server.url) ? name : undefined }
      })
  }

  #upcoming(): Server {
    const all = [...this.#configured, ...this.#learned]
    return all[this.#place % all.length]!
  }
}

/** `host:port` of a URL, as servers write it. */
function hostOf(url: string): string {
  const host = url.replace(/^[a-z]+:\/\//, '')
  return /:\d+$/.test(host) ? host : `${host}:${DEFAULT_PORT}`
}

function isAddress(url: string): boolean {
  return isIP(new URL(url).hostname.replace(/^\[|\]$/g, '')) !== 0
}
