// Accounts as a decorator: the store and the hashing of passwords. Both are loaded when they are first needed.
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fp from 'fastify-plugin'
import type { AccountStore } from '../../../core/bonevalue/store.ts'
import { NwsError } from '../../../core/errors.ts'
import type { Settings } from '../../../core/settings.ts'
import { IN_MEMORY, dataFolder } from '../../../platform/data-folder.ts'
import type {} from '../../config.ts'
import { openDatabase } from './database.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import { createStore } from './store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    accounts: Accounts
  }
}

/** The decorator `accounts`. */
export interface Accounts {
  /** Whether the last attempt to open the store failed. */
  readonly failed: boolean
  /**
   * The built-in store; the first call opens it.
   *
   * @throws NwsError `NWS_ERR_BV_LOCKED`, `NWS_ERR_BV_STORE`; the next call tries again
   */
  open(): Promise<AccountStore>
  /**
   * Writes a file that only the user of this process may read, for the command: all users of the machine can call the API.
   *
   * @returns its path
   */
  handOver(contents: string | Buffer): Promise<string>
  readonly passwords: Passwords
}

/** The store with errors of the catalogue: those of SQLite have codes of their own, such as for a full disk. */
function codedStore(store: AccountStore): AccountStore {
  const coded = (error: unknown): never => {
    const { code } = error as { code?: unknown }
    if (typeof code === 'string' && code.startsWith('SQLITE_')) throw new NwsError('NWS_ERR_BV_STORE', `(${code})`)
    throw error
  }
  return new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as ((...values: unknown[]) => Promise<unknown>) | undefined
      if (typeof method !== 'function') return method
      return async (...values: unknown[]) => {
        try {
          return await method.apply(target, values)
        } catch (error) {
          return coded(error)
        }
      }
    }
  })
}

/** Accounts without Fastify. Nothing is opened, started or loaded yet. */
export function createAccounts({ dataDir }: Pick<Settings, 'dataDir'>): Accounts & { close(): Promise<void> } {
  const directory = dataFolder(dataDir)
  const passwords = createPasswords()
  let store: Promise<AccountStore> | undefined
  let failed = false
  return {
    passwords,
    handOver: async contents => {
      const path = join(directory === IN_MEMORY ? tmpdir() : directory, `handover-${randomUUID()}`)
      await writeFile(path, contents, { mode: 0o600, flag: 'wx' })
      return path
    },
    get failed() {
      return failed
    },
    open: () => {
      if (store === undefined) {
        const opening = openDatabase(directory).then(database => codedStore(createStore(database, Date.now)))
        store = opening
        opening.then(
          () => {
            failed = false
          },
          () => {
            failed = true
            if (store === opening) store = undefined
          }
        )
      }
      return store
    },
    close: async () => {
      await passwords.close()
      const opened = await store?.catch(() => undefined)
      await opened?.close()
    }
  }
}

/** Decorates the app with `accounts`. */
export default fp(
  async app => {
    const accounts = createAccounts(app.config)
    app.decorate('accounts', accounts)
    app.addHook('onClose', async () => await accounts.close())
  },
  { name: 'nws-accounts', fastify: '5.x', dependencies: ['nws-config'] }
)
