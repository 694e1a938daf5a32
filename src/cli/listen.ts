// `nws listen <channel>`: what is said in a channel, as it comes. Sends nothing.
import { once } from 'node:events'
import { Command } from 'commander'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { CliError } from './errors.ts'
import { note, printable, styled, write, writeJson } from './output.ts'
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

/** Somebody came or went. */
interface Presence {
  readonly action: 'connect' | 'disconnect'
  readonly peer: string
}

/** The command. */
export function listenCommand(): Command {
  return withProxy(withChannel(new Command('listen').description('print what is said in a channel')))
    .option('--json', 'one JSON object a line, with sender and presence')
    .option('--binary', 'write the bytes of messages as they are, with nothing in between')
    .option('--from <peer>', 'only what this peer says')
    .option('--count <number>', 'end after so many messages')
    .option('--timeout <seconds>', 'end with exit code 5 when so long nothing came')
    .option('--no-reconnect', 'end when the proxy goes away')
    .action(listen)
}

async function listen(channel: string | undefined, options: ListenOptions): Promise<void> {
  const { json = false, binary = false, from } = options
  const count = options.count === undefined ? Infinity : countOf('--count', options.count, Number.MAX_SAFE_INTEGER)
  const timeoutMs =
    options.timeout === undefined ? undefined : numberOf('--timeout', options.timeout, 0.001, 86_400) * 1000
  const { name } = await takeChannel([channel], options)
  const waiting: (Received | Presence)[] = []
  let wake: () => void = () => {}
  const room = await stayJoined(proxyOf(options), name, {
    reconnect: options.reconnect,
    joined: ({ id }) => {
      note(styled(`Listening as ${id}.`, 'dim'))
    },
    received: (message, connection) => {
      if (from !== undefined && message.source !== from) return
      waiting.push(message)
      if (waiting.length > MAX_WAITING) connection.pause()
      wake()
    },
    presence: (change, peer) => {
      if (!json) return
      waiting.push({ action: change, peer }) // In its place between the messages.
      wake()
    },
    over: () => wake()
  })
  const ended = once(process, 'SIGINT').then(() => 'end' as const)
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
    if (what === 'end') break
  }
  await room.leave()
}

/** Messages that wait to be printed before the proxy is asked to keep the others. */
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
  if (json)
    return await writeJson({
      action,
      source,
      ...('bytes' in data ? { binary: Buffer.from(data.bytes).toString('base64') } : { data: data.json })
    })
  if (binary) return await write('bytes' in data ? new Uint8Array(data.bytes) : data.text)
  const text = 'bytes' in data ? `(${data.bytes.byteLength} bytes of binary data)` : data.text
  const person = process.stdout.isTTY
  const head = person ? styled(`${source}${action === 'message' ? ' to you' : ''}: `, 'dim', process.stdout) : ''
  await write(`${head}${person ? printable(text, { lines: true }) : text}\n`)
}
