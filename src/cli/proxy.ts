// Which proxy a command speaks to, and its API. Not the sockets of channels (socket.ts).
import type { Command } from 'commander'
import { CliError, ProxyError } from './errors.ts'

/** Options of every command that speaks to a proxy. */
export interface ProxyOptions {
  readonly url?: string
}

/** Where a proxy is and how to be let in. */
export interface Proxy {
  /** http or https, without a slash at the end. */
  readonly base: string
  /** NWS_API_TOKEN; empty: none. */
  readonly token: string
}

/** Adds what tells a proxy. */
export function withProxy(command: Command): Command {
  return command.option(
    '--url <address>',
    'the proxy, such as http://localhost:9009 (default: port NWS_PORT of this machine)'
  )
}

/** @throws CliError `NWS_CLI_URL` */
export function proxyOf({ url }: ProxyOptions, environment: NodeJS.ProcessEnv = process.env): Proxy {
  const token = environment['NWS_API_TOKEN'] ?? ''
  const port = environment['NWS_PORT'] ?? ''
  const address = url ?? `http://localhost:${/^[1-9]\d*$/.test(port) ? port : 9009}`
  const match = URL.canParse(address) ? /^(?:http|ws)(s?):(\/\/[^?#@]*?)\/*$/.exec(new URL(address).href) : null
  if (match === null) throw new CliError('NWS_CLI_URL')
  return { base: `http${match[1]!}:${match[2]!}`, token }
}

/** Error codes of systems that say that nothing listens, or that nothing can be reached. */
const NOT_RUNNING = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET'
])

/** What a failed attempt to connect means. */
export function connectError(error: unknown): CliError {
  const causes = [error, (error as { cause?: unknown }).cause, ...((error as { errors?: unknown[] }).errors ?? [])]
  // Ports that fetch refuses to call: no proxy is there, since no browser could speak to it either.
  if (causes.some(cause => (cause as Error | undefined)?.message === 'bad port'))
    return new CliError('NWS_CLI_NOT_RUNNING')
  const code = causes
    .map(cause => (cause as NodeJS.ErrnoException | undefined)?.code)
    .find(code => code !== undefined && NOT_RUNNING.has(code))
  return code === undefined ? new CliError('NWS_CLI_NOT_A_PROXY') : new CliError('NWS_CLI_NOT_RUNNING')
}

/**
 * Systems that have IPv6 only to the outside may find no address for `localhost`, although it is this machine whatever else
 * there is.
 */
async function call(url: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, options)
  } catch (error) {
    const code = (error as { cause?: NodeJS.ErrnoException }).cause?.code
    if ((code !== 'EAI_AGAIN' && code !== 'ENOTFOUND') || new URL(url).hostname !== 'localhost') throw error
    return await fetch(url.replace('//localhost', '//127.0.0.1'), options)
  }
}

/** How a request is made. */
export interface RequestOptions {
  readonly method?: string
  /** Sent as JSON. */
  readonly body?: string
  readonly timeoutMs?: number
}

/** Time for an answer of the API, milliseconds. */
const ANSWER_MS = 10_000

/**
 * An answer of the API.
 *
 * @throws CliError, ProxyError with the code that the proxy gave
 */
export async function request<Answer>(
  { base, token }: Proxy,
  path: string,
  { method = 'GET', body, timeoutMs = ANSWER_MS }: RequestOptions = {}
): Promise<Answer> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (token !== '') headers['authorization'] = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  let response: Response
  try {
    response = await call(`${base}${path}`, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body })
    })
  } catch (error) {
    if ((error as Error).name === 'TimeoutError')
      throw new CliError('NWS_CLI_NOT_RUNNING', 'It took the connection and did not answer in time.')
    throw connectError(error)
  }
  let answer: unknown
  try {
    answer = await response.json()
  } catch {
    throw new CliError('NWS_CLI_NOT_A_PROXY')
  }
  if (response.ok) return answer as Answer
  const { code, message } = Object(answer) as { code?: unknown; message?: unknown }
  if (typeof code !== 'string' || typeof message !== 'string' || !/^[A-Z][A-Z\d_]*$/.test(code))
    throw new CliError('NWS_CLI_NOT_A_PROXY')
  throw new ProxyError(code, message, response.status)
}

/** The members of an answer's list. @throws as `request`, and NWS_CLI_ANSWER where it is none */
export async function requestList<Item>(proxy: Proxy, path: string, member: string): Promise<Item[]> {
  const list = (await request<Record<string, unknown>>(proxy, path))[member]
  if (!Array.isArray(list)) throw new CliError('NWS_CLI_ANSWER')
  return list as Item[]
}
