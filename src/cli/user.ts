// `nws user`: administers the users of the rendezvous. Passwords never pass here: users choose theirs by an invitation.
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { DEMO_USERS } from '../core/bonevalue/names.ts'
import { withAccounts, type Link, type Session, type User } from './accounts.ts'
import { CliError } from './errors.ts'
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
        await showLink(await accounts.add(name ?? ''), options, accounts.isRunning)
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

/** Prints a one-time link. */
async function showLink(given: Link, { json = false }: JsonOptions, isRunning: boolean): Promise<void> {
  if (json) return await writeJson(given)
  await write(`${given.link}\n`)
  note(`Works once, until ${given.expiresAt}.${isRunning ? '' : ' It needs a proxy that runs with NWS_BV=on.'}`)
}

function resetCommand(): Command {
  return withProxy(new Command('reset'))
    .description('let a user set a new password: print a one-time link; it ends all sessions of the user')
    .argument('<name>', 'login name')
    .option('--json', 'print one JSON object')
    .action(async (name: string, options: JsonOptions) => {
      await withAccounts(
        options,
        async accounts => await showLink(await accounts.reset(name), options, accounts.isRunning)
      )
    })
}

function removeCommand(): Command {
  return withProxy(new Command('remove'))
    .description('delete a user with everything that belongs to them, for good')
    .argument('<name>', 'login name')
    .action(async (name: string, options: ProxyOptions) => {
      await withAccounts(options, async accounts => await accounts.remove(name))
      note('The user is deleted.')
    })
}

function backupCommand(): Command {
  return withProxy(new Command('backup'))
    .description(
      'write a copy of all accounts, also while the proxy runs; to use it, put it into NWS_DATA_DIR as accounts.db'
    )
    .argument('<file>', 'a file that does not exist yet')
    .action(async (file: string, options: ProxyOptions) => {
      await withAccounts(options, async accounts => {
        const bytes = await accounts.backup()
        // It has hashes of passwords, so nobody else may read it.
        await writeFile(file, bytes, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
          throw new CliError('NWS_CLI_FILE', `${file} (${error.code ?? 'unknown error'})`)
        })
        note(`${bytes.length} bytes.`)
      })
    })
}

function demoCommand(): Command {
  return withProxy(new Command('demo'))
    .description(`make two users who trust each other, for trying: ${DEMO_USERS.join(' and ')}`)
    .option('--remove', 'delete them again')
    .option('--json', 'print one JSON object')
    .action(async (options: JsonOptions & { readonly remove?: boolean }) => {
      await withAccounts(options, async accounts => {
        if (options.remove === true) {
          for (const name of DEMO_USERS) await accounts.remove(name)
          return note('The two users are deleted.')
        }
        const { names, password } = await accounts.addDemo()
        if (options.json === true) return await writeJson({ names, password })
        await write(`${names.join(' and ')}, password: ${password}\n`)
        note('Delete them with `nws user demo --remove`.')
      })
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
  for (const each of [
    addCommand(),
    listCommand(),
    disableCommand(),
    sessionsCommand(),
    resetCommand(),
    removeCommand(),
    backupCommand(),
    demoCommand()
  ])
    command.addCommand(each)
  return command
}
