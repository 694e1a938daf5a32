// The folder of this package and its version. Sources, build and bundles of tests lie at different depths below the folder,
// so it is searched upwards, once.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

function findFolder(): URL {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder)
  return folder
}

const FOLDER = findFolder()

/** Version of this package. */
export const VERSION = (JSON.parse(readFileSync(new URL('package.json', FOLDER), 'utf8')) as { version: string })
  .version

/** @param path relative to the package's folder; a path that ends with a slash is a folder */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(path, FOLDER))
}

/** The folder of the pages. */
export const PUBLIC = packageFile('public/')
