// Proxies as processes on the hosts of a test network, with clients beside them: short sentences for tests of the mesh.
// Nothing of the proxies is replaced. Not the network itself (namespaces.ts).
import type { Host, Program } from './namespaces.ts'

/** How long anything may take on a busy machine, unless a test says more. */
const PATIENCE_MS = 60_000
/** Between two questions to the API. */
const LOOK_MS = 40

/** A message of the envelope. */
export interface Heard {
  readonly action: string
  readonly source?: string
  readonly target?: string
  readonly data?: unknown
  readonly [key: string]: unknown
}

/** A client in a channel. */
export interface Member {
  readonly id: string
  /** All that it has heard. */
  heard(): Heard[]
  /** Resolves with the first message that has these members, behind the first `after`; also one that was heard before. */
  hears(pattern: Partial<Heard>, after?: number): Promise<Heard>
  /** Binary frames so far. */
  binary(): Buffer[]
  /** Resolves with the first binary frame that begins so. */
  hearsBinary(start: Buffer): Promise<Buffer>
  send(message: object | Buffer): void
  leave(): Promise<void>
  /** Resolves when all that the proxy sent before has arrived. */
  fence(): Promise<void>
}

/** One link of `/api/links`. */
export interface LinkSeen {
  readonly proxyId: string
  readonly address: string
  readonly role: 'initiator' | 'responder'
  readonly state: 'open' | 'resuming'
  readonly since: string
  readonly resumptions: number
  readonly channels: readonly string[]
  readonly rttMs?: number
  readonly messages: { readonly in: number; readonly out: number }
  readonly bytes: { readonly in: number; readonly out: number }
}

/** An answer by HTTP. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A running proxy. */
export interface ProxyProcess {
  readonly host: Host
  readonly program: Program
  readonly proxyId: string
  readonly meshPort: number
  /** Joins a channel, also by an address of an older client; resolves when it has its id. `query` such as `?binary=1`. */
  join(channel: string, query?: string): Promise<Member>
  /** The JSON of an address of the API. */
  get<T>(path: string): Promise<T>
  request(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Answer>
  /** Asks until the condition holds, and gives that answer. */
  until<T>(path: string, condition: (answer: T) => boolean, timeoutMs?: number): Promise<T>
  links(): Promise<LinkSeen[]>
  /** Resolves with the open links when there are exactly these, by id. */
  linkedTo(others: readonly ProxyProcess[], timeoutMs?: number): Promise<LinkSeen[]>
  /** Sends bytes to any port from this host and gives the answer up to the end of the connection. */
  raw(address: string, port: number, bytes: string | Buffer): Promise<Answer>
}

/** How to start it. */
export interface ProxyProcessOptions {
  readonly env?: Record<string, string>
  /** Times of the protocol, in the place of its own; see PeerMeshOptions. */
  readonly mesh?: { linkTimings?: Record<string, number>; dialTimings?: Record<string, number> }
  /** Times of the cluster; see ClusterOptions. */
  readonly cluster?: object
}

const clientsOf = new Map<string, Promise<Program>>()
let numbers = 0

/** One program of clients a host: starting Node for each would cost more than the test. */
async function clientsOn(host: Host): Promise<Program> {
  let starting = clientsOf.get(host.namespace)
  if (starting === undefined) {
    const program = host.program('test/support/programs/clients.ts')
    starting = program.event('ready', () => true, PATIENCE_MS).then(() => program)
    clientsOf.set(host.namespace, starting)
  }
  return await starting
}

function matches(message: Heard, pattern: Partial<Heard>): boolean {
  return Object.entries(pattern).every(([key, value]) => JSON.stringify(message[key]) === JSON.stringify(value))
}

/** Starts a proxy on a host and resolves when it listens and knows its id. */
export async function startProxy(
  host: Host,
  { env = {}, mesh, cluster }: ProxyProcessOptions = {}
): Promise<ProxyProcess> {
  const program =
    mesh === undefined && cluster === undefined
      ? host.node('dist/server.js', [], { env })
      : host.node('test/support/programs/proxy.mjs', [JSON.stringify(mesh ?? {}), JSON.stringify(cluster ?? {})], {
          env
        })
  const [clients, [, port]] = await Promise.all([
    clientsOn(host),
    program.printed(/is running: http:\/\/[^:]+:(\d+)/, PATIENCE_MS)
  ])

  async function answerTo(command: Record<string, unknown>): Promise<Answer> {
    const as = `request ${++numbers}`
    clients.send({ ...command, as })
    const answer = await clients.event('answer', event => event.as === as, PATIENCE_MS)
    return answer as unknown as Answer
  }

  const proxy: Omit<ProxyProcess, 'proxyId' | 'meshPort'> = {
    host,
    program,
    async join(channel, query = '') {
      const as = `member ${++numbers}`
      clients.send({ do: 'join', as, url: `ws://localhost:${port}/${channel}${query}` })
      const joined = await clients.event('joined', event => event.as === as, PATIENCE_MS)
      return createMember(clients, as, joined.id as string)
    },
    request: async (method, path, headers = {}, body) =>
      await answerTo({
        do: 'request',
        method,
        url: `http://localhost:${port}${path}`,
        headers,
        ...(body === undefined ? {} : { body })
      }),
    raw: async (address, to, bytes) =>
      await answerTo({ do: 'raw', host: address, port: to, base64: Buffer.from(bytes).toString('base64') }),
    async get<T>(path: string) {
      const { status, body } = await proxy.request('GET', path)
      if (status !== 200) throw new Error(`${path}: ${status} ${body}`)
      return JSON.parse(body) as T
    },
    async until<T>(path: string, condition: (answer: T) => boolean, timeoutMs = PATIENCE_MS) {
      const end = Date.now() + timeoutMs
      for (;;) {
        const answer = await proxy.get<T>(path)
        if (condition(answer)) return answer
        if (Date.now() > end) throw new Error(`${path} is after ${timeoutMs} ms still ${JSON.stringify(answer)}`)
        await new Promise(resolve => {
          setTimeout(resolve, LOOK_MS)
        })
      }
    },
    links: async () => (await proxy.get<{ links: LinkSeen[] }>('/api/links')).links,
    async linkedTo(others, timeoutMs) {
      const wanted = others
        .map(({ proxyId }) => proxyId)
        .toSorted()
        .join()
      const { links } = await proxy.until<{ links: LinkSeen[] }>(
        '/api/links',
        ({ links }) =>
          links.every(({ state }) => state === 'open') &&
          links
            .map(({ proxyId }) => proxyId)
            .toSorted()
            .join() === wanted,
        timeoutMs
      )
      return links
    }
  }
  const health = await proxy.get<{ proxyId: string; mesh: { port: number } }>('/api/health')
  return Object.assign(proxy, { proxyId: health.proxyId, meshPort: health.mesh.port })
}

function createMember(clients: Program, as: string, id: string): Member {
  const heard = () =>
    clients.events
      .filter(({ event, as: whose }) => event === 'message' && whose === as)
      .map(({ message }) => message as Heard)
  const hears = async (pattern: Partial<Heard>, after = 0) => {
    const found = await clients.event(
      'message',
      ({ as: whose, n, message }) => whose === as && (n as number) > after && matches(message as Heard, pattern),
      PATIENCE_MS
    )
    return found.message as Heard
  }
  const send = (message: object | Buffer) => {
    clients.send(
      Buffer.isBuffer(message)
        ? { do: 'send', as, base64: message.toString('base64') }
        : { do: 'send', as, text: JSON.stringify(message) }
    )
  }
  return {
    id,
    heard,
    hears,
    binary: () =>
      clients.events
        .filter(({ event, as: whose }) => event === 'binary' && whose === as)
        .map(({ base64 }) => Buffer.from(base64 as string, 'base64')),
    async hearsBinary(start) {
      const begins = (base64: unknown) =>
        Buffer.from(base64 as string, 'base64')
          .subarray(0, start.length)
          .equals(start)
      const found = await clients.event(
        'binary',
        ({ as: whose, base64 }) => whose === as && begins(base64),
        PATIENCE_MS
      )
      return Buffer.from(found.base64 as string, 'base64')
    },
    send,
    async leave() {
      clients.send({ do: 'leave', as })
      await clients.event('closed', ({ as: whose }) => whose === as, PATIENCE_MS)
    },
    async fence() {
      const before = heard().length
      send({ action: 'status' })
      await hears({ action: 'status' }, before)
    }
  }
}
