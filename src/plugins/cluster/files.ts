// Reads what settings of the cluster name: secrets, credentials, certificates. Not their use.
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { MAX_SECRETS } from '../../core/cluster/constants.ts'
import { readEntry, readSecretFile } from '../../core/cluster/secret.ts'
import { NwsError } from '../../core/errors.ts'
import { variableOf, type SettingName } from '../../core/settings-check.ts'

/** The error for a file that a setting names. @param why without anything of the file */
export function wrongFile(setting: SettingName, why: string): NwsError {
  return new NwsError('NWS_ERR_CONFIG_CLUSTER_FILE', `${variableOf(setting)}: ${why}.`)
}

/** The bytes of a file that a setting names. @throws NwsError `NWS_ERR_CONFIG_CLUSTER_FILE`, without the path's content */
export async function readNamed(setting: SettingName, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw wrongFile(setting, (error as NodeJS.ErrnoException).code ?? 'error')
  }
}

/**
 * The secrets of `NWS_CLUSTER_SECRET`, the one that seals first.
 *
 * @throws NwsError `NWS_ERR_CONFIG_CLUSTER_SECRET`, `NWS_ERR_CONFIG_CLUSTER_FILE`
 */
export async function readSecrets(entries: readonly string[]): Promise<Uint8Array[]> {
  const secrets: Uint8Array[] = []
  for (const entry of entries) {
    const read = readEntry(entry)
    // Too short or mistyped, it would be told as a file that is not there.
    if (read.kind === 'file' && /^[A-Za-z0-9+_-][A-Za-z0-9+/_-]*={0,2}$/.test(entry) && !existsSync(entry))
      throw new NwsError('NWS_ERR_CONFIG_CLUSTER_SECRET', 'It is neither, and no file.')
    const found =
      read.kind === 'secret'
        ? [read.bytes]
        : readSecretFile((await readNamed('clusterSecret', read.path)).toString('latin1'))
    if (found === undefined) throw new NwsError('NWS_ERR_CONFIG_CLUSTER_SECRET')
    secrets.push(...found)
  }
  if (secrets.length === 0 || secrets.length > MAX_SECRETS) throw new NwsError('NWS_ERR_CONFIG_CLUSTER_SECRET')
  return secrets
}

/** A credentials file that is read again for each try, since credentials run out and are replaced. */
export class CredentialsFile {
  readonly #path: string
  #last: Buffer

  /** @param first what was in it at the start */
  constructor(path: string, first: Buffer) {
    this.#path = path
    this.#last = first
  }

  /** What is in it; what was in it at last where it cannot be read now. Lines end as the NATS client wants them. */
  read(): Uint8Array {
    try {
      this.#last = readFileSync(this.#path)
    } catch {}
    return Buffer.from(this.#last.toString('utf8').replaceAll('\r\n', '\n'))
  }
}
