// `nws user`: administers the users of the rendezvous. Passwords never pass here: users choose theirs by an invitation.
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
    .description('invite a user: print a one-time link to choose login name and password')
    .argument('[name]', 'proposed login name')
    .option('--json', 'print one JSON object')
    .action(async (name: string | undefined, options: JsonOptions) => {
      await withAccounts(options, async accounts => {
        const invitation = await accounts.add(name ?? '')
        if (options.json === true) return await writeJson(invitation)
        await write(`${invitation.link}\n`)
        note(
          `Works once, until ${invitation.expiresAt}.${accounts.isRunning ? '' : ' It needs a proxy that runs with NWS_BV=on.'}`
        )
      })
    })
}

function listCommand(): Command {
  return withProxy(new Command('list'))
    .description('list the users')
    .option('--json', 'print one JSON object per line')
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
            'No users: `nws user add` invites one.'
          )
      )
    })
}

function disableCommand(): Command {
  return withProxy(new Command('disable'))
    .description('lock a user out: end the sessions and sockets, keep all data')
    .argument('<name>', 'login name')
    .option('--undo', 'let the user in again')
    .action(async (name: string, options: ProxyOptions & { readonly undo?: boolean }) => {
      await withAccounts(options, async accounts => {
        await accounts.setDisabled(name, options.undo !== true)
        note(options.undo === true ? 'The user may log in again.' : 'The user is locked out.')
      })
    })
}

function sessionsCommand(): Command {
  return withProxy(new Command('sessions'))
    .description('list the sessions of a user, or end them')
    .argument('<name>', 'login name')
    .option('--end <id>', 'end this session and its sockets; `all` ends all sessions')
    .option('--json', 'print one JSON object per line')
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
          'The user has no session.'
        )
      })
    })
}

export function userCommand(): Command {
  const command = new Command('user')
    .description('administer the users of the rendezvous')
    .addHelpText(
      'after',
      '\nIf no proxy runs, the command opens the accounts in NWS_DATA_DIR itself, and locks them until it ends.'
    )
  for (const each of [addCommand(), listCommand(), disableCommand(), sessionsCommand()]) command.addCommand(each)
  return command
}
