// The administration of accounts where no proxy runs: the same as behind /api/users, over the locked database. Serves
// nobody and logs nobody in.
import { createHash, randomBytes } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from './core/settings.ts'
import { openDatabase } from './plugins/bonevalue/accounts/database.ts'
import { createPasswords } from './plugins/bonevalue/accounts/passwords.ts'
import { createStore } from './plugins/bonevalue/accounts/store.ts'
import { createAdministration, type Administration } from './plugins/bonevalue/rendezvous/administration.ts'
import { RendezvousService } from './plugins/bonevalue/rendezvous/service.ts'

const SECRET_BYTES = 16

/** Accounts that are open, and locked against every other process. */
export interface OfflineAccounts {
  readonly administration: Administration
  close(): Promise<void>
}

/**
 * Opens the accounts of the settings.
 *
 * @throws NwsError `NWS_ERR_BV_LOCKED`, `NWS_ERR_BV_STORE`
 */
export async function openAccounts({ dataDir }: Pick<Settings, 'dataDir'>): Promise<OfflineAccounts> {
  const store = createStore(await openDatabase(dataDir === '' ? join(homedir(), '.nws') : dataDir), Date.now)
  const service = new RendezvousService({
    accounts: { open: async () => store, passwords: createPasswords() },
    seams: {},
    now: () => Date.now(),
    secret: () => randomBytes(SECRET_BYTES).toString('base64url'),
    hash: secret => createHash('sha256').update(secret).digest('base64url')
  })
  return { administration: createAdministration(() => service, new Set()), close: async () => await store.close() }
}
