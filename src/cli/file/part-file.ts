// A file while it is being received: the bytes so far in `.<name>.<begin of hash>.nws-part` beside its later place, so that
// a transfer goes on where an earlier one was broken off. Takes its name only when the checksum is right, and never the
// place of another file unless that is wanted. Other users may write into the folder: no link of theirs is followed.
import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CliError } from '../errors.ts'

/** Where a file goes. */
export interface Place {
  readonly path: string
  readonly overwrite: boolean
}

/** What became of it. */
export type Finish = 'ok' | 'wrong checksum' | 'exists'

/** Whether a path is taken. */
export async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false
  )
}

/** The bytes so far. */
export class PartFile {
  /** Bytes that are there. */
  size: number
  readonly #place: Place
  readonly #part: string
  readonly #handle: FileHandle
  #hash: Hash

  private constructor(place: Place, part: string, handle: FileHandle, size: number, hash: Hash) {
    this.#place = place
    this.#part = part
    this.#handle = handle
    this.size = size
    this.#hash = hash
  }

  /**
   * Opens what an earlier transfer left, or begins anew.
   *
   * @param size of the whole file
   * @throws CliError `NWS_CLI_FILE`
   */
  static async open(place: Place, size: number, sha256: string): Promise<PartFile> {
    const part = join(dirname(place.path), `.${basename(place.path)}.${sha256.slice(0, 16)}.nws-part`)
    return await guarded(async () => {
      const handle = await openPart(part)
      const hash = createHash('sha256')
      let { size: there } = await handle.stat()
      if (there > size) {
        await handle.truncate(0)
        there = 0
      }
      if (there > 0)
        for await (const chunk of handle.createReadStream({ start: 0, end: there - 1, autoClose: false }))
          hash.update(chunk as Buffer)
      return new PartFile(place, part, handle, there, hash)
    })
  }

  /** Appends. @throws CliError `NWS_CLI_FILE` */
  async append(bytes: Uint8Array): Promise<void> {
    await guarded(async () => {
      for (let written = 0; written < bytes.length;)
        written += (await this.#handle.write(bytes, written, bytes.length - written, this.size + written)).bytesWritten
    })
    this.#hash.update(bytes)
    this.size += bytes.length
  }

  /** All bytes are there: checks them and gives the file its name. What is wrong is thrown away. */
  async finish(sha256: string): Promise<Finish> {
    return await guarded(async () => {
      if (this.#hash.digest('hex') !== sha256) {
        await this.#handle.close()
        await unlink(this.#part)
        return 'wrong checksum'
      }
      await this.#handle.sync()
      await checkOwn(this.#handle, this.#part)
      await this.#handle.close()
      const { path, overwrite } = this.#place
      if (overwrite) {
        await rename(this.#part, path)
        return 'ok'
      }
      try {
        await link(this.#part, path) // Unlike rename, it never takes the place of another file.
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'exists'
        if (await exists(path)) return 'exists'
        await rename(this.#part, path) // A file system without links.
        return 'ok'
      }
      await unlink(this.#part)
      return 'ok'
    })
  }

  /** Leaves the bytes for another time. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {})
  }
}

/**
 * Opens the part file, or makes it. The user's umask decides who may read it.
 *
 * @throws CliError `NWS_CLI_FILE_PART` if something else has its name
 */
async function openPart(part: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants // Windows lacks the last two, and they count as 0.
  try {
    return await open(part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const handle = await open(part, O_RDWR | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? error : new CliError('NWS_CLI_FILE_PART')
  })
  try {
    await checkOwn(handle, part)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** @throws CliError `NWS_CLI_FILE_PART` unless the name leads to the open file, a regular one of this user with no other name */
async function checkOwn(handle: FileHandle, part: string): Promise<void> {
  const [is, named] = await Promise.all([handle.stat(), lstat(part)])
  const isOwn = process.geteuid === undefined || is.uid === process.geteuid()
  if (!is.isFile() || !isOwn || is.nlink !== 1 || is.ino !== named.ino || is.dev !== named.dev)
    throw new CliError('NWS_CLI_FILE_PART')
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof CliError
      ? error
      : new CliError(
          'NWS_CLI_FILE',
          `(${(error as NodeJS.ErrnoException).code ?? 'unknown error'}) Look at the free space and the rights of the folder.`
        )
  }
}
