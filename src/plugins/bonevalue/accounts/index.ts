// Accounts as a decorator: the store and the hashing of passwords. Both are loaded when they are first needed.
import { homedir } from 'node:os'
import { join } from 'node:path'
import fp from 'fastify-plugin'
import type { AccountStore } from '../../../core/bonevalue/store.ts'
import type { Settings } from '../../../core/settings.ts'
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
  /**
   * The built-in store; the first call opens it.
   *
   * @throws NwsError `NWS_ERR_BV_LOCKED`, `NWS_ERR_BV_STORE`; the next call tries again
   */
  open(): Promise<AccountStore>
  readonly passwords: Passwords
}

/** The folder of the accounts in the user's home, if the settings name none. */
const DEFAULT_FOLDER = '.nws'

/** Accounts without Fastify. Nothing is opened, started or loaded yet. */
export function createAccounts({ dataDir }: Pick<Settings, 'dataDir'>): Accounts & { close(): Promise<void> } {
  const directory = dataDir === '' ? join(homedir(), DEFAULT_FOLDER) : dataDir
  const passwords = createPasswords()
  let store: Promise<AccountStore> | undefined
  return {
    passwords,
    open: () => {
      if (store === undefined) {
        const opening = openDatabase(directory).then(database => createStore(database, Date.now))
        store = opening
        opening.catch(() => {
          if (store === opening) store = undefined
        })
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
