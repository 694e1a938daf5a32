// The card of one other proxy, below the picture: what its link is like, and the channels that both share.
import { byId, find, keep, make, setText } from './dom.ts'
import type { Neighbour } from './neighbours.ts'

/** Most channels that are listed. */
const LISTED = 30

/** Shows one of the proxies at a time. */
export class LinkCard {
  #card = byId('link-card')
  #key = ''
  #join
  #opener: HTMLElement | null = null

  /** @param join joins a channel of the network */
  constructor(join: (name: string) => void) {
    this.#join = join
    const close = find(this.#card, 'button')
    close.addEventListener('click', () => this.#close())
    this.#card.addEventListener('keydown', event => {
      if (event.key === 'Escape') this.#close()
    })
  }

  /** @param names of the channels that are open here: others cannot be joined by their tags */
  open(neighbour: Neighbour, names: ReadonlySet<string>): void {
    this.#key = neighbour.key
    this.#opener = document.activeElement instanceof HTMLElement ? document.activeElement : null
    this.#card.hidden = false
    this.#fill(neighbour, names)
    this.#card.focus()
  }

  /** Shows the latest figures. */
  update(neighbours: readonly Neighbour[], names: ReadonlySet<string>): void {
    if (this.#card.hidden) return
    const neighbour = neighbours.find(({ key }) => key === this.#key)
    if (neighbour === undefined) this.#close()
    else this.#fill(neighbour, names)
  }

  #close(): void {
    const hadFocus = this.#card.contains(document.activeElement)
    this.#card.hidden = true
    if (hadFocus) (this.#opener?.isConnected === true ? this.#opener : find(byId('picture-list'), 'summary')).focus()
  }

  #fill({ name, figures, channels }: Neighbour, names: ReadonlySet<string>): void {
    setText(find(this.#card, 'h3'), `Proxy ${name}`)
    keep(
      find(this.#card, 'dl'),
      figures,
      ([title]) => title,
      ([title]) => make('div', {}, make('dt', {}, title), make('dd')),
      (group, [, value]) => setText(find(group, 'dd'), value)
    )
    const list = find(this.#card, 'ul')
    list.hidden = channels.length === 0
    keep(
      list,
      channels.slice(0, LISTED),
      channel => channel,
      channel => {
        if (!names.has(channel)) return make('li', {}, make('code', {}, channel))
        const button = make('button', { type: 'button', className: 'plain mono' }, channel)
        button.addEventListener('click', () => this.#join(channel))
        return make('li', {}, button)
      },
      () => {}
    )
  }
}
