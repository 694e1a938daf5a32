// `nws user`: the accounts of the rendezvous. Passwords never pass here: who is invited sets his own. Not where accounts
// are found (accounts.ts).
import { Command } from 'commander'
import { withAccounts, type Session, type User } from './accounts.ts'
import { isColourful, note, table, write, writeJson, type Column } from './output.ts'
import { withProxy, type ProxyOptions } from './proxy.ts'

interface JsonOptions extends ProxyOptions {
  readonly json?: boolean
}

/** Shows rows as a table or as lines of JSON. */
async function show<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { json = false }: JsonOptions,
  empty: string
): Promise<void> {
  if (json) for (const row of rows) await writeJson(row)
  else if (rows.length === 0) note(empty)
  else await write(table(rows, columns, isColourful(process.stdout)))
}

function addCommand(): Command {
  return withProxy(new Command('add'))
    .description('invite a user: prints a link, good once, where he sets login name and password')
    .argument('[name]', 'login name to begin with')
    .option('--json', 'as one line of JSON')
    .action(async (name: string | undefined, options: JsonOptions) => {
      await withAccounts(options, async accounts => {
        const invitation = await accounts.add(name ?? '')
        if (options.json === true) return await writeJson(invitation)
        await write(`${invitation.link}\n`)
        note(
          `Good once, until ${invitation.expiresAt}.${accounts.isRunning ? '' : ' The proxy has to run with NWS_BV=on when it is opened.'}`
        )
      })
    })
}

function listCommand(): Command {
  return withProxy(new Command('list'))
    .description('list the users')
    .option('--json', 'as lines of JSON')
    .action(async (options: JsonOptions) => {
      await withAccounts(
        options,
        async accounts =>
          await show<User>(
            await accounts.users(),
            [
              { title: 'USER', value: ({ name }) => name },
              { title: 'STATE', value: ({ disabled }) => (disabled ? 'disabled' : 'enabled') },
              { title: 'ONLINE', value: ({ online }) => online, right: true },
              { title: 'SESSIONS', value: ({ sessions }) => sessions, right: true },
              { title: 'SINCE', value: ({ createdAt }) => createdAt }
            ],
            options,
            'There are no users: `nws user add` invites one.'
          )
      )
    })
}

function disableCommand(): Command {
  return withProxy(new Command('disable'))
    .description('keep a user out: ends his sessions and sockets; nothing of his is removed')
    .argument('<name>', 'login name')
    .option('--undo', 'let him in again')
    .action(async (name: string, options: ProxyOptions & { readonly undo?: boolean }) => {
      await withAccounts(options, async accounts => {
        await accounts.setDisabled(name, options.undo !== true)
        note(options.undo === true ? 'He may log in again.' : 'He is kept out.')
      })
    })
}

function sessionsCommand(): Command {
  return withProxy(new Command('sessions'))
    .description('list the sessions of a user, or end them')
    .argument('<name>', 'login name')
    .option('--end <id>', 'end this session and its sockets; all: every one')
    .option('--json', 'as lines of JSON')
    .action(async (name: string, options: JsonOptions & { readonly end?: string }) => {
      await withAccounts(options, async accounts => {
        const { end } = options
        if (end !== undefined) {
          note(`Ended: ${await accounts.revoke(name, end === 'all' ? undefined : end)}.`)
          return
        }
        await show<Session>(
          await accounts.sessions(name),
          [
            { title: 'SESSION', value: ({ id }) => id },
            { title: 'FROM', value: ({ origin }) => origin ?? 'a program' },
            { title: 'SINCE', value: ({ createdAt }) => createdAt },
            { title: 'UNTIL', value: ({ expiresAt }) => expiresAt }
          ],
          options,
          'He has no session.'
        )
      })
    })
}

/** The command. */
export function userCommand(): Command {
  const command = new Command('user')
    .description('administer the users of the rendezvous')
    .addHelpText(
      'after',
      '\nWhere no proxy runs, the accounts in NWS_DATA_DIR are opened and locked for as long as the command takes.'
    )
  for (const each of [addCommand(), listCommand(), disableCommand(), sessionsCommand()]) command.addCommand(each)
  return command
}
