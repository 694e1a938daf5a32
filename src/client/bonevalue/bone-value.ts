// `$BV`: users, peers and messages between them, without a server in between. This file has the calls of a page; the others
// in this folder do the work.
import type { FileOffer } from '../files/file-offer.ts'
import type { FileReport } from '../files/offering.ts'
import type { Sendable } from '../files/source.ts'
import type { FilePort } from '../files/port.ts'
import type { FileToSend, FileTransfers, SendFileOptions, SendOptions, TransferOptions } from '../files/transfers.ts'
import type { IceServer, PeerConnectionClass, Stream } from '../platform-types.ts'
import type { ReconnectOptions } from '../reconnect.ts'
import { Call, type Outcome } from './call.ts'
import { Directory } from './directory.ts'
import { BoneValueError, failure, type Failure } from './errors.ts'
import { Listeners, runSafely, type BoneValueEvents } from './events.ts'
import { FILE_MODULE, fileTransfers, receiveFileMessage } from './file-port.ts'
import { Links } from './links.ts'
import { Modules, type CallbackModule, type Module } from './modules.ts'
import { Peer, type PeerAccess, type RequestOptions } from './peer.ts'
import { Rendezvous, rendezvousUrl, type Credentials, type WebSocketClass } from './rendezvous.ts'
import type { WireMessage } from './rendezvous-wire.ts'
import { ROOM_MODULE, Rooms, type Room } from './rooms.ts'
import type { Answer, ResponseCallback, Target } from './target.ts'
import { pack } from './values.ts'

/** Options of a BoneValue. All members are optional. */
export interface BoneValueOptions {
  /** Limit of a request, from its start to its answer, milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Time after which an unused kept connection is closed, milliseconds. Default 30 000. */
  readonly keepAliveMs?: number
  /** Limit of an attempt to connect with a peer, milliseconds. Default 8000. */
  readonly connectTimeoutMs?: number
  /** Whether and how to connect to the rendezvous again. Default: yes. */
  readonly reconnect?: boolean | ReconnectOptions
  /** Silence after which the rendezvous is asked for a sign of life, milliseconds. Default 20 000. */
  readonly heartbeatMs?: number
  /** Limit for that sign, milliseconds. Default 5000. */
  readonly lifeMs?: number
  /** Default: the global class, or else, in Node.js, that of `ws`. */
  readonly WebSocket?: WebSocketClass
  /** Default: the global class. Node.js has none. */
  readonly RTCPeerConnection?: PeerConnectionClass
}

/** Keeps a session: `sessionStorage` for this tab, `localStorage` for all tabs and later visits. */
export interface SessionStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** How to log in. */
export interface LoginOptions {
  /** A session of `getSession()`, instead of the password. */
  readonly session?: string | undefined
  /** Keeps the session there until the user logs out, and takes it from there if no other is given. */
  readonly storage?: SessionStorage | undefined
}

/** A session of the user: one login with the password, on one or several pages. */
export interface SessionInfo {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly expiresAt: number
  /** Origin of the page that logged in; null: a program. */
  readonly origin: string | null
  /** Whether this page has it. */
  readonly own: boolean
}

type Invitation = { email: string; link: string; expiresAt: number }
type LoadFiles = () => Promise<{
  readonly createTransfers: (port: FilePort, options?: TransferOptions) => FileTransfers
}>

const FAREWELL_MS = 3000
/** Limit for a login, which may wait for others, and for the answers of the rendezvous. */
const ANSWER_MS = 30_000
/** Limit for a message of a file transfer: on a slow line many wait for each other. */
const FILE_MS = 60_000
/** The module that is asked to have a connection. No page has it. */
const HELLO_MODULE = '$hello'

const EVENTS = [
  'connect',
  'disconnect',
  'peerconnect',
  'peerdisconnect',
  'newuser',
  'userremove',
  'stream',
  'error'
] as const
type Events = BoneValueEvents<Peer, Failure, Stream>

let defaultWebSocket: WebSocketClass | undefined
let loadFiles: LoadFiles = async () => await import('../files/index.ts')

/** The entry file for Node.js calls it. */
export function setDefaults(Class: WebSocketClass | undefined, files: LoadFiles): void {
  defaultWebSocket = Class
  loadFiles = files
}

/** The users, peers and modules of a page or program. */
export class BoneValue {
  readonly #options: BoneValueOptions
  readonly #listeners = new Listeners<Events>(EVENTS)
  readonly #modules = new Modules()
  readonly #directory: Directory<Peer>
  readonly #links: Links
  readonly #rooms: Rooms
  readonly #access: PeerAccess
  readonly #page = Array.from(crypto.getRandomValues(new Uint32Array(4)), part => part.toString(36)).join('-')
  #rendezvous: Rendezvous | undefined
  #id: string | null = null
  #user: string | undefined
  #session: string | null = null
  #iceServers: IceServer[] = []
  /** Events of users and peers during a login: `connect` comes before them. */
  #held: (() => void)[] | undefined
  #files: Promise<FileTransfers> | undefined
  #onfile: ((offer: FileOffer) => unknown) | null = null

  constructor(options: BoneValueOptions = {}) {
    this.#options = options
    this.#directory = new Directory({
      connected: peer => {
        void this.#files?.then(({ channel }) => channel.came(peer.id))
        this.#tell('peerconnect', peer)
      },
      disconnected: ({ id }) => {
        this.#links.gone(id)
        this.#rooms.gone(id)
        void this.#files?.then(({ channel }) => channel.left(id))
        this.#tell('peerdisconnect', id)
      },
      userAdded: alias => this.#tell('newuser', alias),
      userRemoved: alias => {
        this.#links.cut(alias)
        this.#tell('userremove', alias)
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
      isListed: id => this.#directory.isListed(id),
      ended: id => this.#directory.unreachable(id),
      send: (to, signal) => this.#rendezvous?.signal(to, signal),
      answer: (id, name, module, data, signal, reply) =>
        this.#modules.answer(this.#peer(name, id), module, data, signal, reply),
      streamed: (id, name, stream) => this.#listeners.emit('stream', stream, this.#peer(name, id))
    })
    this.#access = {
      request: async (peer, module, data, options) => {
        options.signal?.throwIfAborted()
        const outcome = await this.#ask(peer, module, pack(data), options)
        options.signal?.throwIfAborted()
        if ('code' in outcome) throw new BoneValueError(failure(outcome.code))
        return outcome.response
      },
      connection: async peer => {
        const outcome = await this.#ask(peer, HELLO_MODULE, pack(null), {})
        const connection = this.#links.connection(peer.id)
        if (connection !== undefined) return connection
        throw new BoneValueError(failure('code' in outcome ? outcome.code : 'PEER_GONE'))
      },
      addStream: (peer, stream) => this.#links.addStream(peer.id, stream),
      removeStream: (peer, stream) => this.#links.removeStream(peer.id, stream)
    }
    this.#rooms = new Rooms({
      ask: async (type, room) => (await this.#request(type, { room })).fields['peers'],
      peer: id => this.#directory.get(id),
      request: (peers, module, data, options) => this.#askAll(peers, module, data, options)
    })
    this.#modules.set(ROOM_MODULE, (given, { peer }) => this.#rooms.receive(given, peer))
  }

  /**
   * Logs in. An earlier connection to a rendezvous ends. If the rendezvous cannot be reached, or refuses for the moment, the
   * library tries again; the event `error` tells why.
   *
   * @param host name of the rendezvous with or without port, or its URL
   * @returns resolves with this page's id when the users and peers are known; rejects with a BoneValueError. It may be ignored:
   *   the events `connect`, `error` and `disconnect` tell the same.
   */
  connect(host: string, user: string, password: string, options?: LoginOptions): Promise<string>
  connect(host: string, options: LoginOptions): Promise<string>
  connect(host: string, user: string | LoginOptions, password = '', more: LoginOptions = {}): Promise<string> {
    const { storage, session: given } = typeof user === 'string' ? more : user
    const url = rendezvousUrl(host)
    const key = `nws.session ${url}`
    const session = given ?? (typeof user === 'string' ? undefined : (storage?.getItem(key) ?? undefined))
    this.#rendezvous?.close()
    const connected = new Promise<string>((resolve, reject) => {
      const { reconnect = true } = this.#options
      let problem = failure('DISCONNECTED')
      const credentials: Credentials | undefined =
        session !== undefined ? { session } : typeof user === 'string' ? { user, password } : undefined
      if (url === undefined || credentials === undefined) {
        problem = failure(url === undefined ? 'BAD_ADDRESS' : 'NO_SESSION')
        if (url === undefined) this.#listeners.emit('error', problem)
        return reject(new BoneValueError(problem))
      }
      const rendezvous: Rendezvous = new Rendezvous(
        {
          received: message => {
            this.#receive(message)
            if (message.type === 'login' && message.session !== undefined) storage?.setItem(key, message.session)
          },
          connected: () => {
            this.#links.changed()
            this.#rooms.renew()
            resolve(this.#id!)
            this.#listeners.emit('connect')
            this.#flush()
          },
          disconnected: ending => {
            if (ending !== 'away') {
              if (ending === 'over' || problem.code === 'NWS_ERR_BV_SESSION') storage?.removeItem(key)
              reject(new BoneValueError(problem))
            }
            if (this.#rendezvous !== rendezvous) return
            this.#flush()
            this.#links.changed()
            if (ending === 'over') this.#forget()
            else if (ending === 'out') this.#stayOut()
            this.#listeners.emit('disconnect')
          },
          failed: given => {
            problem = given
            this.#listeners.emit('error', given)
          }
        },
        {
          url,
          credentials,
          page: this.#page,
          WebSocket:
            this.#options.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket ?? defaultWebSocket!,
          reconnect: reconnect === true ? {} : reconnect === false ? undefined : reconnect,
          timings: {
            heartbeatMs: this.#options.heartbeatMs ?? 20_000,
            lifeMs: this.#options.lifeMs ?? 5000,
            answerMs: ANSWER_MS
          }
        }
      )
      this.#rendezvous = rendezvous
    })
    connected.catch(() => {}) // The promise may be ignored.
    return connected
  }

  /** Logs out, and closes all connections with peers. */
  disconnect(): void {
    if (this.#rendezvous === undefined) this.#forget()
    else this.#rendezvous.close()
  }

  /** This page's id; null before the login. */
  getId(): string | null {
    return this.#id
  }

  /** The session, with which `connect` needs no password; null before the login. Keep it as secret as the password. */
  getSession(): string | null {
    return this.#session
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

  /**
   * Makes a module that peers can ask.
   *
   * @param answer with two parameters: gets the data and `{ peer, signal }`, and answers by what it returns. With one: gets
   *   `{ request, callback, … }`, and answers by `callback` or by what it returns
   */
  module(name: string, answer: Module): void
  module(name: string, answer: CallbackModule): void
  module(name: string, answer: Module | CallbackModule): void {
    this.#modules.set(name, answer)
  }

  /** Peers to ask: `"*"` all, an alias those of that user, `"Us"` the others of this account, or one by its id. */
  get(query: string | number): Target & Readonly<Record<string, Peer | Target[keyof Target]>> {
    const text = typeof query === 'string' || typeof query === 'number' ? String(query).normalize() : ''
    const target = Object.fromEntries(this.#directory.find(text).map(peer => [peer.id, peer]))
    return Object.defineProperties(target, {
      message: {
        enumerable: true,
        value: (module: unknown, data?: unknown, keepAlive = false, callback?: ResponseCallback) => {
          const packed = pack(data)
          const ask = async (peer: Peer): Promise<void> => {
            const outcome = await this.#ask(peer, String(module), packed, { keepAlive })
            const given = 'code' in outcome ? failure(outcome.code) : outcome.response
            runSafely(() => callback?.(given, this.#directory.get(peer.id) ?? peer))
          }
          for (const peer of this.#find(text)) void ask(peer)
        }
      },
      request: {
        value: (module: string, data?: unknown, options: RequestOptions = {}) =>
          this.#askAll(this.#find(text), module, data, options)
      },
      peers: { value: () => this.#directory.find(text) }
    }) as unknown as Target & Readonly<Record<string, Peer | Target[keyof Target]>>
  }

  /** Joins a room of peers that see each other. @throws BoneValueError (the promise) */
  join(room: string): Promise<Room> {
    return this.#rooms.join(room)
  }

  /** Called for each offer of files. null: this page takes no files. Every offer waits for `accept` or `refuse`. */
  get onfile(): ((offer: FileOffer) => unknown) | null {
    return this.#onfile
  }

  set onfile(handler: ((offer: FileOffer) => unknown) | null) {
    this.#onfile = handler
    if (handler !== null || this.#files !== undefined)
      void this.#transfers().then(transfers => {
        transfers.onfile = this.#onfile
      })
  }

  /**
   * Offers a file of any size to all peers, or to one, and resolves when all have answered and those that took it have it.
   *
   * @throws FileError if the file cannot be read or changes; the reason of `signal` if that aborts
   */
  async sendFile(file: Sendable, options?: SendFileOptions): Promise<FileReport> {
    return await (await this.#transfers()).sendFile(file, options)
  }

  /** The same for several files in one offer. */
  async sendFiles(
    files: Iterable<FileToSend>,
    options?: SendOptions & { readonly title?: string }
  ): Promise<FileReport> {
    return await (await this.#transfers()).sendFiles(files, options)
  }

  /**
   * Makes an invitation link for a new user, which this user must pass on.
   *
   * @param email proposed login name
   * @throws BoneValueError (the promise)
   */
  inviteUser(email: string, callback?: (answer: Invitation | Failure) => void): Promise<Invitation> {
    return withCallback(
      this.#request('inviteUser', { email }).then(({ email, link, expiresAt }) => ({ email, link, expiresAt })),
      callback
    )
  }

  /** As inviteUser. */
  invite(email: string, callback?: (answer: Invitation | Failure) => void): Promise<Invitation> {
    return this.inviteUser(email, callback)
  }

  /**
   * Makes a token. The user who claims it and this user will trust each other.
   *
   * @param alias for that user
   * @throws BoneValueError (the promise)
   */
  requestToken(alias: string, callback?: (answer: { token: string } | Failure) => void): Promise<{ token: string }> {
    return withCallback(
      this.#request('requestToken', { name: alias }).then(({ token }) => ({ token })),
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
    return withCallback(
      this.#request('claimToken', { name: alias, token }).then(({ name }) => ({ ok: true, alias: name })),
      callback
    )
  }

  /**
   * Ends the trust between this user and another, on both sides.
   *
   * @throws BoneValueError (the promise)
   */
  removeUser(alias: string, callback?: (answer: { ok: true } | Failure) => void): Promise<{ ok: true }> {
    return withCallback(
      this.#request('userRemove', { name: alias }).then(() => ({ ok: true })),
      callback
    )
  }

  /** The sessions of this user. @throws BoneValueError (the promise) */
  async sessions(): Promise<SessionInfo[]> {
    return (await this.#request('sessionList', {})).fields['sessions'] as SessionInfo[]
  }

  /** Ends a session of this user and its connections. @param id undefined: all but that of this page. @returns how many ended */
  async endSessions(id?: string): Promise<number> {
    return Number((await this.#request('sessionEnd', { id })).fields['ended'])
  }

  /** Changes the password, and ends all other sessions of this user. @throws BoneValueError (the promise) */
  async changePassword(old: string, password: string): Promise<void> {
    await this.#request('passwordChange', { old, password })
  }

  /** Deletes the account of this user for good, and logs out. @throws BoneValueError (the promise) */
  async deleteAccount(password: string): Promise<void> {
    await this.#request('accountDelete', { password })
    this.disconnect()
  }

  #request<Type extends string>(type: Type, data: Readonly<Record<string, unknown>>) {
    const rendezvous = this.#rendezvous
    if (rendezvous === undefined) return Promise.reject(new BoneValueError(failure('DISCONNECTED')))
    return rendezvous.ask(type, data)
  }

  /** The peers of a query. An unknown id may be that of a peer that the rendezvous is about to announce. */
  #find(query: string): Peer[] {
    const peers = this.#directory.find(query)
    return peers.length === 0 && /^\d+$/.test(query) ? [this.#peer('', query)] : peers
  }

  #peer(name: string, id: string): Peer {
    return this.#directory.get(id) ?? new Peer(name, id, this.#access)
  }

  async #askAll(peers: Peer[], module: string, data: unknown, options: RequestOptions): Promise<Answer[]> {
    const { signal } = options
    signal?.throwIfAborted()
    const packed = pack(data)
    const answers = await Promise.all(
      peers.map(async peer => {
        const outcome = await this.#ask(peer, module, packed, options)
        return { ...('code' in outcome ? failure(outcome.code) : outcome), peer: this.#directory.get(peer.id) ?? peer }
      })
    )
    signal?.throwIfAborted()
    return answers
  }

  /** Asks one peer. Never rejects. */
  async #ask(
    { id }: Peer,
    module: string,
    given: ReturnType<typeof pack>,
    { timeoutMs = this.#options.timeoutMs ?? 10_000, keepAlive = true, signal }: RequestOptions
  ): Promise<Outcome> {
    const data = given instanceof Promise ? await given : given
    if ('code' in data) return data
    if (id === this.#id) return { code: 'OWN_ID' }
    return await new Promise(resolve => {
      const abort = (): void => call.settle({ code: 'ABORTED' })
      const call = new Call({ module, data, keepAlive }, timeoutMs, outcome => {
        signal?.removeEventListener('abort', abort)
        if ('response' in outcome || outcome.code !== 'TIMEOUT') return resolve(outcome)
        this.#rendezvous?.doubt()
        const isAway = !call.wasAsked && this.#rendezvous?.isOnline !== true
        resolve({ code: isAway ? 'DISCONNECTED' : this.#directory.get(id) === undefined ? 'NO_PEER' : 'TIMEOUT' })
      })
      signal?.addEventListener('abort', abort)
      if (signal?.aborted === true) abort()
      else this.#links.ask(id, call)
    })
  }

  #transfers(): Promise<FileTransfers> {
    this.#files ??= loadFiles().then(files => {
      const transfers = fileTransfers(
        {
          ask: (id, data) => this.#ask(this.#peer('', id), FILE_MODULE, pack(data), { timeoutMs: FILE_MS }),
          peers: () => this.#directory.find('*')
        },
        files.createTransfers
      )
      this.#modules.set(FILE_MODULE, (data, { peer }) => receiveFileMessage(transfers, peer.id, data))
      return transfers
    })
    return this.#files
  }

  #tell(...event: Parameters<Listeners<Events>['emit']>): void {
    if (this.#held === undefined) this.#listeners.emit(...event)
    else this.#held.push(() => this.#listeners.emit(...event))
  }

  #flush(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const tell of held) tell()
  }

  #receive(message: WireMessage): void {
    switch (message.type) {
      case 'login':
        this.#iceServers = message.iceServers ?? []
        this.#session = message.session ?? null
        // Conversations of before belong to this user only.
        if (this.#user !== message.user) this.#clear()
        this.#user = message.user
        return
      case 'iceServers':
        this.#iceServers = message.iceServers
        return
      case 'setPeerId':
        this.#id = message.peerId
        this.#held = []
        return this.#directory.renew()
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
        return this.#directory.listed(id => this.#links.check(id))
      case 'peerConnect':
        return this.#addPeer(message)
      case 'peerDisconnect':
        return this.#directory.unlist(message.id, id => this.#links.check(id))
      case 'roomEnter':
        return this.#rooms.get(message.room)?.came(message.id)
      case 'roomExit':
        return this.#rooms.get(message.room)?.gone(message.id)
      case 'signal':
        if (this.#directory.get(message.from) !== undefined) this.#links.receive(message.from, message.signal)
        return
      case 'error':
        if (message.to !== undefined && message.about === 'peerRequest') this.#links.gone(message.to)
    }
  }

  #addPeer({ name, id }: { readonly name: string; readonly id: string }): void {
    this.#directory.addUser(name)
    const known = this.#directory.get(id)
    this.#directory.add(known?.name === name ? known : new Peer(name, id, this.#access))
    this.#links.changed()
  }

  /** The login was refused. Conversations that need no rendezvous live on. */
  #stayOut(): void {
    this.#rendezvous = undefined
    this.#id = this.#session = null
    this.#directory.renew()
    this.#directory.listed(id => this.#links.check(id))
  }

  #forget(): void {
    this.#rendezvous = undefined
    this.#id = this.#session = null
    this.#clear()
  }

  #clear(): void {
    this.#rooms.clear()
    this.#links.close()
    this.#directory.clear()
  }
}

/** Also tells the outcome of a request to a callback. */
function withCallback<Result>(
  answer: Promise<Result>,
  callback: ((answer: Result | Failure) => void) | undefined
): Promise<Result> {
  if (callback === undefined) return answer
  const tell = (value: Result | Failure): void => runSafely(() => callback(value))
  void answer.then(tell, ({ err, code, retryAfterMs }: BoneValueError) =>
    tell({ err, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
  )
  answer.catch(() => {}) // The callback gets it.
  return answer
}
