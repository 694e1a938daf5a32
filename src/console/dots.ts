// Dots that run along the lines of the picture, one for each message if there are few. Users who want less motion get none.

/** Most dots of one line, and of the whole picture, for one reading of the counters. */
const MAX_OF_LINE = 4
const MAX_OF_ALL = 60
/** Time from one end to the other, milliseconds. */
const RUN_MS = 700

interface Spot {
  readonly x: number
  readonly y: number
}

/** Messages that have gone along a line since the last reading. */
export interface Traffic {
  readonly from: Spot
  readonly to: Spot
  readonly messages: number
  readonly hue: number
}

/** The dots in a group of the picture. */
export class Dots {
  #group
  #calm = matchMedia('(prefers-reduced-motion: reduce)')

  constructor(group: SVGGElement) {
    this.#group = group
  }

  /** Lets dots start, spread over the time until the next reading. */
  run(traffic: readonly Traffic[], overMs: number): void {
    if (this.#calm.matches || document.hidden) return
    let room = MAX_OF_ALL - this.#group.childElementCount
    for (const { from, to, messages, hue } of traffic) {
      const dots = Math.min(messages, MAX_OF_LINE, room)
      room -= dots
      for (let i = 0; i < dots; i++) this.#start(from, to, hue, (i / dots) * overMs)
    }
  }

  clear(): void {
    this.#group.replaceChildren()
  }

  #start(from: Spot, to: Spot, hue: number, delay: number): void {
    const dot = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
    dot.setAttribute('r', '3.5')
    dot.classList.add('node')
    dot.style.setProperty('--hue', String(hue))
    this.#group.append(dot)
    const place = ({ x, y }: Spot): string => `translate(${x}px, ${y}px)`
    const run = dot.animate(
      [
        { transform: place(from), opacity: 0 },
        { opacity: 1, offset: 0.15 },
        { opacity: 1, offset: 0.85 },
        { transform: place(to), opacity: 0 }
      ],
      { duration: RUN_MS, delay, fill: 'both', easing: 'ease-in-out' }
    )
    run.onfinish = () => dot.remove()
  }
}
