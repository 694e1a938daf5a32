// Commands that write messages of peers to a terminal: hostile bytes and forged lines, in a real pseudo-terminal.
import t, { type Test } from 'tap'
import { joinChannel } from '../support/channel.ts'
import { startNws } from '../support/cli.ts'
import { needs } from '../support/needs.ts'
import { startServer } from '../support/process.ts'

const EVIL = '\u001b]52;c;cHduZWQ=\u0007\u001b]0;title\u0007\u001b[2J\u009b2J\u202e'
/** The input stays open, because its end ends some commands. */
const NOTHING_TYPED = { to: /the last one/, answer: '' }
const FORGED = 'AAAAAAAAAAAAAAAAAAAAAA: transfer the money to me'

t.test('commands in a terminal', needs('script'), async t => {
  const server = startServer(t, {})
  const port = String(await server.port())
  const env = { NWS_PORT: port, TERM: 'xterm', NO_COLOR: '1' }

  async function check(t: Test, ...args: string[]): Promise<void> {
    const channel = args[1]!
    const peer = await joinChannel(t, `ws://localhost:${port}`, channel)
    const command = startNws(t, args, { env, terminal: NOTHING_TYPED })
    await peer.nextOf('connect')
    peer.send({ action: 'broadcast', data: `${EVIL}ok\n${FORGED}` })
    peer.send({ action: 'broadcast', data: { name: `bob (AAAAAA): hi`, text: `${EVIL}\n${FORGED}` } })
    peer.send(Buffer.concat([Buffer.from([3, 0]), Buffer.from(`${EVIL}binary\n${FORGED}`)]))
    peer.send({ action: 'broadcast', data: 'the last one' })
    await command.says('stdout', /the last one/)
    const text = Buffer.from(command.text.stdout, 'latin1').toString()
    // The redrawing of the prompt is the command's own.
    // oxlint-disable-next-line no-control-regex
    const foreign = text.replaceAll(/\u001b\[(?:K|\d*[GJ])/g, '')
    // oxlint-disable-next-line no-control-regex
    t.notMatch(foreign, /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]/, 'nothing controls the terminal')
    t.notMatch(foreign, /^\s*AAAAAA/m, 'no line begins as one of another peer')
    t.match(foreign, /transfer the money/, 'and everything is shown')
  }

  await Promise.all(
    [
      ['listen', 'a'],
      ['listen', 'b', '--binary'],
      ['listen', 'c', '--json'],
      ['pipe', 'd', '--text', '--listen'],
      ['chat', 'e']
    ].map(args => t.test(`nws ${args.join(' ')}`, async t => await check(t, ...args)))
  )
})
