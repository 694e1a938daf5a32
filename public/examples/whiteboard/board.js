// The picture as data that can be merged: a set of lines, each with an id of its own, and the time of the last clearing.
// Whoever has heard the same lines, in whatever order and however often, has the same picture. No canvas, no channel.

/** @typedef {{ id: string, time: number, colour: string, size: number, points: number[] }} Line points: x, y, x, y … */

const MAX_LINES = 50_000
const MAX_POINTS = 400
const MAX_TIME = 2 ** 48

/** Whether something is a line: what peers send may be anything. @param {any} line */
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
  /** Lines up to this time are gone. */
  cleared = 0
  /** A count that is never behind one that was heard of. */
  #time = 0

  /** All lines, the oldest first: later ones cover earlier ones, on every page alike. */
  get lines() {
    return [...this.#lines.values()].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
  }

  /** The next moment. */
  now() {
    return ++this.#time
  }

  /** Takes a line. @param {any} line @returns {boolean} whether it is new and to be drawn */
  add(line) {
    if (!isLine(line) || line.time <= this.cleared || this.#lines.has(line.id) || this.#lines.size >= MAX_LINES)
      return false
    const { id, time, colour, size, points } = line
    this.#time = Math.max(this.#time, time)
    this.#lines.set(id, { id, time, colour, size, points })
    return true
  }

  /** Forgets all lines up to a moment. @param {number} time @returns {boolean} whether the picture is another one */
  clear(time) {
    if (!Number.isSafeInteger(time) || time <= this.cleared || time >= MAX_TIME) return false
    this.#time = Math.max(this.#time, time)
    this.cleared = time
    for (const [id, line] of this.#lines) if (line.time <= time) this.#lines.delete(id)
    return true
  }

  /** What two pictures are compared by: the same text, as good as certainly the same picture. */
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
