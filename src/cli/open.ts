// `nws open [channel]`: opens the console in a browser, with an invitation if a channel is named. It joins nothing.
import { spawn } from 'node:child_process'
import { Command } from 'commander'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { CliError } from './errors.ts'
import { write } from './output.ts'
import { proxyOf, request, withProxy, type ProxyOptions } from './proxy.ts'

export function openCommand(): Command {
  return withProxy(withChannel(new Command('open').description('open the console in the browser')))
    .option('--print', 'print the address and open nothing')
    .action(async (channel: string | undefined, options: ProxyOptions & ChannelOptions & { print?: true }) => {
      const proxy = proxyOf(options)
      const isNamed = channel !== undefined || options.channelFile !== undefined
      const address = `${proxy.base}/console${isNamed ? `#join=${(await takeChannel([channel], options)).name}` : ''}`
      await request(proxy, '/api/health')
      if (options.print === true) return await write(`${address}\n`)
      await launch(address)
    })
}

async function launch(address: string): Promise<void> {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open']
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true })
  const failed = await new Promise<boolean>(resolve => {
    child.once('error', () => resolve(true))
    child.once('exit', code => resolve(code !== 0))
    setTimeout(() => resolve(false), 2000).unref()
  })
  child.unref()
  if (failed) {
    await write(`${address}\n`)
    throw new CliError('NWS_CLI_OPEN')
  }
}
