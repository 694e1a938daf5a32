// The list of users online at the rendezvous, if this proxy is one. It comes from the API.
import { ApiError, get } from './api.js'
import { byId, keep, make, setText } from './dom.js'
import { plural } from './format.js'
import { poll } from './poll.js'

/** @typedef {{ name: string, peers: number }} OnlineUser */
/** @typedef {{ state: 'on' | 'off', users: number, peers: number, online: OnlineUser[] }} Presence */

const INTERVAL_MS = 2000
/** Most users in the list. The line above counts the rest. */
const LISTED = 100

/** Shows the list and keeps it up to date. @returns {() => void} asks soon */
export function showOnline() {
  const card = byId('online-card')
  return poll(async () => {
    try {
      const presence = /** @type {Presence} */ (await get('rendezvous'))
      card.hidden = presence.state !== 'on'
      if (!card.hidden) show(presence)
    } catch (error) {
      // The token is missing. Another part of the page tells if the proxy does not answer.
      if (error instanceof ApiError && error.code !== '') card.hidden = true
    }
  }, INTERVAL_MS)
}

/** @param {Presence} presence */
function show({ users, peers, online }) {
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
    (item, user) => setText(/** @type {Element} */ (item.lastElementChild), plural(user.peers, 'page'))
  )
}
