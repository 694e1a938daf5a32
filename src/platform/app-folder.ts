// Finds files in a folder that strangers may read: nothing that begins with a dot, and nothing outside of the folder.
import { realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

/**
 * The path of the file for an address, without links in it. An address that ends with a slash is that of an index.html.
 *
 * @param path decoded, without the leading slash
 * @returns undefined: the folder has no such file
 */
export async function fileInFolder(folder: string, path: string): Promise<string | undefined> {
  const names = (path === '' || path.endsWith('/') ? `${path}index.html` : path).split('/')
  if (names.some(name => name === '' || name.startsWith('.') || /[\\\0]/.test(name))) return undefined
  try {
    const root = await realpath(folder)
    const file = await realpath(join(root, ...names))
    const inside = file.startsWith(`${root}${root.endsWith(sep) ? '' : sep}`)
    // A link may lead to a name with a dot inside of the folder.
    const isShown =
      inside &&
      !file
        .slice(root.length)
        .split(sep)
        .some(name => name.startsWith('.'))
    return isShown && (await stat(file)).isFile() ? file : undefined
  } catch {
    return undefined
  }
}
