// Files over a channel: a text message that announces name, type and size, and right after it the bytes as one or more
// binary messages. Whoever knows nothing of this sees a text and binary messages; a small file is exactly one. Knows no
// channel: sending and time come in as arguments.

/** Largest file, bytes. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024
/** Largest part of one, bytes; well below what proxies take as one message. */
export const PART_BYTES = 256 * 1024
/** Rest after each part, so that no queue for a slower receiver grows without end. Milliseconds. */
const REST_MS = 60

/** @typedef {{ name: string, type: string, size: number }} Announcement */

/** @param {File} file @returns {string} the announcement's text */
export function announce({ name, type, size }) {
  return JSON.stringify({ file: { name, type, size } })
}

/** Reads an announcement; undefined: it is none. @param {string} text @returns {Announcement | undefined} */
export function readAnnouncement(text) {
  if (text.length > 4096 || !text.startsWith('{"file":')) return undefined
  try {
    const { name, type, size } = JSON.parse(text).file
    if (
      typeof name !== 'string' ||
      typeof type !== 'string' ||
      !Number.isSafeInteger(size) ||
      size < 0 ||
      size > MAX_FILE_BYTES
    )
      return undefined
    return { name: safeName(name), type, size }
  } catch {
    return undefined
  }
}

/** A name without folders and without characters that hide what it ends with. @param {string} name */
export function safeName(name) {
  return (
    name
      .replace(/^.*[/\\]/s, '')
      .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
      .slice(0, 120) || 'file'
  )
}

/**
 * Sends a file part by part.
 *
 * @param {File} file
 * @param {{ text: (text: string) => void, bytes: (bytes: ArrayBuffer) => void, waiting: () => number, sent: (bytes: number) => void, signal: AbortSignal }} to
 *   how to send; how many bytes wait to be sent; what is told of progress; what ends it
 * @returns {Promise<boolean>} whether all of it was sent
 */
export async function sendFile(file, to) {
  to.text(announce(file))
  for (let at = 0; at < file.size; at += PART_BYTES) {
    const part = await file.slice(at, at + PART_BYTES).arrayBuffer()
    if (to.signal.aborted) return false
    to.bytes(part)
    to.sent(at + part.byteLength)
    if (at + PART_BYTES >= file.size) break
    do await new Promise(resolve => setTimeout(resolve, REST_MS))
    while (to.waiting() > PART_BYTES && !to.signal.aborted)
    if (to.signal.aborted) return false
  }
  return true
}

/** One file that is arriving. */
export class Arrival {
  /** @type {ArrayBuffer[]} */
  #parts = []
  received = 0

  /** @param {Announcement} announcement */
  constructor(announcement) {
    this.announcement = announcement
  }

  get complete() {
    return this.received === this.announcement.size
  }

  /** @param {ArrayBuffer} bytes @returns {boolean} whether they belong to the file */
  take(bytes) {
    if (this.complete || this.received + bytes.byteLength > this.announcement.size) return false
    this.#parts.push(bytes)
    this.received += bytes.byteLength
    return true
  }

  /** The file; never of a type that a browser would run. */
  get blob() {
    return new Blob(this.#parts, { type: 'application/octet-stream' })
  }
}
