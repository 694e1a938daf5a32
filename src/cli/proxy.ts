// The proxy of a command and requests to its API. socket.ts joins channels.
import { readFile, unlink } from 'node:fs/promises'
import type { Command } from 'commander'
import { CliError, ProxyError } from './errors.ts'

export interface ProxyOptions {
  readonly url?: string
}

export interface Proxy {
  /** http or https, without a slash at the end. */
  readonly base: string
  /** NWS_API_TOKEN; empty for none. */
  readonly token: string
}

export function withProxy(command: Command): Command {
  return command.option(
    '--url <address>',
    'address of the proxy, such as http://localhost:9009 (default: port NWS_PORT of this machine)'
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

/** System errors if nothing listens or nothing can be reached. */
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

export function connectError(error: unknown): CliError {
  const causes = [error, (error as { cause?: unknown }).cause, ...((error as { errors?: unknown[] }).errors ?? [])]
  // Fetch refuses some ports. No browser could use a proxy there, so there is none.
  if (causes.some(cause => (cause as Error | undefined)?.message === 'bad port'))
    return new CliError('NWS_CLI_NOT_RUNNING')
  const code = causes
    .map(cause => (cause as NodeJS.ErrnoException | undefined)?.code)
    .find(code => code !== undefined && NOT_RUNNING.has(code))
  return code === undefined ? new CliError('NWS_CLI_NOT_A_PROXY') : new CliError('NWS_CLI_NOT_RUNNING')
}

/**
 * Fetches a URL. Systems with IPv6 as their only external network may find no address for `localhost`: it is then
 * 127.0.0.1.
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

export interface RequestOptions {
  readonly method?: string
  /** Sent as JSON. */
  readonly body?: string
  readonly timeoutMs?: number
}

const ANSWER_MS = 10_000

/** Sends a request. @throws CliError */
async function send(
  { base, token }: Proxy,
  path: string,
  { method = 'GET', body, timeoutMs = ANSWER_MS }: RequestOptions
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (token !== '') headers['authorization'] = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  try {
    return await call(`${base}${path}`, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body })
    })
  } catch (error) {
    if ((error as Error).name === 'TimeoutError')
      throw new CliError('NWS_CLI_NOT_RUNNING', 'It accepted the connection and did not answer in time.')
    throw connectError(error)
  }
}

/** The address of the page about an error, if the answer is from this proxy and names one. */
function helpOf({ headers, url }: Response): string | undefined {
  const [, path] = /^<(\/[\w./#-]+)>; rel="help"$/.exec(headers.get('link') ?? '') ?? []
  return path === undefined ? undefined : new URL(path, url).href
}

/** The JSON of an answer. @throws CliError, ProxyError */
async function read(response: Response): Promise<unknown> {
  let answer: unknown
  try {
    answer = await response.json()
  } catch {
    throw new CliError('NWS_CLI_NOT_A_PROXY')
  }
  if (response.ok) return answer
  const { code, message } = Object(answer) as { code?: unknown; message?: unknown }
  if (typeof code !== 'string' || typeof message !== 'string' || !/^[A-Z][A-Z\d_]*$/.test(code))
    throw new CliError('NWS_CLI_NOT_A_PROXY')
  throw new ProxyError(code, message, response.status, helpOf(response))
}

/**
 * Asks the API.
 *
 * @throws CliError, ProxyError with the code of the proxy
 */
export async function request<Answer>(proxy: Proxy, path: string, options: RequestOptions = {}): Promise<Answer> {
  return (await read(await send(proxy, path, options))) as Answer
}

/**
 * Asks the API for a file that only the user of the proxy may read, and deletes it.
 *
 * @throws as `request`, and CliError `NWS_CLI_FILE`
 */
export async function requestFile(proxy: Proxy, path: string): Promise<Buffer> {
  const { file } = await request<{ file: string }>(proxy, path, { method: 'POST' })
  try {
    const contents = await readFile(file)
    await unlink(file)
    return contents
  } catch (error) {
    throw new CliError('NWS_CLI_FILE', `(${file}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
  }
}

/** A list in an answer. @throws as `request`, and NWS_CLI_ANSWER for an answer without it */
export async function requestList<Item>(proxy: Proxy, path: string, member: string): Promise<Item[]> {
  const list = (await request<Record<string, unknown>>(proxy, path))[member]
  if (!Array.isArray(list)) throw new CliError('NWS_CLI_ANSWER')
  return list as Item[]
}
