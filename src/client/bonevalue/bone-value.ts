// `$BV`: users, peers and messages between them, without a server in between. This file has the calls of a page; the others
// in this folder do the work.
import type { IceServer, PeerConnectionClass } from '../platform-types.ts'
import type { ReconnectOptions } from '../reconnect.ts'
import { Call, type Outcome } from './call.ts'
import { isTooLarge, type Reply } from './conversation.ts'
import { Directory, type Peer } from './directory.ts'
import { BoneValueError, failure, type BoneValueErrorCode, type Failure } from './errors.ts'
import { Listeners, report, runSafely, warn, type BoneValueEvents } from './events.ts'
import { Links } from './links.ts'
import { Rendezvous, rendezvousUrl, type WebSocketClass } from './rendezvous.ts'
import type { WireMessage } from './rendezvous-wire.ts'

/** Options of a BoneValue. All members are optional. */
export interface BoneValueOptions {
  /** Limit of a request, from `message` to its answer, milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Time after which an unused kept connection is closed, milliseconds. Default 30 000. */
  readonly keepAliveMs?: number
  /** Limit of an attempt to connect with a peer, milliseconds. Default 8000. */
  readonly connectTimeoutMs?: number
  /** Whether and how to reconnect to the rendezvous. Default: yes. */
  readonly reconnect?: boolean | ReconnectOptions
  /** How long reachable peers are kept that a returned rendezvous has not listed, milliseconds. Default 15 000. */
  readonly graceMs?: number
  /** Default: the global class, or else, in Node.js, that of `ws`. */
  readonly WebSocket?: WebSocketClass
  /** Default: the global class. Node.js has none. */
  readonly RTCPeerConnection?: PeerConnectionClass
}

export interface ModuleRequest {
  readonly request: any // oxlint-disable-line typescript/no-explicit-any -- sent by the other page: the module must check it
  /** The same as `request`. */
  readonly data: any // oxlint-disable-line typescript/no-explicit-any -- as above
  /** Answers once with a JSON value. */
  readonly callback: (response?: unknown) => void
  readonly peer: string
  /** The alias of that peer's user. */
  readonly name: string
}

/** Gets the answer of a peer, or `{ err, code }` if there is none. */
export type ResponseCallback = (response: any, peer: Peer) => void // oxlint-disable-line typescript/no-explicit-any -- as above

/** The peers of a query, at the moment `message` is called. */
export interface Target {
  /**
   * Asks a module of each of these peers.
   *
   * @param module its name
   * @param data any JSON value
   * @param keepAlive whether to keep the connection for further messages
   * @param callback called once for each asked peer
   */
  message(module: string, data?: unknown, keepAlive?: boolean, callback?: ResponseCallback): void
  peers(): Peer[]
}

const FAREWELL_MS = 3000

const EVENTS = ['connect', 'disconnect', 'peerconnect', 'peerdisconnect', 'newuser', 'userremove', 'error'] as const
type Events = BoneValueEvents<Peer, Failure>

let defaultWebSocket: WebSocketClass | undefined

/** The entry file for Node.js calls it. */
export function setDefaultWebSocket(Class: WebSocketClass): void {
  defaultWebSocket = Class
}

/** The users, peers and modules of a page or program. */
export class BoneValue {
  readonly #options: BoneValueOptions
  readonly #listeners = new Listeners<Events>(EVENTS)
  readonly #modules = new Map<string, (request: ModuleRequest) => unknown>()
  readonly #directory: Directory
  readonly #links: Links
  #rendezvous: Rendezvous | undefined
  #id: string | null = null
  #iceServers: IceServer[] = []
  #graceTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: BoneValueOptions = {}) {
    this.#options = options
    this.#directory = new Directory({
      connected: peer => this.#listeners.emit('peerconnect', peer),
      disconnected: ({ id }) => {
        this.#links.gone(id)
        this.#listeners.emit('peerdisconnect', id)
      },
      userAdded: alias => this.#listeners.emit('newuser', alias),
      userRemoved: alias => {
        this.#links.cut(alias)
        this.#listeners.emit('userremove', alias)
      }
    })
    this.#links = new Links({
      timings: {
        connectMs: options.connectTimeoutMs ?? 8000,
        keepAliveMs: options.keepAliveMs ?? 30_000,
        farewellMs: FAREWELL_MS
      },
      RTCPeerConnection: () => options.RTCPeerConnection ?? RTCPeerConnection,
      configuration: () => ({ iceServers: this.#iceServers }),
      ownId: () => this.#id,
      isOnline: () => this.#rendezvous?.isOnline ?? false,
      nameOf: id => this.#directory.get(id)?.name,
      send: (to, signal) => this.#rendezvous?.signal(to, signal),
      answer: (peer, name, module, data, reply) => this.#answer({ id: peer, name }, module, data, reply)
    })
  }

  /**
   * Logs in. An earlier connection ends.
   *
   * @param host name of the rendezvous with or without port, or its URL
   * @returns resolves with this page's id when logged in; rejects with a BoneValueError. It may be ignored: the events
   *   `connect`, `error` and `disconnect` tell the same.
   */
  connect(host: string, user: string, password: string): Promise<string> {
    this.disconnect()
    const connected = new Promise<string>((resolve, reject) => {
      const { reconnect = true } = this.#options
      let problem = failure('DISCONNECTED')
      const url = rendezvousUrl(host)
      if (url === undefined) {
        this.#listeners.emit('error', failure('BAD_ADDRESS'))
        return reject(new BoneValueError(failure('BAD_ADDRESS')))
      }
      const rendezvous: Rendezvous = new Rendezvous(
        {
          received: message => this.#receive(message),
          connected: () => {
            this.#links.changed()
            resolve(this.#id!)
            this.#listeners.emit('connect')
          },
          disconnected: isFinal => {
            if (this.#rendezvous !== rendezvous) return reject(new BoneValueError(problem))
            clearTimeout(this.#graceTimer)
            this.#links.changed()
            if (isFinal) {
              this.#forget()
              reject(new BoneValueError(problem))
            }
            this.#listeners.emit('disconnect')
          },
          failed: given => {
            problem = given
            this.#listeners.emit('error', given)
          }
        },
        {
          url,
          user,
          password,
          WebSocket:
            this.#options.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket ?? defaultWebSocket!,
          reconnect: reconnect === true ? {} : reconnect === false ? undefined : reconnect
        }
      )
      this.#rendezvous = rendezvous
    })
    connected.catch(() => {}) // The promise may be ignored.
    return connected
  }

  /** Logs out, and closes all connections with peers. */
  disconnect(): void {
    this.#rendezvous?.close()
  }

  /** This page's id; null before the login. */
  getId(): string | null {
    return this.#id
  }

  getUsers(): string[] {
    return this.#directory.users
  }

  on<Name extends keyof Events>(name: Name, listener: Events[Name]): void {
    this.#listeners.add(name, listener)
  }

  /** @param listener omit it to remove all listeners of this event */
  off<Name extends keyof Events>(name: Name, listener?: Events[Name]): void {
    this.#listeners.remove(name, listener)
  }

  /** Makes a module that peers can ask. */
  module(name: string, answer: (request: ModuleRequest) => unknown): void {
    if (this.#modules.has(name)) warn('a module of this name exists already: the new one replaces it.')
    this.#modules.set(name, answer)
  }

  /** Peers to ask: `"*"` all, an alias those of that user, `"Us"` the others of this account, or one by its id. */
  get(query: string | number): Target & Readonly<Record<string, Peer | Target[keyof Target]>> {
    const text = String(query)
    const target = Object.fromEntries(this.#directory.find(text).map(peer => [peer.id, peer]))
    return Object.defineProperties(target, {
      message: {
        enumerable: true,
        value: (module: unknown, data?: unknown, keepAlive = false, callback?: ResponseCallback) =>
          this.#message(text, String(module), data, keepAlive, callback)
      },
      peers: { value: () => this.#directory.find(text) }
    }) as unknown as Target & Readonly<Record<string, Peer | Target[keyof Target]>>
  }

  /**
   * Makes an invitation link for a new user, which this user must pass on.
   *
   * @param email proposed login name
   * @throws BoneValueError (the promise)
   */
  inviteUser(
    email: string,
    callback?: (answer: { email: string; link: string; expiresAt: number } | Failure) => void
  ): Promise<{ email: string; link: string; expiresAt: number }> {
    return this.#ask(async rendezvous => {
      const { email: name, link, expiresAt } = await rendezvous.ask('inviteUser', { email })
      return { email: name, link, expiresAt }
    }, callback)
  }

  /** As inviteUser. */
  invite(
    email: string,
    callback?: (answer: { email: string; link: string; expiresAt: number } | Failure) => void
  ): Promise<{ email: string; link: string; expiresAt: number }> {
    return this.inviteUser(email, callback)
  }

  /**
   * Makes a token. The user who claims it and this user will trust each other.
   *
   * @param alias for that user
   * @throws BoneValueError (the promise)
   */
  requestToken(alias: string, callback?: (answer: { token: string } | Failure) => void): Promise<{ token: string }> {
    return this.#ask(
      async rendezvous => ({ token: (await rendezvous.ask('requestToken', { name: alias })).token }),
      callback
    )
  }

  /**
   * Claims a token of another user.
   *
   * @param alias for that user
   * @returns `alias` is the earlier one if the two trusted each other before
   * @throws BoneValueError (the promise)
   */
  claimToken(
    alias: string,
    token: string,
    callback?: (answer: { ok: true; alias: string } | Failure) => void
  ): Promise<{ ok: true; alias: string }> {
    return this.#ask(
      async rendezvous => ({ ok: true, alias: (await rendezvous.ask('claimToken', { name: alias, token })).name }),
      callback
    )
  }

  /**
   * Ends the trust between this user and another, on both sides.
   *
   * @throws BoneValueError (the promise)
   */
  removeUser(alias: string, callback?: (answer: { ok: true } | Failure) => void): Promise<{ ok: true }> {
    return this.#ask(async rendezvous => {
      await rendezvous.ask('userRemove', { name: alias })
      return { ok: true }
    }, callback)
  }

  /** A request of the rendezvous, with a promise and an optional callback. */
  #ask<Answer>(
    task: (rendezvous: Rendezvous) => Promise<Answer>,
    callback: ((answer: Answer | Failure) => void) | undefined
  ): Promise<Answer> {
    const answer =
      this.#rendezvous === undefined
        ? Promise.reject<Answer>(new BoneValueError(failure('DISCONNECTED')))
        : task(this.#rendezvous)
    if (callback === undefined) return answer
    const tell = (value: Answer | Failure): void => runSafely(() => callback(value))
    void answer.then(tell, (error: BoneValueError) => tell({ err: error.err, code: error.code }))
    answer.catch(() => {}) // The callback gets it.
    return answer
  }

  #message(
    query: string,
    module: string,
    data: unknown,
    keepAlive: boolean,
    callback: ResponseCallback | undefined
  ): void {
    const tell = (outcome: Outcome, peer: Peer): void => {
      if (callback !== undefined)
        runSafely(() => callback('code' in outcome ? failure(outcome.code) : outcome.response, peer))
    }
    const peers = this.#directory.find(query)
    // An unknown id may be that of a peer that the rendezvous is about to announce.
    const isId = peers.length === 0 && /^\d+$/.test(query)
    const targets = isId ? [{ id: query, name: this.#directory.get(query)?.name ?? '' }] : peers
    const text = jsonOf(data)
    const problem = typeof text === 'object' ? text.code : isId && query === this.#id ? 'OWN_ID' : undefined
    for (const peer of targets) {
      if (problem !== undefined) {
        queueMicrotask(() => tell({ code: problem }, peer))
        continue
      }
      const question = { module, data: text as string, keepAlive }
      const call = new Call(question, this.#options.timeoutMs ?? 10_000, outcome => {
        const wasUnknown =
          isId && 'code' in outcome && outcome.code === 'TIMEOUT' && this.#directory.get(query) === undefined
        tell(wasUnknown ? { code: 'NO_PEER' } : outcome, this.#directory.get(peer.id) ?? peer)
      })
      this.#links.ask(peer.id, call)
    }
  }

  #answer({ id, name }: Peer, module: string, data: unknown, reply: Reply): void {
    const answer = this.#modules.get(module)
    if (answer === undefined) return reply({ code: 'NO_MODULE' })
    const fail = (error: unknown): void => {
      reply({ code: 'MODULE_FAILED' })
      report(error)
    }
    try {
      const result = answer({ request: data, data, peer: id, name, callback: response => reply({ response }) })
      if (result instanceof Promise) result.catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  #receive(message: WireMessage): void {
    switch (message.type) {
      case 'login':
      case 'iceServers':
        this.#iceServers = message.iceServers ?? []
        return
      case 'setPeerId':
        this.#id = message.peerId
        return this.#directory.renew(id => this.#links.isOpen(id))
      case 'userList':
        this.#directory.keepUsers(message.names)
        for (const name of message.names) this.#directory.addUser(name)
        return
      case 'userAdd':
        return this.#directory.addUser(message.name)
      case 'userRemove':
        return this.#directory.removeUser(message.name)
      case 'peerList':
        for (const peer of message.peers) this.#addPeer(peer)
        this.#graceTimer = setTimeout(() => this.#directory.dropStale(), this.#options.graceMs ?? 15_000)
        return
      case 'peerConnect':
        return this.#addPeer(message)
      case 'peerDisconnect':
        return this.#directory.remove(message.id)
      case 'signal':
        if (this.#directory.get(message.from) !== undefined) this.#links.receive(message.from, message.signal)
        return
      case 'error':
        if (message.to !== undefined && message.about === 'peerRequest') this.#links.gone(message.to)
    }
  }

  #addPeer({ name, id }: Peer): void {
    this.#directory.addUser(name)
    this.#directory.add({ name, id })
    this.#links.changed()
  }

  #forget(): void {
    this.#rendezvous = undefined
    this.#id = null
    clearTimeout(this.#graceTimer)
    this.#links.close()
    this.#directory.clear()
  }
}

/** The JSON text of data, or the reason why there is none. */
function jsonOf(data: unknown): string | { readonly code: BoneValueErrorCode } {
  try {
    const text = (JSON.stringify(data) as string | undefined) ?? 'null'
    return isTooLarge(text) ? { code: 'TOO_LARGE' } : text
  } catch {
    return { code: 'NOT_JSON' }
  }
}
