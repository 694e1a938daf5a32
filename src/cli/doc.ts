// `nws doc <channel> <file>`: keeps a file and the document of a channel the same, so that any editor joins in.
import { Command, Option } from 'commander'
import type * as Y from 'yjs'
import type { NetworkProvider } from '../client/documents/yjs.ts'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { jsonContent, textContent } from './doc/contents.ts'
import { DocumentFile } from './doc/document-file.ts'
import { CliError, ProxyError } from './errors.ts'
import { note, styled } from './output.ts'
import { proxyOf, request, withProxy, type ProxyOptions } from './proxy.ts'

interface DocOptions extends ProxyOptions, ChannelOptions {
  readonly json?: true
  readonly name?: string
  readonly prefer?: 'file' | 'document'
}

export function docCommand(): Command {
  return withProxy(
    withChannel(new Command('doc').description('keep a file and the Yjs document of a channel the same')).argument(
      '[file]',
      'the file; it is made if it does not exist'
    )
  )
    .option('--json', 'the file is a JSON object, as for names that end with .json')
    .option('--name <name>', 'name of the Y.Text, or with JSON of the Y.Map (default: text, or json)')
    .addOption(
      new Option('--prefer <which>', 'which one counts if both have content and differ at the start').choices([
        'file',
        'document'
      ])
    )
    .action(doc)
}

/** The packages that users install beside this one. @throws CliError `NWS_CLI_DOC_PACKAGES` */
async function loadPackages(): Promise<[typeof Y, typeof NetworkProvider]> {
  try {
    // The provider is not bundled with the command: both have the same copy of yjs.
    const provider = 'networkwebsockets/yjs'
    const [yjs, library] = await Promise.all([
      import('yjs'),
      import(provider) as Promise<{ NetworkProvider: typeof NetworkProvider }>
    ])
    return [yjs, library.NetworkProvider]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') throw new CliError('NWS_CLI_DOC_PACKAGES')
    throw error
  }
}

async function doc(channel: string | undefined, path: string | undefined, options: DocOptions): Promise<void> {
  const proxy = proxyOf(options)
  const {
    name: channelName,
    rest: [file]
  } = await takeChannel([channel, path], options)
  if (file === undefined) throw new CliError('NWS_CLI_USAGE', 'Name the file.')
  const [yjs, Provider] = await loadPackages()
  // Says at once if no proxy runs.
  await request(proxy, '/.well-known/nws')
  const isJson = options.json === true || file.endsWith('.json')
  const name = options.name ?? (isJson ? 'json' : 'text')
  const ydoc = new yjs.Doc()
  const provider = new Provider(channelName, ydoc, {
    endpoint: proxy.base,
    token: proxy.token === '' ? undefined : proxy.token
  })
  // It is no user with a cursor.
  provider.awareness.setLocalState(null)
  let documentFile: DocumentFile | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
      provider.on('closed', ({ code, reason }) =>
        reject(new ProxyError(reason, `The proxy closed the connection (${code}).`))
      )
      provider.once('sync', () => {
        const made = new DocumentFile(file, {
          doc: ydoc,
          content: isJson ? jsonContent(name, yjs) : textContent(name),
          yjs,
          readable: isReadable =>
            note(
              isReadable
                ? styled('The file can be read again.', 'dim')
                : styled('The file is not UTF-8 text or a JSON object: it waits until you have mended it.', 'yellow')
            ),
          failed: reject
        })
        try {
          made.start(options.prefer)
          documentFile = made
          note(styled('The file and the document are the same. Ctrl-C ends it.', 'dim'))
        } catch (error) {
          reject(error)
        }
      })
      provider.on('status', ({ status }) => {
        if (status === 'disconnected') note(styled('The proxy is away. Trying again …', 'yellow'))
      })
    })
    documentFile?.exchange()
  } finally {
    documentFile?.stop()
    provider.destroy()
    provider.awareness.destroy()
    ydoc.destroy()
  }
}
