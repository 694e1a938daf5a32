// Reads the files that settings of the cluster name: secrets, credentials, certificates.
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { MAX_SECRETS } from '../../core/cluster/constants.ts'
import { readEntry, readSecretFile } from '../../core/cluster/secret.ts'
import { NwsError } from '../../core/errors.ts'
import { variableOf, type SettingName } from '../../core/settings.ts'

/** The error for the file of a setting. @param why must not contain anything of the file */
export function wrongFile(setting: SettingName, why: string): NwsError {
  return new NwsError('NWS_ERR_CONFIG_CLUSTER_FILE', `${variableOf(setting)}: ${why}.`)
}

/** The bytes of the file of a setting. @throws NwsError `NWS_ERR_CONFIG_CLUSTER_FILE` */
export async function readNamed(setting: SettingName, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw wrongFile(setting, (error as NodeJS.ErrnoException).code ?? 'error')
  }
}

/**
 * The secrets of `NWS_CLUSTER_SECRET`. The first one seals.
 *
 * @throws NwsError `NWS_ERR_CONFIG_CLUSTER_SECRET`, `NWS_ERR_CONFIG_CLUSTER_FILE`
 */
export async function readSecrets(entries: readonly string[]): Promise<Uint8Array[]> {
  const secrets: Uint8Array[] = []
  for (const entry of entries) {
    const read = readEntry(entry)
    // A short or mistyped secret would be reported as a missing file.
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

/** A credentials file that is read for each try, since credentials expire and are replaced. */
export class CredentialsFile {
  readonly #path: string
  #last: Buffer

  /** @param first its content at the start */
  constructor(path: string, first: Buffer) {
    this.#path = path
    this.#last = first
  }

  /** Its content, or the last one if it cannot be read now. Lines end as the NATS client wants them. */
  read(): Uint8Array {
    try {
      this.#last = readFileSync(this.#path)
    } catch {}
    return Buffer.from(this.#last.toString('utf8').replaceAll('\r\n', '\n'))
  }
}
