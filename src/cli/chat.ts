// `nws chat <channel>`: a conversation in a terminal, a line a message. Not for programs: that are listen.ts and pipe.ts.
import { createInterface, type Interface } from 'node:readline'
import { Command } from 'commander'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { note, printable, styled, write } from './output.ts'
import { proxyOf, withProxy, type ProxyOptions } from './proxy.ts'
import type { Received } from './socket.ts'
import { stayJoined } from './stay-joined.ts'

interface ChatOptions extends ProxyOptions, ChannelOptions {
  readonly name?: string
}

/** Characters of a peer's id that stand for it. */
const SHORT = 6
const MAX_NAME = 40

/** The command. */
export function chatCommand(): Command {
  return withProxy(withChannel(new Command('chat').description('talk in a channel, a line a message')))
    .option('--name <name>', 'what the others see before your lines')
    .addHelpText('after', '\n/who lists who is there, /quit or the end of input leaves.')
    .action(chat)
}

/** Who speaks, and what. Names are claims: the beginning of the id is shown beside them. */
function lineOf({ source, data }: Received): string {
  const short = source.slice(0, SHORT)
  if ('bytes' in data) return `${short}: (${data.bytes.byteLength} bytes)`
  const { name, text } = Object(data.json) as { name?: unknown; text?: unknown }
  if (typeof text !== 'string') return `${short}: ${printable(data.text)}`
  const who = typeof name === 'string' && name !== '' ? `${printable(name.slice(0, MAX_NAME))} (${short})` : short
  return `${who}: ${printable(text)}`
}

async function chat(channel: string | undefined, options: ChatOptions): Promise<void> {
  const { name: channelName } = await takeChannel([channel], options)
  /** Begun after the join: what was read before anybody listens would be lost. */
  let lines: Interface | undefined
  /** Above the line that is being typed. */
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
          `You are ${id.slice(0, SHORT)}; ${peers.size === 0 ? 'nobody else is' : peers.size === 1 ? 'one other is' : `${peers.size} others are`} there.`,
          'dim'
        ),
        false
      ),
    received: message => say(lineOf(message), true),
    presence: (change, peer) =>
      say(styled(`${peer.slice(0, SHORT)} ${change === 'connect' ? 'is there' : 'has left'}`, 'dim'), false),
    refused: error => say(styled(`${error.code}: ${error.message}`, 'yellow'), false),
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
    if (text === '/who') for (const peer of room.connection?.peers ?? []) say(peer, false)
    else if (text !== '' && room.connection === undefined)
      say(styled('Not sent: there is no connection.', 'yellow'), false)
    else if (text !== '')
      room.connection?.sendJson(JSON.stringify(options.name === undefined ? text : { name: options.name, text }))
    if (process.stdout.isTTY) lines.prompt()
  }
  lines.close()
  if (room.end !== undefined) throw room.end
  await room.connection?.fence()
  await room.leave()
}
