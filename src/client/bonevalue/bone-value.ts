// `$BV`: users, peers and messages between them, without a server in between. This file puts the parts of this folder together.
import type { FileOffer } from '../files/file-offer.ts'
import type { FileReport } from '../files/offering.ts'
import type { Sendable } from '../files/source.ts'
import type { FilePort } from '../files/port.ts'
import type { FileToSend, FileTransfers, SendFileOptions, SendOptions, TransferOptions } from '../files/transfers.ts'
import type { IceServer, Stream } from '../platform-types.ts'
import { AccountCalls } from './account-calls.ts'
import { Asking, type Found } from './asking.ts'
import { Directory } from './directory.ts'
import { BoneValueError, failure, type Failure } from './errors.ts'
import { Listeners, type BoneValueEvents } from './events.ts'
import { FILE_MODULE, fileTransfers, receiveFileMessage } from './file-port.ts'
import { Links } from './links.ts'
import { Modules, type CallbackModule, type Module } from './modules.ts'
import type { BoneValueOptions, LoginOptions } from './options.ts'
import type { Peer } from './peer.ts'
import { Rendezvous, rendezvousUrl, type Credentials, type WebSocketClass } from './rendezvous.ts'
import type { WireMessage } from './rendezvous-wire.ts'
import { ROOM_MODULE, Rooms, type Room } from './rooms.ts'
import { pack } from './values.ts'

type LoadFiles = () => Promise<{
  readonly createTransfers: (port: FilePort, options?: TransferOptions) => FileTransfers
}>

const FAREWELL_MS = 3000
/** Limit for a login, which may wait for others, and for the answers of the rendezvous. */
const ANSWER_MS = 30_000
/** Limit for a message of a file transfer: on a slow line many wait for each other. */
const FILE_MS = 60_000

/** After these the session cannot be used any more. */
const DEAD_SESSION: ReadonlySet<string> = new Set(['NWS_ERR_BV_SESSION', 'NWS_ERR_BV_DISABLED', 'NWS_ERR_BV_DELETED'])

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
export class BoneValue extends AccountCalls {
  readonly #options: BoneValueOptions
  readonly #listeners = new Listeners<Events>(EVENTS)
  readonly #modules = new Modules()
  readonly #directory: Directory<Peer>
  readonly #links: Links
  readonly #rooms: Rooms
  readonly #asking: Asking
  readonly #page = Array.from(crypto.getRandomValues(new Uint32Array(4)), part => part.toString(36)).join('-')
  #rendezvous: Rendezvous | undefined
  #id: string | null = null
  #user: string | undefined
  #session: string | null = null
  /** Removes the session from the storage of the last login. */
  #unstore: (() => void) | undefined
  #iceServers: IceServer[] = []
  /** Events of users and peers during a login: `connect` comes before them. */
  #held: (() => void)[] | undefined
  #files: Promise<FileTransfers> | undefined
  #onfile: ((offer: FileOffer) => unknown) | null = null

  constructor(options: BoneValueOptions = {}) {
    super((type, data) => this.#request(type, data))
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
        this.#modules.answer(this.#asking.peer(name, id), module, data, signal, reply),
      streamed: (id, name, stream) => this.#listeners.emit('stream', stream, this.#asking.peer(name, id))
    })
    this.#asking = new Asking({
      timeoutMs: options.timeoutMs ?? 10_000,
      directory: this.#directory,
      links: this.#links,
      ownId: () => this.#id,
      rendezvous: () => this.#rendezvous
    })
    this.#rooms = new Rooms({
      ask: async (type, room) => (await this.#request(type, { room })).fields['peers'],
      peer: id => this.#directory.get(id),
      request: (peers, module, data, options) => this.#asking.askAll(peers, module, data, options)
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
              if (DEAD_SESSION.has(problem.code)) storage?.removeItem(key)
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
      this.#unstore = () => storage?.removeItem(key)
    })
    connected.catch(() => {}) // The promise may be ignored.
    return connected
  }

  /** Logs out, and closes all connections with peers. */
  disconnect(): void {
    this.#unstore?.()
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
  get(query: string | number): Found {
    return this.#asking.target(typeof query === 'string' || typeof query === 'number' ? String(query).normalize() : '')
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

  #transfers(): Promise<FileTransfers> {
    this.#files ??= loadFiles().then(files => {
      const transfers = fileTransfers(
        {
          // A part that passes another one would be sent again.
          ask: (id, data) =>
            this.#asking.ask({ id }, FILE_MODULE, pack(data, true), { timeoutMs: FILE_MS, isOrdered: true }),
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
      case 'userCut':
        return this.#links.cut(message.name, id => this.#directory.isListed(id))
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
    this.#directory.add(known?.name === name ? known : this.#asking.create(name, id))
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
