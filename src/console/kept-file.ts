// A file while it arrives, in memory and in the browser's database: a page that is loaded again goes on behind the bytes that
// it has. The database works at every origin.
import type { Sink } from '../client/index.ts'

const STORE = 'parts'
/** Bytes of a part, at least. A page that is loaded again loses no more than one. */
const PART_BYTES = 4 * 1024 * 1024
/** Parts that no page has asked for again are deleted after this time, milliseconds. */
const KEPT_MS = 24 * 60 * 60 * 1000
/** Tells this tab from others, also after it was loaded again: two tabs may take the same file. */
const TAB = 'nws-tab'

export type Part = { at: number; blob: Blob }

const resultOf = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** All parts of a file. */
const rangeOf = (key: string) => IDBKeyRange.bound([key, 0], [key, Infinity])

async function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open('nws-files', 1)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE)
  return await resultOf(request)
}

function tab() {
  const id = sessionStorage.getItem(TAB) ?? String(Math.random())
  sessionStorage.setItem(TAB, id)
  return id
}

/** A file that arrives. */
export class KeptFile implements Sink {
  #database
  #key
  #parts: Blob[]
  /** Bytes that are not in the database yet. */
  #waiting: Uint8Array<ArrayBuffer>[] = []
  #waitingBytes = 0

  /** @param database undefined: the browser allows none */
  constructor(database: IDBDatabase | undefined, key: string, parts: Blob[]) {
    this.#database = database
    this.#key = key
    this.#parts = parts
  }

  /** Finds the parts of an earlier attempt. @param name the same for the same file */
  static async open(name: string) {
    const database = await openDatabase().catch(() => undefined)
    if (database === undefined) return new KeptFile(undefined, name, [])
    const key = `${tab()}/${name}`
    const parts = database.transaction(STORE, 'readwrite').objectStore(STORE)
    const own: Promise<Part[]> = resultOf(parts.getAll(rangeOf(key)))
    const cursor = parts.openCursor()
    cursor.onsuccess = () => {
      const found = cursor.result
      if (found === null) return
      if (Date.now() - (found.value as Part).at > KEPT_MS) found.delete()
      found.continue()
    }
    return new KeptFile(
      database,
      key,
      (await own).map(({ blob }) => blob)
    )
  }

  /** The bytes of the earlier attempt. */
  get existing() {
    return this.#stored()
  }

  /** The whole file. Never of a type that a browser would run: the sender chose that. */
  get blob() {
    return new Blob(this.#parts, { type: 'application/octet-stream' })
  }

  async write(chunks: readonly Uint8Array[]) {
    for (const chunk of chunks) {
      this.#waiting.push(chunk as Uint8Array<ArrayBuffer>)
      this.#waitingBytes += chunk.length
    }
    if (this.#waitingBytes >= PART_BYTES) await this.#store()
  }

  async close() {
    if (this.#waitingBytes > 0) await this.#store()
    await this.#forget()
  }

  async abort() {
    await this.#forget()
  }

  async *#stored() {
    for (const part of this.#parts) yield new Uint8Array(await part.arrayBuffer())
  }

  async #store() {
    const part = { at: Date.now(), blob: new Blob(this.#waiting) }
    const key = [this.#key, this.#parts.length]
    this.#waiting = []
    this.#waitingBytes = 0
    this.#parts.push(part.blob)
    const parts = this.#database?.transaction(STORE, 'readwrite').objectStore(STORE)
    if (parts !== undefined) await resultOf(parts.put(part, key))
  }

  /** Takes the parts out of the database. Blobs of it that are in use stay readable. */
  async #forget() {
    const parts = this.#database?.transaction(STORE, 'readwrite').objectStore(STORE)
    if (parts !== undefined) await resultOf(parts.delete(rangeOf(this.#key)))
    this.#database?.close()
  }
}
