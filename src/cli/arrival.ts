// Waits until sent data has arrived, as far as the proxy knows. socket.ts sends.
import { CliError, EXIT, ProxyError } from './errors.ts'
import { note, styled } from './output.ts'
import { request, type Proxy } from './proxy.ts'
import type { ChannelConnection } from './socket.ts'

interface Outstanding {
  readonly waiting: number
  readonly cut: number
}

/** An answer of the API. */
interface DeliveryState {
  readonly peers: Outstanding
  readonly proxies: Outstanding
}

/**
 * How long one request waits before the next one, milliseconds. Longer than a proxy of the cluster may take to answer: it then counts
 * as cut.
 */
const WAIT_MS = 30_000
/** After this wait a remark is written, milliseconds. */
const PATIENCE_MS = 1000

/** The arrival of the data of one connection. */
export class Arrival {
  /** Receivers that were cut off before they had everything. */
  cut = 0
  readonly #connection: ChannelConnection
  readonly #proxy: Proxy
  readonly #path: string
  /** Whether the proxy tells. It does not without its token, or if it is older than this command. */
  #isTold = true

  constructor(proxy: Proxy, channel: string, connection: ChannelConnection) {
    this.#proxy = proxy
    this.#connection = connection
    this.#path = `/api/channels/${encodeURIComponent(channel)}/delivery?waitMs=${WAIT_MS}`
  }

  /**
   * Resolves when the proxy has taken everything, and, if the proxy tells, when everything is `sent` (has left the proxy) or
   * `read` (local clients have read it, other proxies have taken it).
   *
   * @throws the error that ended the connection, NWS_CLI_PIPE_PARTIAL
   */
  async wait(until: 'sent' | 'read'): Promise<void> {
    await this.#connection.fence()
    const patience =
      until === 'sent'
        ? undefined
        : setTimeout(() => note(styled('Waiting until receivers have read everything …', 'dim')), PATIENCE_MS)
    try {
      while (this.#isTold) {
        const delivery = await this.#ask(until)
        this.cut += (delivery?.peers.cut ?? 0) + (delivery?.proxies.cut ?? 0)
        if (delivery !== undefined && delivery.peers.waiting + delivery.proxies.waiting === 0) return
      }
    } finally {
      clearTimeout(patience)
    }
  }

  async #ask(until: 'sent' | 'read'): Promise<DeliveryState | undefined> {
    try {
      return await request<DeliveryState>(this.#proxy, `${this.#path}&until=${until}&except=${this.#connection.id}`, {
        timeoutMs: WAIT_MS + 30_000
      })
    } catch (error) {
      if (error instanceof CliError && error.exit === EXIT.notRunning)
        throw new CliError('NWS_CLI_PIPE_PARTIAL', `(${error.code})`)
      if (!(error instanceof ProxyError)) throw error
      this.#isTold = false
      note(
        styled(
          `${error.code}: the proxy does not tell whether receivers have read everything, so this waits until the proxy has taken everything.${error.exit === EXIT.refused ? ' Set NWS_API_TOKEN to the token of the proxy.' : ''}`,
          'yellow'
        )
      )
      return undefined
    }
  }
}
