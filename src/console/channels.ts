// The tabs of the channels that this page is in: joining, choosing, leaving. One channel is session.ts and panel.ts.
import { byId, keep, make, roving, setText } from './dom.ts'
import { BASE, currentToken } from './api.ts'
import { count, hue, shortName } from './format.ts'
import { Panel } from './panel.ts'
import { Session, type Scope } from './session.ts'
import type { LinkState } from './timeline/links.ts'

export type Joined = { id: string; session: Session; panel: Panel }

/** The tabs and panels of joined channels. */
export class Channels {
  current: Joined | undefined
  #all: Joined[] = []
  #made = 0
  #changed
  #share
  #phone

  constructor({
    changed,
    share,
    phone
  }: {
    changed: () => void
    share: (name: string) => void
    phone: (name: string) => void
  }) {
    this.#changed = changed
    this.#share = share
    this.#phone = phone
    roving(byId('tabs'), '[role=tab]')
  }

  /** Joins a channel, or shows a joined one. */
  join(name: string, scope: Scope) {
    const known = this.#all.find(({ session }) => session.name === name && session.scope === scope)
    if (known !== undefined && known.session.state !== 'left') return this.choose(known, true)
    if (known !== undefined) this.#remove(known)
    const joined = { id: `channel-${++this.#made}` } as Joined
    joined.session = new Session(name, scope, currentToken(), {
      added: entry => joined.panel.added(entry),
      changed: entry => joined.panel.changed(entry),
      described: () => joined.panel.show(),
      updated: () => this.#updated(joined)
    })
    joined.panel = new Panel(joined.session, {
      updated: () => this.#show(),
      leave: () => {
        joined.session.leave()
        this.#remove(joined)
      },
      share: () => this.#share(name),
      phone: () => this.#phone(name),
      address: `${BASE}console#join=${name}`
    })
    joined.panel.element.id = joined.id
    joined.panel.element.setAttribute('aria-labelledby', `${joined.id}-tab`)
    byId('panels').append(joined.panel.element)
    this.#all.push(joined)
    this.choose(joined, true)
  }

  /** Joins the channels again that the proxy refused for want of its token. */
  joinAgain() {
    for (const { session } of [...this.#all]) if (session.needsToken) this.join(session.name, session.scope)
  }

  /** @param focus whether to put the cursor there */
  choose(joined: Joined, focus: boolean = false) {
    this.current = joined
    this.#show()
    for (const { panel } of this.#all) panel.element.hidden = panel !== joined.panel
    joined.panel.seen()
    if (focus) joined.panel.focus()
    this.#changed()
  }

  /** Takes the links from the API. */
  watch(links: readonly LinkState[]) {
    for (const { session } of this.#all) session.watch(links)
  }

  /** Whether a channel of this name is joined. */
  has(name: string, scope: Scope) {
    return this.#all.some(({ session }) => session.name === name && session.scope === scope)
  }

  #updated(joined: Joined) {
    const { session, panel } = joined
    // The user can write as soon as the channel is joined.
    const justIn = session.state === 'joined' && joined === this.current && document.activeElement === panel.element
    panel.show()
    if (justIn) panel.focus()
    this.#show()
    if (joined === this.current) this.#changed()
  }

  #remove(joined: Joined) {
    const at = this.#all.indexOf(joined)
    this.#all.splice(at, 1)
    joined.panel.element.remove()
    joined.panel.close()
    joined.session.recorder.close()
    const next = this.#all[at] ?? this.#all[at - 1]
    if (this.current === joined) this.current = undefined
    if (next !== undefined) {
      this.choose(this.current ?? next)
      byId(`${(this.current ?? next).id}-tab`).focus()
    } else {
      this.#show()
      byId('channel').focus()
    }
    this.#changed()
  }

  #show() {
    document.body.classList.toggle('in-channels', this.#all.length > 0)
    byId('channels').hidden = this.#all.length === 0
    keep(
      byId('tabs'),
      this.#all,
      ({ id }) => id,
      joined => this.#createTab(joined),
      (tab, joined) => {
        const chosen = joined === this.current
        if (chosen && !document.hidden) joined.panel.news = 0
        const { news } = joined.panel
        tab.setAttribute('aria-selected', String(chosen))
        const badge = tab.lastElementChild as HTMLElement
        badge.hidden = news === 0
        setText(badge, `${count(news)} new`)
        const lost = joined.session.state === 'waiting' || joined.session.state === 'left'
        tab.classList.toggle('lost', lost)
      }
    )
  }

  #createTab(joined: Joined) {
    const { name, scope } = joined.session
    const dot = make('span', { className: 'dot hued' })
    dot.style.setProperty('--hue', String(hue(name)))
    const tab = make(
      'button',
      { type: 'button', id: `${joined.id}-tab`, role: 'tab', tabIndex: -1, 'aria-controls': joined.id },
      dot,
      make('span', {}, shortName(name, 24)),
      scope === 'local' ? make('span', { className: 'small quiet' }, 'here') : null,
      make('span', { className: 'badge' })
    )
    tab.addEventListener('click', () => this.choose(joined))
    tab.addEventListener('focus', () => {
      if (this.current !== joined) this.choose(joined)
    })
    return tab
  }
}
