// The picture as a shared document: a list of lines, which Yjs merges. Pages that have the same list show the same picture.
import { Doc, UndoManager } from '../../lib/networkwebsockets-yjs.js'

/** @typedef {{ colour: string, size: number, points: number[] }} Line points: x, y, x, y … */

const MAX_POINTS = 400

/** Whether a value is a line. Peers may put anything into the document. @param {any} line @returns {line is Line} */
function isLine(line) {
  return (
    /^#[0-9a-f]{6}$/.test(line?.colour) &&
    line.size > 0 &&
    line.size <= 100 &&
    Array.isArray(line.points) &&
    line.points.length <= MAX_POINTS &&
    line.points.every(Number.isFinite)
  )
}

export class Board {
  doc = new Doc()
  #list = this.doc.getArray('lines')
  // It undoes what this page has done, and nothing of the others.
  #undo = new UndoManager(this.#list, { captureTimeout: Infinity })

  /** @param {(added: Line[] | undefined) => void} changed gets the lines that come on top of the others; undefined: the picture has changed otherwise */
  constructor(changed) {
    this.#list.observe(({ changes: { deleted, delta } }) => {
      const { insert = [] } = delta.at(-1) ?? {}
      const before = delta.length === 1 ? 0 : (delta[0]?.retain ?? NaN)
      const isOnTop = deleted.size === 0 && delta.length <= 2 && before + insert.length === this.#list.length
      changed(isOnTop ? /** @type {unknown[]} */ (insert).filter(isLine) : undefined)
    })
  }

  /** All lines. Later ones cover earlier ones. */
  get lines() {
    return this.#list.toArray().filter(isLine)
  }

  /** The next lines until this call comes again are undone together. */
  beginStroke() {
    this.#undo.stopCapturing()
  }

  /** @param {Line} line */
  add(line) {
    this.#list.push([line])
  }

  clear() {
    this.#undo.stopCapturing()
    this.#list.delete(0, this.#list.length)
  }

  undo() {
    this.#undo.undo()
  }
}
