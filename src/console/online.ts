// The list of users online at the rendezvous, if this proxy is one. It comes from the API.
import { ApiError, get } from './api.ts'
import { byId, keep, make, setText } from './dom.ts'
import { plural } from './format.ts'
import { poll } from './poll.ts'

export type OnlineUser = { name: string; peers: number }
export type Presence = { state: 'on' | 'off'; users: number; peers: number; online: OnlineUser[] }

const INTERVAL_MS = 2000
/** Most users in the list. The line above counts the rest. */
const LISTED = 100

/** Shows the list and keeps it up to date. @returns asks soon */
export function showOnline(): () => void {
  const card = byId('online-card')
  return poll(async () => {
    try {
      const presence = await get<Presence>('rendezvous')
      card.hidden = presence.state !== 'on'
      if (!card.hidden) show(presence)
    } catch (error) {
      // The token is missing. Another part of the page tells if the proxy does not answer.
      if (error instanceof ApiError && error.code !== '') card.hidden = true
    }
  }, INTERVAL_MS)
}

function show({ users, peers, online }: Presence) {
  const rest = Math.max(0, users - LISTED)
  setText(
    byId('online-words'),
    users === 0
      ? 'Nobody is logged in at the rendezvous.'
      : `${plural(users, 'user')} on ${plural(peers, 'page')}${rest > 0 ? `, ${rest} of them not listed` : ''}`
  )
  const shown = online.toSorted((a, b) => a.name.localeCompare(b.name)).slice(0, LISTED)
  byId('online-list').hidden = shown.length === 0
  keep(
    byId('online-list'),
    shown,
    ({ name }) => name,
    ({ name }) =>
      make(
        'li',
        {},
        make('span', { className: 'dot good' }),
        make('bdi', { className: 'who' }, name),
        make('span', { className: 'small quiet words' })
      ),
    (item, user) => setText(item.lastElementChild as Element, plural(user.peers, 'page'))
  )
}
