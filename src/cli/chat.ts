// `nws chat <channel>`: a conversation in a terminal, one message per line. Programs use listen.ts and pipe.ts.
import { createInterface, type Interface } from 'node:readline'
import { Command } from 'commander'
import { friendlyWords } from '../core/friendly-words.ts'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { note, printable, styled, terminalRows, write } from './output.ts'
import { proxyOf, withProxy, type ProxyOptions } from './proxy.ts'
import type { Received } from './socket.ts'
import { stayJoined } from './stay-joined.ts'

interface ChatOptions extends ProxyOptions, ChannelOptions {
  readonly name?: string
}

/** Shown characters of a peer's id, if its words are not enough. */
const SHORT = 6
const MAX_NAME = 40

export function chatCommand(): Command {
  return withProxy(withChannel(new Command('chat').description('chat in a channel, one message per line')))
    .option('--name <name>', 'your name for the others')
    .addHelpText('after', '\n/who lists the other peers. /quit or the end of input leaves.')
    .action(chat)
}

/** The words of a peer, and the beginning of its id if another peer has the same words. */
function shortOf(id: string, others: Iterable<string>): string {
  const words = friendlyWords(id)
  const rivals = [...others].filter(other => other !== id && friendlyWords(other) === words)
  if (rivals.length === 0) return words
  let length = SHORT
  while (rivals.some(rival => rival.startsWith(id.slice(0, length))) && length < id.length) length++
  return `${words} ${id.slice(0, length)}`
}

/** The rows of a message. They begin with the words, because names are claims: a name could look like another line. */
function rowsOf({ source, data }: Received, peers: Iterable<string>): string {
  const { name, text } =
    'bytes' in data ? {} : (Object(data.json) as { readonly name?: unknown; readonly text?: unknown })
  const who = typeof name === 'string' && name !== '' ? ` (${printable(name.slice(0, MAX_NAME))})` : ''
  const lead = `${shortOf(source, peers)}${who}: `
  if ('bytes' in data) return `${lead}(${data.bytes.byteLength} bytes)`
  return lead + terminalRows(lead, typeof text === 'string' ? text : data.text, process.stdout.columns)
}

async function chat(channel: string | undefined, options: ChatOptions): Promise<void> {
  const { name: channelName } = await takeChannel([channel], options)
  /** Made after the join: lines before it would be lost. */
  let lines: Interface | undefined
  /** Writes above the line that the user types. */
  const say = (text: string, data: boolean): void => {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
    if (data) void write(`${text}\n`)
    else note(text)
    if (process.stdout.isTTY) lines?.prompt(true)
  }
  const room = await stayJoined(proxyOf(options), channelName, {
    reconnect: true,
    joined: ({ id, peers }) =>
      say(
        styled(
          `You are ${friendlyWords(id)}. ${peers.size === 1 ? 'One other peer is' : `${peers.size === 0 ? 'No' : peers.size} other peers are`} here.`,
          'dim'
        ),
        false
      ),
    received: (message, { peers }) => say(rowsOf(message, peers), true),
    presence: (change, peer) =>
      say(styled(`${friendlyWords(peer)} ${change === 'connect' ? 'is here' : 'has left'}`, 'dim'), false),
    refused: error => say(styled(printable(`${error.code}: ${error.message}`), 'yellow'), false),
    over: () => lines?.close()
  })
  lines = createInterface({
    input: process.stdin,
    ...(process.stdout.isTTY ? { output: process.stdout, prompt: '> ' } : {})
  })
  if (process.stdout.isTTY) lines.prompt()
  lines.on('SIGINT', () => lines?.close())
  for await (const line of lines) {
    const text = line.trim()
    if (text === '/quit') break
    if (text === '/who') for (const peer of room.connection?.peers ?? []) say(`${friendlyWords(peer)} (${peer})`, false)
    else if (text !== '' && room.connection === undefined) say(styled('Not sent: no connection.', 'yellow'), false)
    else if (text !== '')
      room.connection?.sendJson(JSON.stringify(options.name === undefined ? text : { name: options.name, text }))
    if (process.stdout.isTTY) lines.prompt()
  }
  lines.close()
  if (room.end !== undefined) throw room.end
  await room.connection?.fence()
  await room.leave()
}
