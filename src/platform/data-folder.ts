// The folder of the files that a proxy keeps between runs.
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Keeps nothing between runs. */
export const IN_MEMORY = ':memory:'

/** The folder in the user's home, if the settings name none. */
const DEFAULT_FOLDER = '.nws'

/** The folder for NWS_DATA_DIR; `:memory:` for none. */
export function dataFolder(dataDir: string): string {
  return dataDir === '' ? join(homedir(), DEFAULT_FOLDER) : dataDir
}
