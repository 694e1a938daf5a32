// The administration of accounts for `nws user` while no proxy runs: the same as behind /api/users, over the locked
// database.
import type { Settings } from './core/settings.ts'
import { createAccounts } from './plugins/bonevalue/accounts/index.ts'
import { createAdministration, type Administration } from './plugins/bonevalue/rendezvous/administration.ts'
import { RendezvousService } from './plugins/bonevalue/rendezvous/service.ts'

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
export async function openAccounts(settings: Pick<Settings, 'dataDir'>): Promise<OfflineAccounts> {
  const accounts = createAccounts(settings)
  await accounts.open()
  const service = new RendezvousService({ accounts, seams: {}, endSockets: () => {} })
  return { administration: createAdministration(() => service), close: async () => await accounts.close() }
}
