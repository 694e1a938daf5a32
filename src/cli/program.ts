// The commands of `nws` in the order of its help. Each command is a file of its own and loads its modules when it runs, so
// that a client command does not load the server.
import { Command } from 'commander'
import { VERSION } from '../platform/package.ts'
import { auditCommand } from './audit.ts'
import { channelCommand } from './channel.ts'
import { channelsCommand } from './channels.ts'
import { chatCommand } from './chat.ts'
import { clusterCommand } from './cluster.ts'
import { completionCommand } from './completion.ts'
import { docCommand } from './doc.ts'
import { doctorCommand } from './doctor.ts'
import { fileCommand } from './file.ts'
import { linksCommand } from './links.ts'
import { listenCommand } from './listen.ts'
import { openCommand } from './open.ts'
import { peersCommand } from './peers.ts'
import { pipeCommand } from './pipe.ts'
import { sendCommand } from './send.ts'
import { serveCommand } from './serve.ts'
import { serviceCommand } from './service.ts'
import { shareCommand } from './share.ts'
import { userCommand } from './user.ts'

const USAGE_HINT = '(--help shows the usage)'

/** The program with all its commands. Wrong usage is explained, then thrown as CommanderError. */
export function createProgram(): Command {
  const program: Command = new Command('nws')
    .description('Broadcast WebSocket channels by name across the local network.')
    .version(VERSION)
    .showHelpAfterError(USAGE_HINT)
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 error, 2 wrong usage, 3 no proxy is running, 4 refused, 5 no peer or time is up, 6 partly done.'
    )
  const commands = [
    serveCommand(),
    channelsCommand(),
    peersCommand(),
    linksCommand(),
    listenCommand(),
    sendCommand(),
    pipeCommand(),
    fileCommand(),
    docCommand(),
    chatCommand(),
    channelCommand(),
    shareCommand(),
    doctorCommand(),
    auditCommand(),
    serviceCommand(),
    openCommand(),
    clusterCommand(),
    userCommand(),
    completionCommand(() => program)
  ]
  for (const command of commands) program.addCommand(command)
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      outputError: (text, put) =>
        put(
          text.replace(
            /^error: (.)(.*?)\.?$/m,
            (_line, first: string, others: string) => `NWS_CLI_USAGE: ${first.toUpperCase()}${others}.`
          )
        )
    })
    if (command !== program) command.showHelpAfterError(USAGE_HINT)
  }
  return program
}

export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}
