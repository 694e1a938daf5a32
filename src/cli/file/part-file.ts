// A file while it is being received: the bytes so far in `.<name>.<begin of hash>.nws-part` beside its later place, so that
// a transfer goes on where an earlier one was broken off. Takes its name only when the checksum is right, and never the
// place of another file unless that is wanted.
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CliError } from '../errors.ts'

/** Where a file goes. */
export interface Place {
  readonly path: string
  readonly overwrite: boolean
}

/** What became of it. */
export type Finish = 'ok' | 'wrong checksum' | 'exists'

/** The name under which a file of others may be stored here; undefined where none can be made of it. */
export function safeName(offered: string): string | undefined {
  const name = offered
    .replaceAll('\\', '/')
    .split('/')
    .at(-1)!
    // oxlint-disable-next-line no-control-regex
    .replace(/[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '_')
    .replace(/^\.+/, '_')
    .trim()
  return name === '' || Buffer.byteLength(name) > 200 ? undefined : name
}

/** Whether a path is taken. */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
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
      // Not through a link that somebody has put there.
      const handle = await open(part, 'r+').catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        return await open(part, 'wx+', 0o600)
      })
      const hash = createHash('sha256')
      let there = (await handle.stat()).size
      if (there > size) {
        await handle.truncate(0)
        there = 0
      }
      if (there > 0) for await (const chunk of createReadStream(part, { end: there - 1 })) hash.update(chunk as Buffer)
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
      await this.#handle.chmod(0o666 & ~process.umask())
      await this.#handle.sync()
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
