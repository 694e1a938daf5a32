// `nws pipe <channel>`: standard input goes to a channel, and its messages go to standard output, as unchanged bytes.
import { Command } from 'commander'
import { Pace, platformClock } from '../client/files/pace.ts'
import { Arrival } from './arrival.ts'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { CliError, EXIT, type ProxyError } from './errors.ts'
import { numberOf } from './numbers.ts'
import { note, onReaderGone, styled, writeForeign } from './output.ts'
import { proxyOf, withProxy, type ProxyOptions } from './proxy.ts'
import { ChannelConnection, type Received } from './socket.ts'

interface PipeOptions extends ProxyOptions, ChannelOptions {
  readonly to?: string
  readonly text?: true
  readonly wait: string
  readonly listen?: true
}

/** At this rate links and pages keep up. */
const BYTES_PER_SECOND = 32 * 1024 * 1024
/** Longest part of the input in one message. Any proxy takes it by default. */
const PART_BYTES = 64 * 1024
/** Bytes after which the proxy's queues must be empty: a slow receiver slows the input down instead of being cut off. */
const SETTLE_BYTES = 256 * 1024
/** Longest line of a text. A proxy takes messages of at most 64 MiB. */
const MAX_LINE_LENGTH = 64 * 1024 * 1024
/** Messages that may wait here. Beyond, the proxy keeps them. */
const MAX_WAITING = 64

export function pipeCommand(): Command {
  return withProxy(withChannel(new Command('pipe').description('connect standard input and output with a channel')))
    .option('--to <peer>', 'send to this peer only, and write its messages only')
    .option('--text', 'send each line as a text message')
    .option('--wait <seconds>', 'time to wait for another peer before the input is read', '30')
    .option('--listen', 'keep writing messages after the end of input')
    .addHelpText(
      'after',
      `
At the end of input the command waits until its proxy has taken everything, all receivers at this proxy have read it, and
all other proxies with receivers have taken it. Those deliver it or cut off receivers that are too slow. Exit code 6: the
connection was lost, or a receiver was cut off.`
    )
    .action(pipe)
}

async function pipe(channel: string | undefined, options: PipeOptions): Promise<void> {
  const waitMs = numberOf('--wait', options.wait, 0, 86_400) * 1000
  const { to } = options
  const { name } = await takeChannel([channel], options)
  const proxy = proxyOf(options)
  const connection = await ChannelConnection.open(proxy, name)
  const arrival = new Arrival(proxy, name, connection)
  const gaps = new Gaps(connection, to)
  const pace = new Pace(platformClock, BYTES_PER_SECOND)
  let refusal: ProxyError | undefined
  const waiting: Received[] = []
  let writing = Promise.resolve()
  connection.on('refused', error => {
    refusal ??= error
  })
  connection.on('received', message => {
    if (to !== undefined && message.source !== to) return
    waiting.push(message)
    if (waiting.length > MAX_WAITING) connection.pause()
    writing = writing.then(async () => {
      await put(waiting.shift()!)
      if (waiting.length === 0) connection.resume()
    })
  })
  let hasBegun = false
  const over = new Promise<never>((_resolve, reject) => {
    connection.once('closed', error =>
      reject(hasBegun ? new CliError('NWS_CLI_PIPE_PARTIAL', `(${error.code})`) : error)
    )
  })
  const readerGone = new Promise<never>((_resolve, reject) => {
    onReaderGone(() => reject(new CliError('NWS_CLI_PIPE_READER')))
  })
  for (const end of [over, readerGone]) end.catch(() => {}) // The races below report it.
  connection.begin()
  await Promise.race([over, readerGone, receiver(connection, to, waitMs)])
  hasBegun = true
  await Promise.race([
    over,
    readerGone,
    feed(connection, { to, isText: options.text === true, pace, arrival, refusal: () => refusal })
  ])
  onReaderGone(() => process.exit(EXIT.ok))
  if (options.listen === true) await over
  await writing
  await connection.close()
  if (arrival.cut + gaps.count > 0) throw new CliError('NWS_CLI_PIPE_CUT')
}

/** Counts receivers that were lost and came back, and so missed messages. Ids of remote peers outlive a link. */
class Gaps {
  count = 0

  constructor(connection: ChannelConnection, to: string | undefined) {
    const lost = new Set<string>()
    connection.on('disconnect', peer => {
      lost.add(peer)
    })
    connection.on('connect', peer => {
      if (lost.has(peer) && (to ?? peer) === peer) this.count++
    })
  }
}

async function put({ source, data }: Received): Promise<void> {
  await writeForeign('bytes' in data ? new Uint8Array(data.bytes) : data.text, { lead: `${source}: ` })
}

async function receiver(connection: ChannelConnection, to: string | undefined, waitMs: number): Promise<void> {
  const isThere = () => (to === undefined ? connection.peers.size > 0 : connection.peers.has(to))
  if (isThere()) return
  if (waitMs > 0) note(styled('Waiting for another peer …', 'dim'))
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new CliError(to === undefined ? 'NWS_CLI_NOBODY' : 'NWS_CLI_NO_SUCH_PEER')),
      waitMs
    )
    connection.on('connect', () => {
      if (!isThere()) return
      clearTimeout(timer)
      resolve()
    })
  })
}

interface Feed {
  readonly to: string | undefined
  readonly isText: boolean
  readonly pace: Pace
  readonly arrival: Arrival
  readonly refusal: () => ProxyError | undefined
}

async function feed(connection: ChannelConnection, { to, isText, pace, arrival, refusal }: Feed): Promise<void> {
  let unsettled = 0
  const send = async (data: string | Uint8Array, size: number): Promise<void> => {
    await pace.take(size)
    await connection.ready()
    connection.send(data, to)
    unsettled += size
    if (unsettled < SETTLE_BYTES) return
    unsettled = 0
    await settled('sent')
  }
  async function settled(until: 'sent' | 'read'): Promise<void> {
    await arrival.wait(until)
    const refused = refusal()
    if (refused !== undefined) throw refused
  }
  if (isText) {
    for await (const line of linesOf(process.stdin)) await send(line, Buffer.byteLength(line))
  } else {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>)
      for (let start = 0; start < chunk.length; start += PART_BYTES)
        await send(chunk.subarray(start, start + PART_BYTES), Math.min(PART_BYTES, chunk.length - start))
  }
  await settled('read')
}

/** The lines of a text in UTF-8. @throws CliError `NWS_CLI_PIPE_LINE` */
async function* linesOf(input: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  /** Parts of the line that is not over: joined once, because a line may be long. */
  let parts: string[] = []
  let length = 0
  for await (const chunk of input) {
    const [first = '', ...others] = decoder.decode(chunk as Buffer, { stream: true }).split('\n')
    parts.push(first)
    length += first.length
    if (length > MAX_LINE_LENGTH) throw new CliError('NWS_CLI_PIPE_LINE')
    const last = others.pop()
    if (last === undefined) continue
    yield parts.join('')
    yield* others
    parts = [last]
    length = last.length
  }
  const rest = parts.join('') + decoder.decode()
  if (rest !== '') yield rest
}
