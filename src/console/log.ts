// The lines of one channel: limited in number and bytes, filtered, paused, followed. Each frame draws new lines in blocks.
// The browser skips blocks out of sight, so ten thousand lines scroll like ten. One line is log-line.ts, or timeline/row.ts.
import { make } from './dom.ts'

/** How entries become lines. */
export interface Lines<Entry> {
  create(entry: Entry): HTMLElement
  /** Gives a line its colours and controls. It comes into sight, and there is time for it. */
  dress?(line: HTMLElement, entry: Entry): void
  /** The entry has changed. */
  update?(line: HTMLElement, entry: Entry): void
  /** The line as text, for the filter and for copies. */
  text(entry: Entry): string
}

/** Most lines. Older lines are removed. */
export const MAX_LINES = 10_000
/** Most bytes of text and files, roughly. */
const MAX_BYTES = 128 * 1024 * 1024
/** Lines of a block. */
const BLOCK_LINES = 25
/** Most lines drawn in one frame. */
const FRAME_LINES = 400
/** With more new lines in a frame than these, lines stay bare until there is time, and the list rests before it draws again. */
const BUSY_LINES = 8
/** The rest of a busy list, milliseconds. Most lines that come meanwhile are out of sight when they are drawn, and cost little. */
const REST_MS = 200
/** The list follows if its end is this near, pixels. */
const NEAR_END = 24
/** Longest scrolling after a touch or key, milliseconds. */
const SCROLLING_MS = 1500

/** Frames without a change of height after which the end is reached. */
const SETTLING_FRAMES = 3

/** The list of a log. */
export class Log<Entry extends { readonly size: number }> {
  paused = false
  /** Whether the list scrolls to new lines. */
  following = true
  /** Lines that came while the list did not follow. */
  unseen = 0
  /** Drawn lines. */
  size = 0
  #bytes = 0
  #filter = ''
  #list
  /** Not drawn yet. */
  #pending: Entry[] = []
  #entries = new WeakMap<Element, Entry>()
  /** Counted bytes of each entry. */
  #sizes = new WeakMap<Entry, number>()
  #lines = new WeakMap<Entry, HTMLElement>()
  #isScheduled = false
  /** Many lines came at once. */
  #isBusy = false
  /** Frames in which the end must not move, before it counts as reached. */
  #settling = 0
  /** Time of the last touch, wheel or key, milliseconds. */
  #touchedAt = -Infinity
  readonly #shape: Lines<Entry>
  #updated
  /** Lines that are not dressed yet. */
  readonly #bare = new WeakSet<Element>()
  /** Lines in sight may be bare. */
  #isBare = false
  /** The one folded value that the Tab key reaches. */
  #stop: HTMLElement | null = null

  constructor(list: HTMLElement, shape: Lines<Entry>, updated: () => void) {
    this.#list = list
    this.#shape = shape
    this.#updated = updated
    list.addEventListener('keydown', event => this.#step(event))
    // A growing list scrolls too. Only the user ends the following.
    for (const type of ['wheel', 'touchmove', 'keydown', 'pointerdown'])
      list.addEventListener(
        type,
        () => {
          this.#touchedAt = performance.now()
        },
        { passive: true }
      )
    list.addEventListener('scroll', () => this.#scrolled(), { passive: true })
  }

  #scrolled() {
    this.#isBare = true
    this.#schedule()
    const { scrollTop, clientHeight, scrollHeight } = this.#list
    if (scrollTop + clientHeight >= scrollHeight - NEAR_END) this.following = true
    else if (performance.now() - this.#touchedAt < SCROLLING_MS) this.following = false
    this.#list.classList.toggle('following', this.following)
    if (!this.following || this.unseen === 0) return
    this.unseen = 0
    this.#updated()
  }

  /** Lines that wait, because of the pause or for the next frame. */
  get waiting() {
    return this.#pending.length
  }

  add(entry: Entry) {
    this.#pending.push(entry)
    this.#sizes.set(entry, 0)
    this.#count(entry)
    // Else the next frame would make all of them. A larger crowd must be read first: the proxy ends a slow reader.
    if (this.#isBusy && !document.hidden && this.#pending.length <= FRAME_LINES) this.#create(entry)
    if (this.#pending.length > MAX_LINES) this.#forget(this.#pending.shift())
    this.#schedule()
  }

  /** An entry has changed. */
  change(entry: Entry) {
    const line = this.#lines.get(entry)
    if (line !== undefined) this.#shape.update?.(line, entry)
    this.#count(entry)
    this.#trim()
  }

  pause(paused: boolean) {
    this.paused = paused
    this.#schedule()
  }

  /** @param text lines without it are hidden. Empty: all are shown */
  filter(text: string) {
    this.#filter = text.toLowerCase()
    for (const block of this.#list.children) {
      for (const line of block.children as HTMLCollectionOf<HTMLElement>) this.#sieve(line)
      this.#measure(block)
    }
    this.toEnd()
  }

  clear() {
    this.#pending = []
    this.#sizes = new WeakMap()
    this.#list.replaceChildren()
    this.size = this.#bytes = this.unseen = 0
    this.#updated()
  }

  toEnd() {
    this.following = true
    this.unseen = 0
    this.#touchedAt = -Infinity // An earlier scroll of the user must not end the following.
    this.#list.scrollTop = this.#list.scrollHeight
    this.#settling = SETTLING_FRAMES
    this.#schedule()
    this.#updated()
  }

  /** Whether no line has the text of the filter. */
  get showsNothing() {
    return this.#filter !== '' && this.size > 0 && this.#list.querySelector('.line:not([hidden])') === null
  }

  /** The entries of all lines, the oldest first. */
  *entries(): Generator<Entry> {
    for (const line of this.#list.querySelectorAll('.line')) {
      const entry = this.#entries.get(line)
      if (entry !== undefined) yield entry
    }
  }

  /** Dresses the lines of the blocks in sight. */
  #dress(): void {
    const { top, bottom } = this.#list.getBoundingClientRect()
    for (let block = this.#list.lastElementChild; block !== null; block = block.previousElementSibling) {
      const place = block.getBoundingClientRect()
      if (place.top > bottom) continue
      if (place.bottom < top) break
      for (const line of block.children as HTMLCollectionOf<HTMLElement>)
        if (this.#bare.delete(line)) this.#shape.dress?.(line, this.#entries.get(line) as Entry)
    }
    const stops = this.#list.lastElementChild?.querySelectorAll('summary') ?? []
    const stop = stops[stops.length - 1]
    if (stop !== undefined && !this.#list.contains(document.activeElement)) this.#moveStop(stop)
  }

  #moveStop(stop: HTMLElement): void {
    if (this.#stop !== null) this.#stop.tabIndex = -1
    stop.tabIndex = 0
    this.#stop = stop
  }

  /** The arrow keys go from one folded value to the next. */
  #step(event: KeyboardEvent): void {
    const { key, target } = event
    if ((key !== 'ArrowUp' && key !== 'ArrowDown') || !(target instanceof HTMLElement) || target.tagName !== 'SUMMARY')
      return
    const all = [...this.#list.querySelectorAll<HTMLElement>('.line:not([hidden]) summary')]
    const next = all[all.indexOf(target) + (key === 'ArrowUp' ? -1 : 1)]
    event.preventDefault()
    if (next === undefined) return
    this.#moveStop(next)
    next.focus()
  }

  /** The shown lines, as text. */
  get text() {
    const lines = [] as string[]
    for (const line of this.#list.querySelectorAll('.line:not([hidden])'))
      lines.push(this.#shape.text(this.#entries.get(line) as Entry))
    return lines.join('\n')
  }

  /** The entry of a line. */
  entryOf(line: Element): Entry | undefined {
    return this.#entries.get(line)
  }

  #schedule() {
    // Once a frame. A hidden page draws nothing.
    if (this.#isScheduled) return
    this.#isScheduled = true
    const next = () => requestAnimationFrame(() => this.#draw())
    if (this.#isBusy) setTimeout(next, REST_MS)
    else next()
  }

  #draw() {
    this.#isScheduled = this.#isBusy = false
    if (!this.paused) {
      const fresh = this.#pending.splice(0, FRAME_LINES)
      const blocks = new Set(fresh.map(entry => this.#append(entry)))
      for (const block of blocks) this.#measure(block)
      this.#trim()
      if (fresh.length > 0) this.#settling = SETTLING_FRAMES
      if (fresh.length > 0) this.#isBare = true
      this.#isBusy = fresh.length > BUSY_LINES && this.#pending.length === 0
      if (!this.following) this.unseen += fresh.length
    }
    if (this.following) {
      const before = this.#list.scrollTop
      this.#list.scrollTop = this.#list.scrollHeight
      // Blocks get their true height in sight, so the end moves away.
      this.#settling = this.#list.scrollTop === before ? this.#settling - 1 : SETTLING_FRAMES
    }
    if (this.#isBare && !this.#isBusy) {
      this.#isBare = false
      this.#dress()
    }
    if ((!this.paused && this.#pending.length > 0) || (this.following && this.#settling > 0) || this.#isBare)
      this.#schedule()
    this.#updated()
  }

  #create(entry: Entry): HTMLElement {
    const line = this.#shape.create(entry)
    this.#bare.add(line)
    this.#entries.set(line, entry)
    this.#lines.set(entry, line)
    return line
  }

  /** @returns its block */
  #append(entry: Entry): Element {
    let block = this.#list.lastElementChild
    if (block === null || block.childElementCount >= BLOCK_LINES) {
      block = make('div', { className: 'block', role: 'none' })
      this.#list.append(block)
    }
    const line = this.#lines.get(entry) ?? this.#create(entry)
    block.append(line)
    this.size++
    this.#sieve(line)
    return block
  }

  #sieve(line: HTMLElement) {
    const entry = this.#entries.get(line) as Entry
    line.hidden = this.#filter !== '' && !this.#shape.text(entry).toLowerCase().includes(this.#filter)
  }

  /** Estimates the height of a block before it comes into sight. */
  #measure(block: Element) {
    const shown = block.querySelectorAll('.line:not([hidden])').length
    const element = block as HTMLElement
    element.style.containIntrinsicBlockSize = `${shown * 1.6}em`
    element.hidden = shown === 0
  }

  #trim() {
    while (this.size > MAX_LINES || (this.#bytes > MAX_BYTES && this.size > 0)) {
      const block = this.#list.firstElementChild as Element
      const line = block.firstElementChild as Element
      this.#forget(this.#entries.get(line))
      line.remove()
      this.size--
      if (block.childElementCount === 0) block.remove()
    }
    while (this.#bytes > MAX_BYTES && this.#pending.length > 1) this.#forget(this.#pending.shift())
  }

  /** Counts the bytes of an entry. */
  #count(entry: Entry) {
    const counted = this.#sizes.get(entry)
    if (counted === undefined) return // It was removed.
    this.#bytes += entry.size - counted
    this.#sizes.set(entry, entry.size)
  }

  #forget(entry: Entry | undefined) {
    if (entry === undefined) return
    this.#bytes -= this.#sizes.get(entry) ?? 0
    this.#sizes.delete(entry)
  }
}
