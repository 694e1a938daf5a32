// A file while it is being received: the bytes so far in `.<name>.<version>.nws-part` beside its later place, so that a
// transfer goes on where an earlier one was broken off. Takes its name only when all is there and right, and never the place
// of another file unless that is wanted. Other users may write into the folder: no link of theirs is followed.
import { constants } from 'node:fs'
import { link, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FileError, type FileErrorCode } from '../../client/files/errors.ts'
import type { Sink } from '../../client/files/sink.ts'
import { CliError } from '../errors.ts'
import { fileProblem } from './problem.ts'

/** Where a file goes. */
export interface Place {
  readonly path: string
  readonly overwrite: boolean
  /** Of the offer: the part file of an offer with the same one is used. */
  readonly version: string
}

/** A place on the disk. */
export interface StoredSink extends Sink {
  /** Bytes that were on the disk when it was opened. */
  readonly stored: number
}

/** A transfer that ended with one of these may go on later: the unfinished file stays. */
const KEPT: ReadonlySet<FileErrorCode> = new Set([
  'NWS_CLIENT_FILE_GONE',
  'NWS_CLIENT_FILE_NO_SPACE',
  'NWS_CLIENT_FILE_NOT_WRITTEN',
  'NWS_CLIENT_FILE_UNREADABLE'
])
const READ_BYTES = 256 * 1024

/** Whether this name is taken. */
export async function exists(path: string): Promise<boolean> {
  return (await lstatIf(path)) !== undefined
}

/** Path of the unfinished file or folder. */
export function partPath(path: string, version: string): string {
  return join(dirname(path), `.${basename(path)}.${version.slice(0, 16)}.nws-part`)
}

/**
 * Opens the part file of an earlier transfer, or begins anew. A file of the same size under the final name counts as one
 * if it has the offered content.
 *
 * @throws FileError NWS_CLIENT_FILE_EXISTS if another file has the name; others with a CliError as the cause
 */
export async function openDiskSink(place: Place, size: number | undefined): Promise<StoredSink> {
  return await guarded(place.path, async () => {
    const there = place.overwrite ? undefined : await lstatIf(place.path)
    if (there === undefined) {
      const handle = await openPart(partPath(place.path, place.version), size)
      return new DiskSink(place, handle, (await handle.stat()).size)
    }
    if (!there.isFile() || there.size !== size) throw new FileError('NWS_CLIENT_FILE_EXISTS')
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    return new PresentSink(await open(place.path, flags), there.size)
  })
}

/** An unfinished file. */
class DiskSink implements StoredSink {
  readonly stored: number
  readonly existing: AsyncIterable<Uint8Array>
  readonly #place: Place
  readonly #part: string
  readonly #handle: FileHandle
  #size = 0

  constructor(place: Place, handle: FileHandle, stored: number) {
    this.stored = stored
    this.#place = place
    this.#part = partPath(place.path, place.version)
    this.#handle = handle
    this.existing = contentOf(handle, length => {
      this.#size += length
    })
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    await guarded(this.#place.path, async () => {
      const wanted = chunks.reduce((sum, { length }) => sum + length, 0)
      const { bytesWritten } = await this.#handle.writev(chunks, this.#size)
      this.#size += bytesWritten
      // A disk that is nearly full takes a part.
      if (bytesWritten < wanted) await this.write([Buffer.concat(chunks).subarray(bytesWritten)])
    })
  }

  async close(): Promise<void> {
    const { path, overwrite } = this.#place
    await guarded(path, async () => {
      await this.#handle.sync()
      await checkOwn(this.#handle, this.#part)
      await this.#handle.close()
      if (overwrite) return await rename(this.#part, path)
      try {
        await link(this.#part, path) // Unlike rename, it never takes the place of another file.
      } catch {
        if (await exists(path)) throw new FileError('NWS_CLIENT_FILE_EXISTS')
        return await rename(this.#part, path) // A file system without links.
      }
      await unlink(this.#part)
    })
  }

  async abort({ code }: FileError): Promise<void> {
    if (!KEPT.has(code) || (this.stored === 0 && this.#size === 0)) await unlink(this.#part).catch(() => {})
    await this.#handle.close().catch(() => {})
  }
}

/** A file that seems to be here already. */
class PresentSink implements StoredSink {
  readonly stored: number
  readonly existing: AsyncIterable<Uint8Array>
  readonly #handle: FileHandle

  constructor(handle: FileHandle, stored: number) {
    this.stored = stored
    this.#handle = handle
    this.existing = contentOf(handle, () => {})
  }

  write(): void {
    throw new FileError('NWS_CLIENT_FILE_EXISTS')
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  async abort(): Promise<void> {
    await this.#handle.close().catch(() => {})
  }
}

async function* contentOf(handle: FileHandle, told: (length: number) => void): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  for (let at = 0; ;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    told(bytesRead)
    yield buffer.subarray(0, bytesRead)
  }
}

async function lstatIf(path: string) {
  return await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/**
 * Opens the part file, or makes it. The user's umask decides its rights.
 *
 * @throws CliError `NWS_CLI_FILE_PART` if something else has its name
 */
async function openPart(part: string, size: number | undefined): Promise<FileHandle> {
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
    if ((await handle.stat()).size > (size ?? Infinity)) await handle.truncate(0)
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

/** The sender gets a code; the user reads the whole error. */
async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FileError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw code === 'ENOSPC' || code === 'EDQUOT'
      ? new FileError('NWS_CLIENT_FILE_NO_SPACE')
      : new FileError('NWS_CLIENT_FILE_NOT_WRITTEN', { cause: fileProblem(error, path) })
  }
}
