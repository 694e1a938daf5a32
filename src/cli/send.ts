// `nws send <channel> [text|-]`: sends one message and tells how many got it. pipe.ts sends streams.
import { Command } from 'commander'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { CliError, EXIT, ProxyError } from './errors.ts'
import { readRest } from './input.ts'
import { numberOf } from './numbers.ts'
import { note, styled } from './output.ts'
import { proxyOf, request, withProxy, type Proxy, type ProxyOptions } from './proxy.ts'
import { ChannelConnection } from './socket.ts'

interface SendOptions extends ProxyOptions, ChannelOptions {
  readonly to?: string
  readonly binary?: true
  readonly json?: true
  readonly wait: string
  readonly quiet?: true
}

/** Longest message, bytes: the largest NWS_MAX_MESSAGE_BYTES. */
const MAX_BYTES = 64 * 1024 * 1024

export function sendCommand(): Command {
  return withProxy(
    withChannel(new Command('send').description('send one message to a channel')).argument(
      '[text]',
      'the message; - or no text reads it from standard input, without its last line break'
    )
  )
    .option('--to <peer>', 'send to this peer only, by its id')
    .option('--json', 'the message is a JSON value, not text')
    .option('--binary', 'send the bytes unchanged')
    .option('--wait <seconds>', 'time to wait for another peer', '2')
    .option('--quiet', 'do not tell how many got it')
    .action(send)
}

async function send(channel: string | undefined, text: string | undefined, options: SendOptions): Promise<void> {
  if (options.json === true && options.binary === true)
    throw new CliError('NWS_CLI_USAGE', '--json and --binary exclude each other.')
  const waitMs = Math.round(numberOf('--wait', options.wait, 0, 60) * 1000)
  const proxy = proxyOf(options)
  const {
    name,
    rest: [words]
  } = await takeChannel([channel, text], options)
  const bytes = words === undefined || words === '-' ? await readRest(MAX_BYTES) : Buffer.from(words)
  if (bytes === undefined)
    throw new CliError('NWS_CLI_USAGE', 'The message is too large for any proxy: send it with `nws file send`.')
  const { local, remote } =
    options.binary === true
      ? await sendBytes(proxy, name, bytes, options.to, waitMs)
      : await sendText(proxy, name, jsonOf(textOf(bytes, words), options), options.to, waitMs)
  if (local + remote === 0) throw new CliError('NWS_CLI_NOBODY')
  if (options.quiet !== true) note(styled(`Delivered to ${local} here and ${remote} elsewhere.`, 'dim'))
}

/** The message as text. Programs end their output with a line break, which is no part of it. */
function textOf(bytes: Buffer, argument: string | undefined): string {
  const text = bytes.toString()
  return argument === undefined || argument === '-' ? text.replace(/\r?\n$/, '') : text
}

function jsonOf(text: string, { json }: SendOptions): string {
  if (json !== true) return JSON.stringify(text)
  try {
    JSON.parse(text)
  } catch {
    throw new CliError('NWS_CLI_USAGE', 'With --json the message must be one JSON value.')
  }
  return text
}

interface Delivered {
  readonly local: number
  readonly remote: number
}

/** Sends by HTTP, which returns the counts. */
async function sendText(
  proxy: Proxy,
  name: string,
  json: string,
  target: string | undefined,
  waitMs: number
): Promise<Delivered> {
  const body = `{"data":${json}${target === undefined ? '' : `,"target":${JSON.stringify(target)}`}}`
  try {
    const { delivered } = await request<{ delivered?: Delivered }>(
      proxy,
      `/api/channels/${encodeURIComponent(name)}/messages?waitMs=${waitMs}`,
      { method: 'POST', body, timeoutMs: waitMs + 30_000 }
    )
    if (delivered === undefined) throw new CliError('NWS_CLI_ANSWER')
    return delivered
  } catch (error) {
    throw error instanceof ProxyError && error.exit === EXIT.nobody ? new CliError('NWS_CLI_NO_SUCH_PEER') : error
  }
}

/** Sends by a socket, because a request takes no binary data. */
async function sendBytes(
  proxy: Proxy,
  name: string,
  bytes: Uint8Array,
  target: string | undefined,
  waitMs: number
): Promise<Delivered> {
  const connection = await ChannelConnection.open(proxy, name)
  let refusal: ProxyError | undefined
  connection.on('refused', error => {
    refusal = error
  })
  const isThere = () => (target === undefined ? connection.peers.size > 0 : connection.peers.has(target))
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, waitMs)
    const check = (): void => {
      if (!isThere() && connection.end === undefined) return
      clearTimeout(timer)
      resolve()
    }
    connection.on('connect', check)
    connection.once('closed', check)
    connection.begin()
    check()
  })
  if (target !== undefined && !isThere()) throw new CliError('NWS_CLI_NO_SUCH_PEER')
  const others = target === undefined ? [...connection.peers] : [target]
  // Counted before, since receivers may leave at once.
  const local = others.length > 0 ? await locals(proxy, name, others) : 0
  if (others.length > 0) connection.send(bytes, target)
  await connection.fence()
  if (refusal !== undefined) throw refusal
  await connection.close()
  return { local, remote: others.length - local }
}

/** How many of these peers are connected to this proxy. */
async function locals(proxy: Proxy, name: string, ids: readonly string[]): Promise<number> {
  const { peers } = await request<{ peers: { list: { id: string; location: string }[] } }>(
    proxy,
    `/api/channels/${encodeURIComponent(name)}`
  )
  const remote = new Set(peers.list.filter(({ location }) => location === 'remote').map(({ id }) => id))
  return ids.filter(id => !remote.has(id)).length
}
