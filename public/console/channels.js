// The tabs of the channels that this page is in: joining, choosing, leaving. One channel is session.js and panel.js.
import { byId, keep, make, roving, setText } from './dom.js'
import { BASE, currentToken } from './api.js'
import { count, hue, shortName } from './format.js'
import { Panel } from './panel.js'
import { Session } from './session.js'

/** @typedef {import('./session.js').Scope} Scope */
/** @typedef {{ id: string, session: Session, panel: Panel }} Joined */

/** The tabs and panels of joined channels. */
export class Channels {
  /** @type {Joined | undefined} */
  current
  /** @type {Joined[]} */
  #all = []
  #made = 0
  #changed
  #share
  #phone

  /** @param {{ changed: () => void, share: (name: string) => void, phone: (name: string) => void }} callbacks */
  constructor({ changed, share, phone }) {
    this.#changed = changed
    this.#share = share
    this.#phone = phone
    roving(byId('tabs'), '[role=tab]')
  }

  /** Joins a channel, or shows a joined one. @param {string} name @param {Scope} scope */
  join(name, scope) {
    const known = this.#all.find(({ session }) => session.name === name && session.scope === scope)
    if (known !== undefined && known.session.state !== 'left') return this.choose(known, true)
    if (known !== undefined) this.#remove(known)
    const joined = /** @type {Joined} */ ({ id: `channel-${++this.#made}` })
    joined.session = new Session(name, scope, currentToken(), {
      added: entry => joined.panel.added(entry),
      changed: entry => joined.panel.changed(entry),
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

  /** @param {Joined} joined @param {boolean} [focus] whether to put the cursor there */
  choose(joined, focus = false) {
    this.current = joined
    this.#show()
    for (const { panel } of this.#all) panel.element.hidden = panel !== joined.panel
    joined.panel.seen()
    if (focus) joined.panel.focus()
    this.#changed()
  }

  /** Whether a channel of this name is joined. @param {string} name @param {Scope} scope */
  has(name, scope) {
    return this.#all.some(({ session }) => session.name === name && session.scope === scope)
  }

  /** @param {Joined} joined */
  #updated(joined) {
    const { session, panel } = joined
    // The user can write as soon as the channel is joined.
    const justIn = session.state === 'joined' && joined === this.current && document.activeElement === panel.element
    panel.show()
    if (justIn) panel.focus()
    this.#show()
    if (joined === this.current) this.#changed()
  }

  /** @param {Joined} joined */
  #remove(joined) {
    const at = this.#all.indexOf(joined)
    this.#all.splice(at, 1)
    joined.panel.element.remove()
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
        const badge = /** @type {HTMLElement} */ (tab.lastElementChild)
        badge.hidden = news === 0
        setText(badge, `${count(news)} new`)
        const lost = joined.session.state === 'waiting' || joined.session.state === 'left'
        tab.classList.toggle('lost', lost)
      }
    )
  }

  /** @param {Joined} joined */
  #createTab(joined) {
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
