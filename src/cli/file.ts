// `nws file send|receive`: the commands and their options. Folder file does the work.
import { Command } from 'commander'
import { withChannel } from './channel-argument.ts'
import { receive } from './file/receive.ts'
import { send } from './file/send.ts'
import { withProxy } from './proxy.ts'

/** The commands. */
export function fileCommand(): Command {
  const file = new Command('file').description('send or receive files through a channel')
  file.addCommand(
    withProxy(withChannel(new Command('send').description('offer files and folders to the receivers in a channel')))
      .argument('[paths...]', 'files and folders; - is standard input')
      .option('--code', 'make a private channel of three words for this transfer; all arguments are paths')
      .option('--as <name>', 'name under which standard input is offered', 'stdin')
      .option('--receivers <number>', 'go on until so many have everything', '1')
      .option('--timeout <seconds>', 'how long to wait for receivers, and for those that left', '300')
      .option('--json', 'print a JSON object for each receiver')
      .addHelpText(
        'after',
        '\nSeveral receivers are served side by side, each at its own pace. The command ends when at least --receivers have\neverything and no other is receiving. Exit code 6: some have everything, others gave up.'
      )
      .action(send)
  )
  file.addCommand(
    withProxy(withChannel(new Command('receive').description('take the files that are offered in a channel')))
      .option('--output <path>', 'folder for the files, or a name for one file; - is standard output', '.')
      .option('--yes', 'take the first offer without asking')
      .option('--max-size <size>', 'most bytes to take, such as 500M; never more than 95 % of the free space', '2G')
      .option('--overwrite', 'replace a file that exists')
      .option('--from <peer>', 'only from this peer')
      .option('--timeout <seconds>', 'how long to wait for an offer, and for a sender that left', '300')
      .option('--json', 'print a JSON object for each file')
      .action(receive)
  )
  return file
}
