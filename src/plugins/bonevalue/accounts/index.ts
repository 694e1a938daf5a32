// Accounts as a decorator: the store and the hashing of passwords, both loaded when they are first needed. Not who may
// log in or talk to whom (plugins/bonevalue/rendezvous).
import { homedir } from 'node:os'
import { join } from 'node:path'
import fp from 'fastify-plugin'
import type { AccountStore } from '../../../core/bonevalue/store.ts'
import type {} from '../../config.ts'
import { openDatabase } from './database.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import { createStore } from './store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    accounts: Accounts
  }
}

/** What the plugin decorates an app with as `accounts`. */
export interface Accounts {
  /**
   * The built-in store; the first call opens it.
   *
   * @throws NwsError `NWS_ERR_BV_LOCKED`, `NWS_ERR_BV_STORE`; the next call tries again
   */
  open(): Promise<AccountStore>
  readonly passwords: Passwords
}

/** Where the accounts are, where nothing was said. */
const DEFAULT_FOLDER = '.nws'

/** Decorates the app with `accounts`. Nothing is opened, started or loaded by that. */
export default fp(
  async app => {
    const directory = app.config.dataDir === '' ? join(homedir(), DEFAULT_FOLDER) : app.config.dataDir
    const passwords = createPasswords()
    let store: Promise<AccountStore> | undefined
    app.decorate('accounts', {
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
      }
    })
    app.addHook('onClose', async () => {
      await passwords.close()
      const opened = await store?.catch(() => undefined)
      await opened?.close()
    })
  },
  { name: 'nws-accounts', fastify: '5.x', dependencies: ['nws-config'] }
)
