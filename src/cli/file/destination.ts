// Where a whole offer goes: one file to one name; several files, and folders, under their own names below a folder. A
// folder is filled under a hidden name and gets its own when everything is there. The files are in disk-sink.ts.
import { lstat, mkdir, realpath, rename, rm, rmdir, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { FileError } from '../../client/files/errors.ts'
import type { ArrivingFile, FileOffer } from '../../client/files/file-offer.ts'
import type { Sink } from '../../client/files/sink.ts'
import { CliError } from '../errors.ts'
import { exists, openDiskSink, partPath } from './disk-sink.ts'
import { fileProblem } from './problem.ts'

/** The options of the user. */
export interface DestinationOptions {
  /** A folder, or the name for one file; `-`: standard output. */
  readonly output: string
  readonly overwrite: boolean
}

/** Of the free space this much stays free. */
const RESERVE = 0.05

/** A place for an offer. */
export class Destination {
  readonly #folder: string
  /** Name for the one file of the offer; undefined: its own. */
  readonly #name: string | undefined
  readonly #version: string
  readonly #overwrite: boolean
  /** Bytes of the files for which no place was asked yet; undefined: the offer is a stream. */
  #left: number | undefined
  /** Hidden folders by the folder that each becomes. */
  readonly #staged = new Map<string, string>()

  private constructor(folder: string, name: string | undefined, { version, size }: FileOffer, overwrite: boolean) {
    this.#folder = folder
    this.#name = name
    this.#version = version
    this.#overwrite = overwrite
    this.#left = size
  }

  /** @throws CliError if the folder is none */
  static async of(offer: FileOffer, { output, overwrite }: DestinationOptions): Promise<Destination> {
    const isFolder = await stat(output).then(
      stats => stats.isDirectory(),
      () => false
    )
    if (!isFolder && offer.files > 1)
      throw new CliError('NWS_CLI_FILE', `Several files need a folder that exists: ${output}`)
    try {
      const folder = await realpath(isFolder ? output : dirname(resolve(output)))
      return new Destination(folder, isFolder ? undefined : basename(output), offer, overwrite)
    } catch (error) {
      throw fileProblem(error, output)
    }
  }

  /** Bytes that may be written. */
  async space(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder)
    return Math.floor(bavail * bsize * (1 - RESERVE))
  }

  /** Where a file ends up. */
  pathOf({ path }: Pick<ArrivingFile, 'path'>): string {
    return join(this.#folder, this.#name ?? path)
  }

  /** The same, or the folder that is in the user's folder with the file in it. */
  topOf({ path }: Pick<ArrivingFile, 'path'>): string {
    return this.pathOf({ path: path.split('/')[0]! })
  }

  /** A place for a file, if the rest of the offer has room on the disk. @throws FileError */
  async sinkFor(file: ArrivingFile): Promise<Sink> {
    const path = this.pathOf(file)
    const isInFolder = this.#name === undefined && file.path.includes('/')
    const place = {
      path: isInFolder ? await this.#stage(file.path) : path,
      overwrite: this.#overwrite,
      version: this.#version
    }
    const sink = await openDiskSink(place, file.size)
    if (this.#left === undefined) return sink
    if (this.#left - sink.stored > (await this.space())) {
      const full = new FileError('NWS_CLIENT_FILE_NO_SPACE')
      await sink.abort(full)
      throw full
    }
    this.#left -= file.size ?? 0
    return sink
  }

  /** Everything is there. @throws FileError NWS_CLIENT_FILE_EXISTS if a folder has got the name of another meanwhile */
  async finish(): Promise<void> {
    for (const [folder, staged] of this.#staged) {
      if (await exists(folder)) throw new FileError('NWS_CLIENT_FILE_EXISTS')
      await rename(staged, folder)
    }
  }

  /** The transfer has failed. @param keeps whether it may go on later */
  async giveUp(keeps: boolean): Promise<void> {
    for (const staged of this.#staged.values()) {
      if (keeps) await rmdir(staged).catch(() => {})
      else await rm(staged, { recursive: true, force: true }).catch(() => {})
    }
  }

  /** The path of a file within the hidden folder, which is made as far as it is missing. */
  async #stage(path: string): Promise<string> {
    const [top, ...rest] = path.split('/')
    const folder = join(this.#folder, top!)
    let staged = this.#staged.get(folder)
    if (staged === undefined) {
      // Files of others never go into a folder of the user.
      if (await exists(folder)) throw new FileError('NWS_CLIENT_FILE_EXISTS')
      staged = partPath(folder, this.#version)
      await makeFolder(staged)
      this.#staged.set(folder, staged)
    }
    let at = staged
    for (const component of rest.slice(0, -1)) {
      at = join(at, component)
      await makeFolder(at)
    }
    return join(at, rest.at(-1)!)
  }
}

/** Makes a folder, or takes one that this user has made before. Not through a link. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new FileError('NWS_CLIENT_FILE_NOT_WRITTEN', { cause: fileProblem(error, path) })
    const stats = await lstat(path)
    if (!stats.isDirectory() || (process.geteuid !== undefined && stats.uid !== process.geteuid()))
      throw new FileError('NWS_CLIENT_FILE_NOT_WRITTEN', { cause: new CliError('NWS_CLI_FILE_PART') })
  }
}

/** Standard output as a place for one file. */
export function standardOutput(): Sink {
  const { stdout } = process
  return {
    write: async (chunks: readonly Uint8Array[]) => {
      for (const chunk of chunks)
        await new Promise<void>((done, failed) => {
          stdout.write(chunk, error => (error ? failed(error) : done()))
        })
    },
    close: () => {},
    abort: () => {}
  }
}
