// `nws channel new`: makes a private name, its link and its QR code. It joins nothing and asks no proxy.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { base32 } from '../core/bytes.ts'
import { CliError, fileError } from './errors.ts'
import { note, write, writeJson } from './output.ts'
import { proxyOf, withProxy, type ProxyOptions } from './proxy.ts'
import { codeFor } from './qr.ts'
import { CHANNEL_WORDS, wordName } from './words.ts'

interface NewOptions extends ProxyOptions {
  readonly json?: true
  readonly qr: boolean
  readonly out?: string
  readonly words?: true
}

/** 160 bits in 32 characters, as in the console. */
const NAME_BYTES = 20

export function channelCommand(): Command {
  const channel = new Command('channel').description('make private channels')
  channel.addCommand(
    withProxy(new Command('new').description('make a random name, its link and its QR code'))
      .option('--words', 'make a name of six words, which people can read out')
      .option('--json', 'print one JSON object with name and link')
      .option('--no-qr', 'print no QR code')
      .option(
        '--out <path>',
        'print nothing and write the name to a new file that only you can read, for --channel-file'
      )
      .action(create)
  )
  return channel
}

async function create(options: NewOptions): Promise<void> {
  const name = options.words === true ? wordName(CHANNEL_WORDS) : base32(randomBytes(NAME_BYTES))
  const link = `${proxyOf(options).base}/console#join=${name}`
  if (options.out !== undefined) {
    try {
      writeFileSync(options.out, `${name}\n`, { flag: 'wx', mode: 0o600 })
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'EEXIST'
        ? new CliError('NWS_CLI_FILE_EXISTS', `Choose another path for --out than ${options.out}.`)
        : fileError(options.out, error)
    }
    return
  }
  if (options.json === true) return await writeJson({ name, link })
  await write(`${name}\n${link}\n`)
  if (!options.qr) return
  note(await codeFor(link))
  note(
    'The name is the key to the channel: share it like one. The link opens the console of the computer on which it is opened.'
  )
}
