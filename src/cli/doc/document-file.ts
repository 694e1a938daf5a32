// A file on disk and a Y.Doc that stay the same. A second document has the state of the file: edits of the file are made there,
// so they merge with what others wrote meanwhile.
import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, statSync, watch, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type * as Y from 'yjs'
import { CliError, fileError } from '../errors.ts'
import type { Content } from './contents.ts'

/** Between a change and the look at the file: an editor may write in several steps. Milliseconds. */
const SETTLE_MS = 40

/** Injected things. */
export interface DocumentFileDeps {
  readonly doc: Y.Doc
  readonly content: Content
  readonly yjs: typeof Y
  /** The file cannot be read as this content, or can again. */
  readonly readable: (isReadable: boolean) => void
  /** The file cannot be written or watched. */
  readonly failed: (error: CliError) => void
}

export class DocumentFile {
  readonly #path: string
  readonly #deps: DocumentFileDeps
  /** The document as the file has it. */
  readonly #shadow: Y.Doc
  #timer: NodeJS.Timeout | undefined
  #isReadable = true
  #stop: () => void = () => {}

  constructor(path: string, deps: DocumentFileDeps) {
    this.#path = resolve(path)
    this.#deps = deps
    this.#shadow = new deps.yjs.Doc()
  }

  /**
   * Makes both the same and keeps them so.
   *
   * @param prefer which one counts if both have content and differ
   * @throws CliError `NWS_CLI_DOC_DIFFERS`, `NWS_CLI_DOC_CONTENT`, `NWS_CLI_FILE`
   */
  start(prefer: 'file' | 'document' | undefined): void {
    try {
      // Before the first look at the file: an edit behind that look must be noticed.
      this.#watch()
      this.#begin(prefer)
    } catch (error) {
      this.#stop()
      if (error instanceof CliError) throw error
      throw error instanceof SyntaxError ? new CliError('NWS_CLI_DOC_CONTENT') : fileError(this.#path, error)
    }
  }

  #begin(prefer: 'file' | 'document' | undefined): void {
    const { doc, content, yjs } = this.#deps
    const file = this.#read()
    if (!content.isEmpty(doc)) {
      const differs = file !== undefined && file !== '' && !content.isSame(doc, file)
      if (differs && prefer === undefined) throw new CliError('NWS_CLI_DOC_DIFFERS')
      yjs.applyUpdate(this.#shadow, yjs.encodeStateAsUpdate(doc))
      const isReplaced = file === undefined || file === '' || (differs && prefer === 'document')
      if (isReplaced && !this.#write(content.fileOf(doc), file)) throw new CliError('NWS_CLI_DOC_DIFFERS')
    } else if (file !== undefined) content.isSame(doc, file)
    this.exchange()
  }

  #watch(): void {
    const { doc } = this.#deps
    const later = (): void => this.#later()
    doc.on('update', later)
    // Editors put a new file in the place of the old one, so the folder is watched.
    const watcher = watch(dirname(this.#path), (_event, name) => {
      if (name === null || name === basename(this.#path)) later()
    })
    watcher.on('error', error => this.#deps.failed(fileError(this.#path, error)))
    this.#stop = () => {
      doc.off('update', later)
      watcher.close()
      clearTimeout(this.#timer)
    }
  }

  stop(): void {
    this.#stop()
    this.#shadow.destroy()
  }

  /** Takes the edits of the file into the document, and those of the document into the file. @throws CliError `NWS_CLI_FILE` */
  exchange(): void {
    const { doc, content, yjs } = this.#deps
    let file: string | undefined
    try {
      file = this.#read()
      if (file !== undefined && !content.isSame(this.#shadow, file)) content.edit(this.#shadow, file)
      this.#tell(true)
    } catch (error) {
      if (error instanceof CliError && error.code === 'NWS_CLI_FILE') throw error
      // Half of an edit. The file is not touched until it can be read.
      return this.#tell(false)
    }
    const before = content.fileOf(this.#shadow)
    const update = yjs.encodeStateAsUpdate(this.#shadow, yjs.encodeStateVector(doc))
    yjs.applyUpdate(doc, update, this)
    const text = content.fileOf(doc)
    // The shadow keeps the state of a file that was edited meanwhile, so that the edit can be told from those of others.
    if ((file === undefined || text !== before) && !this.#write(text, file)) return this.#later()
    yjs.applyUpdate(this.#shadow, yjs.encodeStateAsUpdate(doc, yjs.encodeStateVector(this.#shadow)))
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.#attempt(), SETTLE_MS)
  }

  #attempt(): void {
    this.#timer = undefined
    try {
      this.exchange()
    } catch (error) {
      this.#deps.failed(error as CliError)
    }
  }

  #tell(isReadable: boolean): void {
    if (this.#isReadable !== isReadable) this.#deps.readable(isReadable)
    this.#isReadable = isReadable
  }

  /** The text of the file; undefined if there is none. @throws CliError `NWS_CLI_FILE`, `NWS_CLI_DOC_CONTENT` */
  #read(): string | undefined {
    let bytes: Buffer
    try {
      bytes = readFileSync(this.#path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw fileError(this.#path, error)
    }
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      throw new CliError('NWS_CLI_DOC_CONTENT')
    }
  }

  /** Whether the file has this text now. */
  #has(text: string | undefined): boolean {
    try {
      return this.#read() === text
    } catch {
      return false
    }
  }

  /**
   * Puts a new file in the place of the old one in one step, with the same rights.
   *
   * @param replaced the text of the old file
   * @returns false if the file was edited meanwhile: it stays as it is
   */
  #write(text: string, replaced: string | undefined): boolean {
    let [path, mode] = [this.#path, 0o666 & ~process.umask()]
    let draft: string | undefined
    try {
      try {
        path = realpathSync(path)
        mode = statSync(path).mode & 0o777
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
      draft = join(dirname(path), `.${basename(path)}.${process.pid}.nws`)
      writeFileSync(draft, text, { flag: 'wx', mode: 0o600 })
      chmodSync(draft, mode)
      const isUnchanged = this.#has(replaced)
      if (isUnchanged) renameSync(draft, path)
      else rmSync(draft)
      return isUnchanged
    } catch (error) {
      if (draft !== undefined && (error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(draft, { force: true })
      throw fileError(this.#path, error)
    }
  }
}
