// The live picture: an SVG of this proxy, its links and the channels that they share. A change draws it again. The circle
// under the pointer is above all others. Screen readers get one picture, and lists with the same content.
import { draw } from './dom.ts'
import { Dots, type Traffic } from './dots.ts'
import { hue, shortName } from './format.ts'
import { CROWD, layOut, type Place } from './layout.ts'

export interface PictureLink {
  key: string
  proxyId: string
  label: string
  open: boolean
  /** Reached by the cluster alone. */
  clustered: boolean
  /** Keys of the shared channels. */
  channels: readonly string[]
  /** Messages per second. */
  rate: number
  /** Messages since the last reading. */
  came: number
  went: number
}

export interface PictureChannel {
  key: string
  label: string
  peers: number
  rate: number
  /** Messages since the last reading. */
  came: number
  /** By this page. */
  joined: boolean
}

/** Most circles with names. */
const NAMED_LINKS = 16
const NAMED_CHANNELS = 14
/** A narrower picture is for a phone, pixels. */
const NARROW = 560

/** The picture in an element. */
export class Picture {
  #svg = draw('svg', { role: 'img' })
  #lines = draw('g', { class: 'lines' })
  #nodes = draw('g', { class: 'nodes' })
  #above = draw('g', { class: 'above' })
  #running = draw('g', { class: 'dots' })
  #dots = new Dots(this.#running)
  /** The drawn content, to find changes. */
  #drawn = ''
  #width = 0
  #links: readonly PictureLink[] = []
  #channels: readonly PictureChannel[] = []
  #places: ReturnType<typeof layOut> = layOut(0, 0, [], [])
  #shapes = new Map<string, SVGGElement>()
  #pointed = ''
  #marked: ReadonlySet<string> | undefined

  /** @param told of the circle under the pointer, and of the pressed one */
  constructor(frame: HTMLElement, told: { pointed: (key: string) => void; chosen: (key: string) => void }) {
    this.#svg.append(this.#lines, this.#running, this.#nodes, this.#above)
    frame.append(this.#svg)
    new ResizeObserver(([entry]) => {
      this.#width = Math.round(entry?.contentRect.width ?? 0)
      this.#render()
    }).observe(frame)
    const keyOf = ({ target }: Event) =>
      target instanceof Element ? (target.closest('[data-key]')?.getAttribute('data-key') ?? '') : ''
    this.#svg.addEventListener('pointerover', event => {
      this.point(keyOf(event))
      told.pointed(this.#pointed)
    })
    this.#svg.addEventListener('pointerleave', () => {
      this.point('')
      told.pointed('')
    })
    this.#svg.addEventListener('click', event => {
      if (keyOf(event) !== '') told.chosen(keyOf(event))
    })
  }

  /** @param words the picture in one sentence @param overMs time until the next call, roughly */
  show(links: readonly PictureLink[], channels: readonly PictureChannel[], words: string, overMs: number) {
    this.#links = links
    this.#channels = channels
    if (this.#svg.getAttribute('aria-label') !== words) this.#svg.setAttribute('aria-label', words)
    this.#render()
    this.#runDots(overMs)
  }

  /** Marks circles; the others become faint. Undefined: none is searched for. @param keys of the circles */
  mark(keys: ReadonlySet<string> | undefined) {
    this.#svg.classList.toggle('searching', keys !== undefined)
    this.#marked = keys
    for (const [key, node] of this.#shapes) node.classList.toggle('found', keys?.has(key) === true)
  }

  /** Raises a link or channel with its connections. @param key empty: none */
  point(key: string) {
    if (key === this.#pointed) return
    this.#pointed = key
    this.#raise()
  }

  #render() {
    const width = this.#width
    if (width === 0) return
    const few = this.#links.length <= 3 && this.#channels.length <= 6
    const height = Math.round(width < NARROW ? width * (few ? 0.85 : 1.1) : few ? 300 : Math.min(500, width * 0.55))
    const state = JSON.stringify([
      width,
      height,
      this.#links.map(({ key, label, open, clustered, channels }) => [key, label, open, clustered, channels]),
      this.#channels.map(({ key, label, joined }) => [key, label, joined])
    ])
    if (state !== this.#drawn) {
      this.#drawn = state
      this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`)
      this.#places = layOut(
        width,
        height,
        this.#links,
        this.#channels.map(({ key }) => key)
      )
      this.#drawAll()
      this.mark(this.#marked)
      this.#raise()
    }
    // More circles are smaller. This is about the length of the outer ring:
    const around = Math.PI * (width + height) * 0.4
    const links = Math.min(1, around / this.#links.length / 28)
    const channels = Math.min(1, (around * (this.#channels.length > CROWD ? 1.8 : 0.6)) / this.#channels.length / 20)
    for (const { key, peers, rate } of this.#channels)
      this.#quicken(key, rate, 4 + Math.min(6, Math.log2(1 + peers) * 1.5), channels)
    for (const { key, rate } of this.#links) this.#quicken(key, rate, 11, links)
  }

  /** Shows size and rate of a circle. */
  #quicken(key: string, rate: number, radius: number, scale: number) {
    const [halo, reach, body] = this.#shapes.get(key)?.children ?? []
    for (const [circle, wished] of [
      [halo, radius + (rate > 0 ? 3 + Math.min(9, Math.log10(1 + rate) * 4) : 0)],
      [reach, Math.max(radius + 2, 14)],
      [body, radius]
    ] as const) {
      const wanted = (wished * scale).toFixed(1)
      if (circle?.getAttribute('r') !== wanted) circle?.setAttribute('r', wanted)
    }
  }

  /** Messages run between this proxy and the channel, and along the links that carry them. */
  #runDots(overMs: number) {
    const { middle, links, channels } = this.#places
    const traffic: Traffic[] = []
    for (const { key, proxyId, came, went } of this.#links) {
      const place = links.get(key)
      if (place === undefined) continue
      if (came > 0) traffic.push({ from: place, to: middle, messages: came, hue: hue(proxyId) })
      if (went > 0) traffic.push({ from: middle, to: place, messages: went, hue: hue(proxyId) })
    }
    for (const { key, label, came } of this.#channels) {
      const place = channels.get(key)
      if (place !== undefined && came > 0) traffic.push({ from: middle, to: place, messages: came, hue: hue(label) })
    }
    this.#dots.run(traffic, overMs)
  }

  #drawAll() {
    const { middle, links, channels } = this.#places
    this.#shapes = new Map()
    this.#dots.clear()
    this.#lines.replaceChildren()
    this.#nodes.replaceChildren()
    for (const { key, open, clustered } of this.#links)
      this.#lines.append(
        draw('path', {
          class: `link${clustered ? ' clustered' : ''}${open ? '' : ' opening'}`,
          d: line(middle, links.get(key))
        })
      )
    for (const { key, label } of this.#channels) {
      const element = draw('path', { class: 'share hued-line', d: this.#pathsOf(key) })
      element.style.setProperty('--hue', String(hue(label)))
      this.#lines.append(element)
    }
    const crowd = this.#channels.length > NAMED_CHANNELS
    this.#svg.classList.toggle('crowd', this.#channels.length > CROWD)
    for (const { key, label, joined } of this.#channels) {
      this.#addNode(
        key,
        `channel${joined ? ' joined' : ''}`,
        channels.get(key),
        label,
        crowd ? '' : shortName(label, this.#width < NARROW ? 10 : 18)
      )
    }
    const many = this.#links.length > (this.#width < NARROW ? 8 : NAMED_LINKS)
    for (const { key, proxyId, label, open, clustered } of this.#links)
      this.#addNode(
        key,
        `proxy${clustered ? ' clustered' : ''}${open ? '' : ' opening'}`,
        links.get(key),
        proxyId,
        many ? '' : shortName(label)
      )
    this.#nodes.append(
      draw(
        'g',
        { class: 'self', transform: `translate(${middle.x} ${middle.y})` },
        draw('circle', { r: 24 }),
        draw('path', { d: 'M-9-7H9L0 9Z' }),
        draw('circle', { class: 'corner', cx: -9, cy: -7, r: 4 }),
        draw('circle', { class: 'corner', cx: 9, cy: -7, r: 4 }),
        draw('circle', { class: 'corner', cx: 0, cy: 9, r: 4 }),
        draw('text', { y: 40 }, 'this proxy')
      )
    )
  }

  /** Lines between this proxy, a channel, and all proxies that share it. */
  #pathsOf(key: string) {
    const place = this.#places.channels.get(key)
    const shared = this.#links.filter(({ channels }) => channels.includes(key))
    return [
      line(this.#places.middle, place),
      ...shared.map(link => line(place, this.#places.links.get(link.key)))
    ].join('')
  }

  #addNode(key: string, kind: string, place: Place | undefined, id: string, label: string) {
    if (place === undefined) return
    // On one level, names of channels stand above their circles and names of proxies below.
    const level = Math.abs(Math.sin(place.angle)) < 0.35
    const above = level ? !kind.startsWith('proxy') : Math.sin(place.angle) < 0
    const node = draw(
      'g',
      { class: `node ${kind}`, 'data-key': key, transform: `translate(${place.x.toFixed(1)} ${place.y.toFixed(1)})` },
      draw('circle', { class: 'halo' }),
      draw('circle', { class: 'reach' }),
      draw('circle', { class: 'body' })
    )
    if (label !== '')
      node.append(
        draw('text', { y: above ? (kind.startsWith('proxy') ? -18 : -15) : kind.startsWith('proxy') ? 28 : 24 }, label)
      )
    node.style.setProperty('--hue', String(hue(id)))
    this.#shapes.set(key, node)
    this.#nodes.append(node)
  }

  #raise() {
    const key = this.#pointed
    const { middle, links, channels } = this.#places
    this.#svg.classList.toggle('pointing', this.#shapes.has(key))
    this.#above.replaceChildren()
    if (!this.#shapes.has(key)) return
    const near = [key]
    if (channels.has(key)) {
      this.#above.append(draw('path', { d: this.#pathsOf(key) }))
      near.push(...this.#links.filter(link => link.channels.includes(key)).map(link => link.key))
    } else {
      const shared = this.#links.find(link => link.key === key)?.channels ?? []
      this.#above.append(
        draw('path', {
          d:
            line(middle, links.get(key)) +
            shared
              .map(channel => line(middle, channels.get(channel)) + line(channels.get(channel), links.get(key)))
              .join('')
        })
      )
      near.push(...shared)
    }
    for (const each of near) {
      const copy = this.#shapes.get(each)?.cloneNode(true)
      if (copy !== undefined) this.#above.append(copy)
    }
  }
}

function line(from: Place | undefined, to: Place | undefined) {
  return from === undefined || to === undefined
    ? ''
    : `M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`
}
