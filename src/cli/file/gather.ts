// The files that `nws file send` sends: single files, folders with everything in them, standard input. It reads no content before
// a receiver wants it.
import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { lstat, open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { FileError } from '../../client/files/errors.ts'
import type { Source } from '../../client/files/source.ts'
import type { FileToSend } from '../../client/files/transfers.ts'
import { CliError } from '../errors.ts'
import { fileProblem } from './problem.ts'

/** The files to send. */
export interface Gathered {
  readonly files: readonly FileToSend[]
  /** A name for all of them. */
  readonly title: string
  /** Bytes; undefined for standard input. */
  readonly size: number | undefined
  /** The same as long as no file changes; undefined for standard input. */
  readonly version: string | undefined
  /** Links, pipes and the like within folders, which are not sent. */
  readonly skipped: number
}

/** How standard input is named among the paths. */
const STDIN = '-'

/** @param stdinName name for standard input @throws CliError if there is nothing to send, or it cannot be read */
export async function gather(paths: readonly string[], stdinName: string): Promise<Gathered> {
  const files: FileToSend[] = []
  const hash = createHash('sha256')
  const tops = new Set<string>()
  let skipped = 0
  const add = (path: string, name: string, stats: Stats): void => {
    files.push({ name, size: stats.size, source: () => openSource(path, stats) })
    hash.update(`${name}\0${stats.size}\0${stats.mtimeMs}\0${stats.ino}\0`)
  }
  const walk = async (folder: string, name: string): Promise<void> => {
    for (const child of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, child.name)
      if (child.isDirectory()) await walk(path, `${name}/${child.name}`)
      else if (child.isFile()) add(path, `${name}/${child.name}`, await lstat(path))
      else skipped++
    }
  }
  for (const path of paths) {
    const name = path === STDIN ? stdinName : basename(resolve(path)) || 'root'
    if (tops.has(name)) throw new CliError('NWS_CLI_USAGE', 'Two of the paths end in the same name.')
    tops.add(name)
    if (path === STDIN) {
      files.push({ name, source: process.stdin })
      continue
    }
    try {
      const stats = await stat(path)
      if (stats.isDirectory()) await walk(path, name)
      else if (stats.isFile()) add(path, name, stats)
      else throw new CliError('NWS_CLI_FILE', `Only files and folders can be sent: ${path}`)
    } catch (error) {
      throw fileProblem(error, path)
    }
  }
  if (files.length === 0) throw new CliError('NWS_CLI_FILE', 'The folders contain no file.')
  const sizes = files.map(({ size }) => size)
  const size = sizes.includes(undefined) ? undefined : sizes.reduce<number>((sum, size) => sum + size!, 0)
  const title = tops.size === 1 ? [...tops][0]! : `${files.length} files`
  return { files, title, size, version: size === undefined ? undefined : hash.digest('hex').slice(0, 32), skipped }
}

async function openSource(path: string, before: Stats): Promise<Source> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const source = new DiskSource(handle, before)
  try {
    await source.check()
    return source
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** A file of the disk. */
class DiskSource implements Source {
  readonly size: number
  readonly #handle: FileHandle
  readonly #before: Stats

  constructor(handle: FileHandle, before: Stats) {
    this.size = before.size
    this.#handle = handle
    this.#before = before
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(into, 0, Math.min(into.length, this.size - offset), offset)
    return bytesRead
  }

  async check(): Promise<void> {
    const now = await this.#handle.stat()
    const { size, mtimeMs, ino, dev } = this.#before
    if (now.size !== size || now.mtimeMs !== mtimeMs || now.ino !== ino || now.dev !== dev)
      throw new FileError('NWS_CLIENT_FILE_CHANGED')
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}
