// The plot of one number in the messages of one peer, over time.
import { draw, find, make, setText } from './dom.ts'
import { numbersIn } from './formats.ts'
import { short, time } from './format.ts'
import type { Entry } from './session.ts'

/** Most points. Older points are forgotten. */
const MAX_POINTS = 600
const WIDTH = 600
const HEIGHT = 90
const EDGE = 4

interface Point {
  readonly at: number
  readonly value: number
}

/** A line through points: the oldest at the left, the largest at the top. */
export function lineOf(points: readonly Point[], width: number, height: number): string {
  const first = points[0]?.at ?? 0
  const span = Math.max(1, (points.at(-1)?.at ?? 0) - first)
  const values = points.map(({ value }) => value)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return points
    .map(({ at, value }) => {
      const x = EDGE + ((at - first) / span) * (width - 2 * EDGE)
      const share = high === low ? 0.5 : (value - low) / (high - low)
      return `${x.toFixed(1)},${(height - EDGE - share * (height - 2 * EDGE)).toFixed(1)}`
    })
    .join(' ')
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 })

/** Fills a figure of the panel. It is hidden until a number is chosen. */
export class Plot {
  #figure
  #from = ''
  #path = ''
  #points: Point[] = []
  #frame = 0

  constructor(figure: HTMLElement) {
    this.#figure = figure
    const close = make('button', { type: 'button', className: 'plain' }, 'Close the plot')
    close.addEventListener('click', () => {
      figure.hidden = true
      this.#points = []
    })
    figure.append(
      make('figcaption', { className: 'row spread small' }, make('span', { className: 'words' }), close),
      draw('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' }, draw('polyline'))
    )
  }

  /** Shows a number. @param entries of the log, with others among them */
  show(from: string, path: string, entries: Iterable<Entry>): void {
    this.#from = from
    this.#path = path
    this.#points = []
    this.#figure.hidden = false
    for (const entry of entries) this.add(entry)
    this.#draw()
    find(this.#figure, 'button').focus()
  }

  add({ from, payload, at }: Entry): void {
    if (this.#figure.hidden || from !== this.#from || payload?.type !== 'json') return
    const value = numbersIn(JSON.parse(payload.text)).get(this.#path)
    if (value === undefined) return
    this.#points.push({ at: at.getTime(), value })
    if (this.#points.length > MAX_POINTS) this.#points.shift()
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    this.#frame = 0
    const values = this.#points.map(({ value }) => value)
    const [first, last] = [this.#points[0], this.#points.at(-1)]
    if (first === undefined || last === undefined) return
    const words = `${this.#from === 'you' ? 'you' : short(this.#from)} · ${this.#path || 'number'}: ${number.format(last.value)} now, ${number.format(Math.min(...values))} to ${number.format(Math.max(...values))} since ${time(new Date(first.at))}`
    setText(find(this.#figure, '.words'), words)
    this.#figure.querySelector('svg')?.setAttribute('aria-label', words)
    find(this.#figure, 'polyline').setAttribute('points', lineOf(this.#points, WIDTH, HEIGHT))
  }
}
