// The picture as data that pages can merge: a set of lines, each with its own id, and the time of the last clearing. Pages
// that got the same lines have the same picture. Order and repetition do not matter.

/** @typedef {{ id: string, time: number, colour: string, size: number, points: number[] }} Line points: x, y, x, y … */

const MAX_LINES = 50_000
const MAX_POINTS = 400
const MAX_TIME = 2 ** 48

/** Whether a value is a line. Peers may send anything. @param {any} line */
function isLine(line) {
  return (
    typeof line?.id === 'string' &&
    line.id.length <= 80 &&
    Number.isSafeInteger(line.time) &&
    line.time > 0 &&
    line.time < MAX_TIME &&
    /^#[0-9a-f]{6}$/.test(line.colour) &&
    line.size > 0 &&
    line.size <= 100 &&
    Array.isArray(line.points) &&
    line.points.length <= MAX_POINTS &&
    line.points.every(Number.isFinite)
  )
}

export class Board {
  /** @type {Map<string, Line>} */
  #lines = new Map()
  /** Lines up to this time are cleared. */
  cleared = 0
  /** A clock that is never behind the clocks of the lines that came. */
  #time = 0

  /** All lines, the oldest first. Later lines cover earlier ones, in the same order on every page. */
  get lines() {
    return [...this.#lines.values()].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
  }

  /** The next moment. */
  now() {
    return ++this.#time
  }

  /** Takes a line. @param {any} line @returns {boolean} whether it is new */
  add(line) {
    if (!isLine(line) || line.time <= this.cleared || this.#lines.has(line.id) || this.#lines.size >= MAX_LINES)
      return false
    const { id, time, colour, size, points } = line
    this.#time = Math.max(this.#time, time)
    this.#lines.set(id, { id, time, colour, size, points })
    return true
  }

  /** Removes all lines up to a time. @param {number} time @returns {boolean} whether the picture has changed */
  clear(time) {
    if (!Number.isSafeInteger(time) || time <= this.cleared || time >= MAX_TIME) return false
    this.#time = Math.max(this.#time, time)
    this.cleared = time
    for (const [id, line] of this.#lines) if (line.time <= time) this.#lines.delete(id)
    return true
  }

  /** A text for comparing two pictures. Different pictures have the same text very rarely. */
  get digest() {
    let sum = 0
    for (const id of this.#lines.keys()) {
      let hash = 7
      for (let i = 0; i < id.length; i++) hash = (Math.imul(hash, 31) + id.charCodeAt(i)) | 0
      sum = (sum + hash) | 0
    }
    return `${this.cleared} ${this.#lines.size} ${sum}`
  }
}
