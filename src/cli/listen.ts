// `nws listen <channel>`: prints the messages of a channel.
import { once } from 'node:events'
import { Command } from 'commander'
import { friendlyWords } from '../core/friendly-words.ts'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { CliError, EXIT } from './errors.ts'
import { note, styled, writeForeign, writeJson } from './output.ts'
import { countOf, numberOf } from './numbers.ts'
import { proxyOf, withProxy, type ProxyOptions } from './proxy.ts'
import { stayJoined } from './stay-joined.ts'
import type { Received } from './socket.ts'

interface ListenOptions extends ProxyOptions, ChannelOptions {
  readonly json?: true
  readonly binary?: true
  readonly from?: string
  readonly count?: string
  readonly timeout?: string
  readonly reconnect: boolean
}

interface Presence {
  readonly action: 'connect' | 'disconnect'
  readonly peer: string
}

export function listenCommand(): Command {
  return withProxy(withChannel(new Command('listen').description('print the messages of a channel')))
    .option('--json', 'print one JSON object per line, with the sender, and with peers that come and leave')
    .option('--binary', 'write the bytes of messages with nothing in between')
    .option('--from <peer>', 'print messages of this peer only')
    .option('--count <number>', 'exit after this many messages')
    .option('--timeout <seconds>', 'exit with 5 after this long without a message')
    .option('--no-reconnect', 'exit if the connection to the proxy is lost')
    .action(listen)
}

async function listen(channel: string | undefined, options: ListenOptions): Promise<void> {
  const { json = false, binary = false, from } = options
  const count = options.count === undefined ? Infinity : countOf('--count', options.count, Number.MAX_SAFE_INTEGER)
  const timeoutMs =
    options.timeout === undefined ? undefined : numberOf('--timeout', options.timeout, 0.001, 86_400) * 1000
  const { name } = await takeChannel([channel], options)
  const ended = once(process, 'SIGINT').then(() => 'end' as const)
  const waiting: (Received | Presence)[] = []
  let wake: () => void = () => {}
  const room = await stayJoined(proxyOf(options), name, {
    reconnect: options.reconnect,
    joined: ({ id }) => {
      note(styled(`Listening as ${friendlyWords(id)} (${id}).`, 'dim'))
    },
    received: (message, connection) => {
      if (from !== undefined && message.source !== from) return
      waiting.push(message)
      if (waiting.length > MAX_WAITING) connection.pause()
      wake()
    },
    presence: (change, peer) => {
      if (!json) return
      waiting.push({ action: change, peer }) // In order with the messages.
      wake()
    },
    over: () => wake()
  })
  for (let printed = 0; printed < count;) {
    const message = waiting.shift()
    if (message !== undefined) {
      if ('peer' in message) {
        await writeJson(message)
      } else {
        await show(message, { json, binary })
        printed++
      }
      if (waiting.length === 0) room.connection?.resume()
      continue
    }
    if (room.end !== undefined) throw room.end
    const news = new Promise<'news'>(resolve => {
      wake = () => resolve('news')
    })
    const [late, cancel] = timer(timeoutMs)
    const what = await Promise.race([news, ended, late])
    cancel()
    if (what === 'late') throw new CliError('NWS_CLI_TIMEOUT')
    if (what === 'end') {
      if (count < Infinity) process.exitCode = EXIT.interrupted
      break
    }
  }
  await room.leave()
}

/** Messages that may wait here. Beyond, the proxy keeps them. */
const MAX_WAITING = 256

function timer(ms: number | undefined): [Promise<'late'>, () => void] {
  let timeout: NodeJS.Timeout | undefined
  const late = new Promise<'late'>(resolve => {
    if (ms !== undefined) timeout = setTimeout(() => resolve('late'), ms)
  })
  return [late, () => clearTimeout(timeout)]
}

async function show(
  { action, source, data }: Received,
  { json, binary }: { json: boolean; binary: boolean }
): Promise<void> {
  if (json) {
    // The text of the value as it came: to parse it would change numbers. A line break between its tokens becomes a space.
    const member =
      'bytes' in data
        ? `"binary":"${Buffer.from(data.bytes).toString('base64')}"`
        : `"data":${data.jsonText.replace(/[\r\n]/g, ' ')}`
    return await writeForeign(`{"action":"${action}","source":${JSON.stringify(source)},${member}}`)
  }
  const lead = `${source}${action === 'message' ? ' to you' : ''}: `
  if (binary) return await writeForeign('bytes' in data ? new Uint8Array(data.bytes) : data.text, { lead, end: '' })
  await writeForeign('bytes' in data ? `(${data.bytes.byteLength} bytes of binary data)` : data.text, { lead })
}
