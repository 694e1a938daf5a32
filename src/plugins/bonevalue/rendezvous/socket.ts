// One client of the rendezvous, from the opening of its socket to its end: login, early messages until it is decided, rate, and
// answers in order. The socket itself is in core/hub/client-socket.ts, the rules are in service.ts and core/bonevalue.
import type { OnlinePeer, ClientPort } from '../../../core/bonevalue/directory.ts'
import { CREDENTIAL_RENEWAL_MS, type IceServer } from '../../../core/bonevalue/ice-servers.ts'
import { isRefusal, type User } from '../../../core/bonevalue/store.ts'
import {
  decodeClientMessage,
  encode,
  MAX_MESSAGE_BYTES,
  type ClientMessage,
  type Fault
} from '../../../core/bonevalue/wire.ts'
import { definitionOf, NwsError, type ErrorCode } from '../../../core/errors.ts'
import {
  ClientSocket,
  type ClientSocketDeps,
  type ClientTransport,
  type WebSocket
} from '../../../core/hub/client-socket.ts'
import type { Settings } from '../../../core/settings.ts'
import { TokenBucket } from '../../../core/token-bucket.ts'
import { MAX_PEERS_PER_USER, type Caller, type Login, type LoginRefusal, type RendezvousService } from './service.ts'

/** The origin of a socket. */
export interface SocketOrigin {
  readonly address: string
  readonly origin: string | undefined
  /** The address by which the client reaches the proxy, for links: `http://localhost:9009`. */
  readonly base: string
  /** A login by cookies before the upgrade. Only clients of the first generation have one. */
  readonly login: Login | undefined
}

/** The proof of a login. */
export type LoginMethod = 'password' | 'session' | 'cookies'

/** Injected into a socket. */
export interface RendezvousSocketDeps extends ClientSocketDeps {
  readonly service: RendezvousService
  readonly settings: Settings
  /** The id of a client: that of its page if it names one, or else a free one. */
  readonly peerId: (user: User, session: string, page: string | undefined) => number
  readonly iceServers: (peerId: number) => IceServer[]
  readonly report: (error: unknown) => void
  /** Counts a login. */
  readonly loggedIn: (method: LoginMethod) => void
  /** Counts a request that writes: make a token, claim, invite, remove. @returns false: one too many */
  readonly takeWrite: (user: User) => boolean
  /** Called once, when the login is decided or given up. */
  readonly settled: (socket: RendezvousSocket) => void
}

/** Messages at once, and per second after that. */
const RATE = { burst: 1000, perSecond: 200 } as const
/** Bytes that a client may send before the login is decided. */
const MAX_EARLY_BYTES = MAX_MESSAGE_BYTES
/** Requests of a client that may wait for their answers. */
const MAX_PENDING = 64
/** How often the session of an open socket is renewed, milliseconds. */
const RENEWAL_MS = 3_600_000
/** A client that writes too fast is told to wait this long, milliseconds. */
const WRITE_WAIT_MS = 1000

/** One client's socket. */
export class RendezvousSocket extends ClientSocket<RendezvousSocketDeps> implements ClientPort {
  readonly isLegacy: boolean
  readonly source: SocketOrigin
  /** Set by the login. */
  sessionId = ''
  #page: string | undefined
  #iceSentAt = 0
  #renewedAt = 0
  #rate: TokenBucket | undefined
  #loginTimer: NodeJS.Timeout | undefined
  #member: OnlinePeer | undefined
  /** Messages that wait for the login; undefined before it begins and after it. */
  #early: Buffer[] | undefined
  #earlyBytes = 0
  /** Runs the open requests one after another. */
  #requests: Promise<void> | undefined
  #pending = 0

  /** @param transport the TCP socket under the WebSocket */
  constructor(websocket: WebSocket, transport: ClientTransport, source: SocketOrigin, deps: RendezvousSocketDeps) {
    super(websocket, transport, deps)
    this.source = source
    this.isLegacy = source.login !== undefined
    if (source.login === undefined)
      this.#loginTimer = setTimeout(() => this.end('NWS_ERR_BV_LOGIN_FIRST'), deps.settings.authTimeoutMs).unref()
    else this.#begin('cookies', Promise.resolve(source.login))
  }

  /** The client, once it has logged in. */
  get peer(): OnlinePeer | undefined {
    return this.#member
  }

  sendPresence(frame: Buffer): void {
    this.outbox.pushPresence(frame)
  }

  /** Also renews the session and the credentials of the client, if it is time. */
  override checkAlive(now: number): void {
    super.checkAlive(now)
    if (this.#member === undefined || this.over) return
    const { user, id } = this.#member
    if (now - this.#renewedAt >= RENEWAL_MS) {
      this.#renewedAt = now
      void this.deps.service.renewSession(user, this.sessionId).catch(this.deps.report)
    }
    if (!this.isLegacy && now - this.#iceSentAt >= CREDENTIAL_RENEWAL_MS) {
      this.#iceSentAt = now
      const servers = this.deps.iceServers(id)
      if (servers.length > 0) this.send(encode('iceServers', servers))
    }
  }

  /** The client has come back by another socket. */
  replace(): void {
    this.#member = undefined
    this.end('NWS_ERR_PEER_SILENT')
    this.terminate()
  }

  /** Flushes, announces the leave, and receives nothing more. */
  finish(): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.#loginTimer)
    this.#early = undefined
    if (this.#member !== undefined) this.deps.service.directory.leave(this.#member)
    else this.deps.settled(this)
    this.outbox.flush()
    this.outbox.close()
  }

  /** A message of the client. */
  receive(bytes: Buffer, isBinary: boolean): void {
    if (this.over) return
    const now = this.deps.now()
    this.lastSeen = now
    this.#rate ??= new TokenBucket(RATE.perSecond, RATE.burst, now)
    if (bytes.length > MAX_MESSAGE_BYTES) {
      this.end('NWS_ERR_BV_TOO_LARGE')
    } else if (!this.#rate.take(1, now)) {
      this.end('NWS_ERR_RATE_LIMITED')
    } else if (this.#member !== undefined) {
      this.#dispatch(isBinary ? { fault: 'NWS_ERR_BV_MESSAGE' } : decodeClientMessage(bytes.toString()))
    } else if (this.#early !== undefined) {
      this.#earlyBytes += bytes.length
      if (this.#earlyBytes > MAX_EARLY_BYTES || isBinary) this.end('NWS_ERR_BV_TOO_LARGE')
      else this.#early.push(bytes)
    } else {
      this.#logIn(isBinary ? { fault: 'NWS_ERR_BV_MESSAGE' } : decodeClientMessage(bytes.toString()))
    }
  }

  #logIn(message: ClientMessage | Fault): void {
    if ('fault' in message || message.type !== 'login') {
      this.end('NWS_ERR_BV_LOGIN_FIRST')
      return
    }
    clearTimeout(this.#loginTimer)
    this.#page = message.page
    const { service } = this.deps
    if ('session' in message) this.#begin('session', service.resume(message.session))
    else this.#begin('password', service.logIn(message.user, message.password, this.#caller))
  }

  get #caller(): Caller {
    const { address, origin } = this.source
    return { address, origin, isOpen: () => !this.over }
  }

  /** Waits for a login. The client then is online, or is ended. */
  #begin(method: LoginMethod, login: ReturnType<RendezvousService['resume']>): void {
    this.#early = []
    login
      .then(async answer => {
        if (this.over) return
        if (isRefusal(answer)) this.#refuseLogin(answer)
        else if (!(await this.deps.service.admit(answer, contacts => this.#enter(method, answer, contacts))))
          this.#refuseLogin({ refusal: method === 'session' ? 'NWS_ERR_BV_SESSION' : 'NWS_ERR_BV_LOGIN' })
      })
      .catch((error: unknown) => {
        this.deps.report(error)
        this.#refuseLogin({ refusal: error instanceof NwsError ? error.code : 'NWS_ERR_INTERNAL' })
      })
  }

  #refuseLogin({ refusal, retryAfterMs }: LoginRefusal): void {
    if (this.over) return
    this.#tell(refusal, { type: 'login', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
    this.end(refusal)
  }

  #enter(
    method: LoginMethod,
    { user, session, sessionId, expiresAt }: Login,
    contacts: Iterable<readonly [number, string]>
  ): void {
    if (this.over) return
    const {
      service: { directory },
      peerId: newPeerId,
      iceServers,
      settled,
      loggedIn
    } = this.deps
    const peerId = newPeerId(user, session, this.#page)
    const before = directory.get(peerId)
    if (before === undefined && (directory.users.get(user.id)?.peers.size ?? 0) >= MAX_PEERS_PER_USER) {
      this.#refuseLogin({ refusal: 'NWS_ERR_BV_TOO_MANY' })
      return
    }
    if (before !== undefined) (before.port as RendezvousSocket).replace()
    this.sessionId = sessionId
    this.#iceSentAt = this.#renewedAt = this.deps.now()
    if (!this.isLegacy)
      this.send(encode('login', { user: user.name, session, expiresAt, iceServers: iceServers(peerId) }))
    this.#member = directory.enter(user, contacts, peerId, this)
    settled(this)
    loggedIn(method)
    const early = this.#early ?? []
    this.#early = undefined
    for (const bytes of early) if (this.isOpen) this.#dispatch(decodeClientMessage(bytes.toString()))
  }

  #dispatch(message: ClientMessage | Fault): void {
    const peer = this.#member!
    if ('fault' in message) {
      this.#refuse(message.fault, message.type === undefined ? {} : { type: message.type })
      return
    }
    const { type } = message
    if (type === 'login') {
      this.#refuse('NWS_ERR_BV_MESSAGE', { type })
    } else if (type === 'ping') {
      this.send(encode('pong', {}))
    } else if ('room' in message) {
      this.#room(peer, message)
    } else if ('to' in message) {
      if (!this.deps.service.directory.relay(peer, message))
        this.#refuse('NWS_ERR_BV_NO_PEER', { type, to: message.to })
    } else {
      const mayWrite = this.deps.takeWrite(peer.user)
      this.#inOrder(type, async () => (mayWrite ? await this.#answer(peer.user, message) : 'NWS_ERR_BV_SLOW_DOWN'))
    }
  }

  /** Joins or leaves a room, after all earlier requests. */
  #room(peer: OnlinePeer, { type, room }: ClientMessage & { room: string }): void {
    const { directory } = this.deps.service
    this.#inOrder(type, async () => {
      const peers = type === 'roomJoin' ? directory.joinRoom(peer, room) : directory.leaveRoom(peer, room)
      if (type === 'roomJoin' && peers === undefined) return 'NWS_ERR_BV_TOO_MANY'
      this.#done(type, type === 'roomJoin' ? { room, peers } : { room })
      return undefined
    })
  }

  /** Does a request after all earlier ones, and answers its errors. @param work returns why the request is refused */
  #inOrder(type: string, work: () => Promise<ErrorCode | undefined>): void {
    if (this.#pending >= MAX_PENDING) {
      this.end('NWS_ERR_RATE_LIMITED')
      return
    }
    this.#pending++
    this.#requests = (this.#requests ?? Promise.resolve())
      .then(async () => {
        if (this.over) return
        const refusal = await work()
        if (refusal === 'NWS_ERR_BV_SLOW_DOWN') this.#refuse(refusal, { type, retryAfterMs: WRITE_WAIT_MS })
        else if (refusal !== undefined) this.#refuse(refusal, { type })
      })
      .catch((error: unknown) => {
        this.deps.report(error)
        this.#refuse(error instanceof NwsError ? error.code : 'NWS_ERR_INTERNAL', { type })
      })
      .finally(() => {
        if (--this.#pending === 0) this.#requests = undefined
      })
  }

  /** @returns why the request is refused */
  async #answer(
    user: User,
    message: Exclude<ClientMessage, { type: 'login' | 'ping' } | { to: number } | { room: string }>
  ): Promise<ErrorCode | undefined> {
    const { service } = this.deps
    switch (message.type) {
      case 'requestToken': {
        const handout = await service.requestToken(user, message.name)
        if (isRefusal(handout)) return handout.refusal
        this.send(encode('tokenResponse', { token: handout.token }))
        return undefined
      }
      case 'claimToken': {
        const claim = await service.claimToken(user, message.name, message.token)
        if (isRefusal(claim)) return claim.refusal
        if (!this.isLegacy) this.send(encode('claimResponse', claim))
        return undefined
      }
      case 'inviteUser': {
        const handout = await service.invite(user, message.email)
        if (isRefusal(handout)) return handout.refusal
        const link = `${this.source.base}/bv/invite/#${handout.token}`
        if (!this.isLegacy)
          this.send(encode('inviteResponse', { email: message.email, link, expiresAt: handout.expiresAt }))
        return undefined
      }
      case 'sessionList': {
        const sessions = await service.sessions(user)
        this.#done(message.type, { sessions: sessions.map(each => ({ ...each, own: each.id === this.sessionId })) })
        return undefined
      }
      case 'sessionEnd': {
        const except = message.id === undefined ? this.sessionId : undefined
        this.#done(message.type, { ended: await service.endSessions(user, message.id, except) })
        return undefined
      }
      case 'passwordChange':
        return this.#doneOr(await service.changePassword(user, message, this.#caller, this.sessionId), message.type)
      case 'accountDelete': {
        const done = (): void => this.#done(message.type)
        return (await service.deleteOwn(user, message.password, this.#caller, done))?.refusal
      }
      default:
        return this.#doneOr(await service.removeTrust(user, message.name), message.type)
    }
  }

  #doneOr(refusal: LoginRefusal | undefined, type: string): ErrorCode | undefined {
    if (refusal === undefined) this.#done(type)
    return refusal?.refusal
  }

  /** Answers a request that has no answer of its own. */
  #done(type: string, result: object = {}): void {
    this.send(encode('done', { type, ...result }))
  }

  /** Refuses a message of a client after its login. */
  #refuse(code: ErrorCode, extra: Readonly<Record<string, string | number>>): void {
    this.deps.refused('message', code)
    this.#tell(code, extra)
  }

  /** Tells the client about an error. Clients of the first generation know no errors. */
  #tell(code: ErrorCode, extra: Readonly<Record<string, string | number>>): void {
    if (!this.isLegacy) this.send(encode('error', { code, message: definitionOf(code).message, ...extra }))
  }
}
