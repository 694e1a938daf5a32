// A file while it arrives, in memory and in the browser's database: a page that is loaded again goes on behind the bytes that
// it has. The database works at every origin.

/** @typedef {import('../lib/networkwebsockets.js').Sink} Sink */

const STORE = 'parts'
/** Bytes of a part, at least. A page that is loaded again loses no more than one. */
const PART_BYTES = 4 * 1024 * 1024
/** Parts that no page has asked for again are deleted after this time, milliseconds. */
const KEPT_MS = 24 * 60 * 60 * 1000
/** Tells this tab from others, also after it was loaded again: two tabs may take the same file. */
const TAB = 'nws-tab'

/** @typedef {{ at: number, blob: Blob }} Part */

/**
 * @template Result
 * @param {IDBRequest<Result>} request
 * @returns {Promise<Result>}
 */
const resultOf = request =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** All parts of a file. @param {string} key */
const rangeOf = key => IDBKeyRange.bound([key, 0], [key, Infinity])

/** @returns {Promise<IDBDatabase>} */
async function openDatabase() {
  const request = indexedDB.open('nws-files', 1)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE)
  return await resultOf(request)
}

function tab() {
  const id = sessionStorage.getItem(TAB) ?? String(Math.random())
  sessionStorage.setItem(TAB, id)
  return id
}

/** A file that arrives. @implements {Sink} */
export class KeptFile {
  #database
  #key
  /** @type {Blob[]} */
  #parts
  /** Bytes that are not in the database yet. @type {Uint8Array<ArrayBuffer>[]} */
  #waiting = []
  #waitingBytes = 0

  /** @param {IDBDatabase | undefined} database undefined: the browser allows none @param {string} key @param {Blob[]} parts */
  constructor(database, key, parts) {
    this.#database = database
    this.#key = key
    this.#parts = parts
  }

  /** Finds the parts of an earlier attempt. @param {string} name the same for the same file */
  static async open(name) {
    const database = await openDatabase().catch(() => undefined)
    if (database === undefined) return new KeptFile(undefined, name, [])
    const key = `${tab()}/${name}`
    const parts = database.transaction(STORE, 'readwrite').objectStore(STORE)
    /** @type {Promise<Part[]>} */
    const own = resultOf(parts.getAll(rangeOf(key)))
    const cursor = parts.openCursor()
    cursor.onsuccess = () => {
      const found = cursor.result
      if (found === null) return
      if (Date.now() - /** @type {Part} */ (found.value).at > KEPT_MS) found.delete()
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

  /** @param {readonly Uint8Array[]} chunks */
  async write(chunks) {
    for (const chunk of chunks) {
      this.#waiting.push(/** @type {Uint8Array<ArrayBuffer>} */ (chunk))
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
