// Asks modules of peers: one peer, or those of a query.
import { Call, type Outcome } from './call.ts'
import type { Directory } from './directory.ts'
import { BoneValueError, failure } from './errors.ts'
import { runSafely } from './events.ts'
import type { Links } from './links.ts'
import { Peer, type PeerAccess, type RequestOptions } from './peer.ts'
import type { Rendezvous } from './rendezvous.ts'
import type { Answer, ResponseCallback, Target } from './target.ts'
import { pack } from './values.ts'

/** The module that is asked to have a connection. No page has it. */
const HELLO_MODULE = '$hello'

/** The result of a query: what to ask of its peers, and each of them by its id. */
export type Found = Target & Readonly<Record<string, Peer | Target[keyof Target]>>

/** How the library itself makes a request. */
export interface AskOptions extends RequestOptions {
  readonly isOrdered?: boolean | undefined
}

export interface AskingDeps {
  /** Limit of a request that has none of its own. */
  readonly timeoutMs: number
  readonly directory: Directory<Peer>
  readonly links: Links
  readonly ownId: () => string | null
  readonly rendezvous: () => Rendezvous | undefined
}

export class Asking {
  readonly #deps: AskingDeps
  readonly #access: PeerAccess

  constructor(deps: AskingDeps) {
    this.#deps = deps
    const { links } = deps
    this.#access = {
      request: async (peer, module, data, options) => {
        options.signal?.throwIfAborted()
        const outcome = await this.ask(peer, module, pack(data), options)
        options.signal?.throwIfAborted()
        if ('code' in outcome) throw new BoneValueError(failure(outcome.code))
        return outcome.response
      },
      connection: async peer => {
        const outcome = await this.ask(peer, HELLO_MODULE, pack(null), {})
        const connection = links.connection(peer.id)
        if (connection !== undefined) return connection
        throw new BoneValueError(failure('code' in outcome ? outcome.code : 'PEER_GONE'))
      },
      addStream: (peer, stream) => links.addStream(peer.id, stream),
      removeStream: (peer, stream) => links.removeStream(peer.id, stream)
    }
  }

  /** The listed peer of an id, or else a new one. */
  peer(name: string, id: string): Peer {
    return this.#deps.directory.get(id) ?? this.create(name, id)
  }

  create(name: string, id: string): Peer {
    return new Peer(name, id, this.#access)
  }

  /** The peers of a query, now and whenever they are asked. */
  target(query: string): Found {
    const { directory } = this.#deps
    const found = Object.fromEntries(directory.find(query).map(peer => [peer.id, peer]))
    return Object.defineProperties(found, {
      message: {
        enumerable: true,
        value: (module: unknown, data?: unknown, keepAlive = false, callback?: ResponseCallback) => {
          const packed = pack(data)
          const ask = async (peer: Peer): Promise<void> => {
            const outcome = await this.ask(peer, String(module), packed, { keepAlive })
            const given = 'code' in outcome ? failure(outcome.code) : outcome.response
            runSafely(() => callback?.(given, directory.get(peer.id) ?? peer))
          }
          for (const peer of this.#find(query)) void ask(peer)
        }
      },
      request: {
        value: (module: string, data?: unknown, options: RequestOptions = {}) =>
          this.askAll(this.#find(query), module, data, options)
      },
      peers: { value: () => directory.find(query) }
    }) as unknown as Found
  }

  /** Asks these peers. @throws the reason of `signal` if that aborts (the promise) */
  async askAll(peers: readonly Peer[], module: string, data: unknown, options: RequestOptions): Promise<Answer[]> {
    const { signal } = options
    signal?.throwIfAborted()
    const packed = pack(data)
    const answers = await Promise.all(
      peers.map(async peer => {
        const outcome = await this.ask(peer, module, packed, options)
        return {
          ...('code' in outcome ? failure(outcome.code) : outcome),
          peer: this.#deps.directory.get(peer.id) ?? peer
        }
      })
    )
    signal?.throwIfAborted()
    return answers
  }

  /** Asks one peer. Never rejects. */
  async ask(
    { id }: Pick<Peer, 'id'>,
    module: string,
    given: ReturnType<typeof pack>,
    { timeoutMs = this.#deps.timeoutMs, keepAlive = true, signal, isOrdered }: AskOptions
  ): Promise<Outcome> {
    const { directory, links, ownId, rendezvous } = this.#deps
    const data = given instanceof Promise ? await given : given
    if ('code' in data) return data
    if (id === ownId()) return { code: 'OWN_ID' }
    return await new Promise(resolve => {
      const abort = (): void => call.settle({ code: 'ABORTED' })
      const call = new Call({ module, data, keepAlive, isOrdered }, timeoutMs, outcome => {
        signal?.removeEventListener('abort', abort)
        if ('response' in outcome || outcome.code !== 'TIMEOUT') return resolve(outcome)
        rendezvous()?.doubt()
        const isAway = !call.wasAsked && rendezvous()?.isOnline !== true
        resolve({ code: isAway ? 'DISCONNECTED' : directory.get(id) === undefined ? 'NO_PEER' : 'TIMEOUT' })
      })
      signal?.addEventListener('abort', abort)
      if (signal?.aborted === true) abort()
      else links.ask(id, call)
    })
  }

  /** The peers of a query. An unknown id may be that of a peer that the rendezvous is about to announce. */
  #find(query: string): Peer[] {
    const peers = this.#deps.directory.find(query)
    return peers.length === 0 && /^\d+$/.test(query) ? [this.create('', query)] : peers
  }
}
