// One peer in the list of a channel: a button that writes to it alone, and a fold with its place, its origin and its
// messages. Guests can be removed there.
import { send } from './api.ts'
import { find, keep, make, setText } from './dom.ts'
import { bytes, duration, hue, plural, short } from './format.ts'
import type { Peer } from './session.ts'

const SPEAKS: Readonly<Record<string, string>> = {
  envelope: 'program',
  raw: 'older client, raw frames',
  numbered: 'older client, with numbers',
  events: 'event stream over HTTP',
  http: 'HTTP request',
  extension: 'extension of this proxy'
}

/** A computer in words: its name if it has one, and the words of its proxy. */
export function computerOf(proxyId: string, name: string | undefined): string {
  return name === undefined ? short(proxyId) : `${name} (${short(proxyId)})`
}

/** The place of a peer in a few words. */
function placeOf({ location, proxy = '', proxyName, dialect = 'envelope', via }: Peer): string {
  if (via === 'guest') return 'guest'
  if (location === undefined) return ''
  const place = location === 'local' ? 'this computer' : (proxyName ?? `other proxy ${short(proxy)}`)
  return dialect === 'envelope' || dialect === 'link' ? place : `${place} · ${dialect}`
}

/** How a peer takes part. */
function speaksOf({ via, location, origin, dialect = '' }: Peer): string {
  if (via === 'guest') return 'guest, by an invitation'
  if (location === 'remote') return 'by its own proxy'
  return origin === undefined ? (SPEAKS[dialect] ?? dialect) : `page of ${origin}`
}

function factsOf(peer: Peer): [name: string, value: string][] {
  const { id, location, proxy = '', proxyName, connectedAt, messages = 0, bytes: size = 0 } = peer
  if (location === undefined || connectedAt === undefined) return [['Id', id]]
  return [
    ['Computer', location === 'local' ? 'this one' : computerOf(proxy, proxyName)],
    ['Speaks', speaksOf(peer)],
    ['Here for', duration(Math.max(0, (Date.now() - Date.parse(connectedAt)) / 1000))],
    ['Sent', messages === 0 ? 'nothing yet' : `${plural(messages, 'message')}, ${bytes(size)}`],
    ['Id', id]
  ]
}

/** @param choose called when the user wants to write to this peer alone, or no longer */
export function createPeerCard(peer: Peer, choose: () => void): HTMLElement {
  const dot = make('span', { className: 'dot hued' })
  dot.style.setProperty('--hue', String(hue(peer.id)))
  const words = [
    dot,
    make('span', { className: 'who' }, short(peer.id)),
    make('span', { className: 'where small quiet' })
  ]
  let head: HTMLElement
  if (peer.socket === undefined) {
    head = make('div', { className: 'peer' }, ...words)
  } else {
    const hidden = make('span', { className: 'visually-hidden' }, ', write to this peer alone')
    head = make('button', { type: 'button', className: 'peer', 'aria-pressed': 'false' }, ...words, hidden)
    head.addEventListener('click', choose)
  }
  const about = make(
    'details',
    { className: 'about small' },
    make('summary', {}, 'Details', make('span', { className: 'visually-hidden' }, ` of ${short(peer.id)}`)),
    make('dl')
  )
  const remove = make('button', { type: 'button', className: 'plain remove', hidden: true }, 'Remove this guest')
  remove.addEventListener('click', () => void removeGuest(remove, peer))
  about.append(remove)
  return make('li', {}, head, about)
}

/** @param chosen whether the next message goes to this peer alone */
export function updatePeerCard(card: HTMLElement, peer: Peer, chosen: boolean): void {
  setText(find(card, '.where'), placeOf(peer))
  card.querySelector('button.peer')?.setAttribute('aria-pressed', String(chosen))
  find(card, '.remove').hidden = peer.invitation === undefined
  const about = find(card, 'details') as HTMLDetailsElement
  if (!about.open) return
  keep(
    find(about, 'dl'),
    factsOf(peer),
    ([name]) => name,
    ([name]) => make('div', {}, make('dt', {}, name), make('dd', {}, make('bdi'))),
    (fact, [, value]) => setText(find(fact, 'bdi'), value)
  )
}

/** The list loses the guest by itself. */
async function removeGuest(button: HTMLButtonElement, { id, invitation = '' }: Peer): Promise<void> {
  button.disabled = true
  try {
    await send('DELETE', `invitations/${encodeURIComponent(invitation)}/guests/${encodeURIComponent(id)}`)
  } catch (error) {
    button.disabled = false
    setText(button, (error as Error).message)
  }
}
