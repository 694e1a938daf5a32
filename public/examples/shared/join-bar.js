// The form at the top of each example: a channel name, a button to join, the state, and a button to leave. The page makes
// the socket. A channel is joined only after a click.
//
//   joinBar('chat', (channel, options) => new NetworkWebSocket(channel, options))
//
// A guest came by an invitation, which names the channel: the page joins by itself, and the form has nothing to fill in.
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'

/** Grammar of channel names, as a pattern for a form. */
const NAME = '(?!\\.\\.?$)[A-Za-z0-9+=*._\\-]+'

/** Pages of this machine need no token. Other pages send it as their first message. */
const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/

/**
 * @param {string} suggestion the first name in the field
 * @param {(channel: string, options: { reconnect: true, token?: string }) => import('../../lib/networkwebsockets.js').NetworkWebSocket | Promise<import('../../lib/networkwebsockets.js').NetworkWebSocket>} open
 *   makes the socket after a click
 */
export function joinBar(suggestion, open) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById('join'))
  const label = Object.assign(document.createElement('label'), {
    htmlFor: 'channel',
    textContent: 'Channel: everybody who opens the same name takes part'
  })
  const row = Object.assign(document.createElement('div'), { className: 'row' })
  const field = Object.assign(document.createElement('input'), {
    id: 'channel',
    className: 'grow mono',
    value: suggestion,
    required: true,
    maxLength: 255,
    pattern: NAME,
    title: 'Letters, digits and + = * . _ - without blanks, for example my-channel',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: false
  })
  const token = Object.assign(document.createElement('input'), {
    type: 'password',
    className: 'grow',
    placeholder: 'Token of the proxy',
    ariaLabel: 'Token of the proxy',
    autocomplete: 'off'
  })
  const join = Object.assign(document.createElement('button'), { className: 'main', textContent: 'Join' })
  const leave = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Leave', hidden: true })
  const state = Object.assign(document.createElement('p'), { id: 'state', className: 'small quiet', role: 'status' })
  const again = Object.assign(document.createElement('button'), {
    type: 'button',
    textContent: 'Try again',
    hidden: true
  })
  row.append(field, ...(LOOPBACK.test(location.hostname) ? [] : [token]), join, leave)
  form.append(label, row, state, again)
  const isGuest = NetworkWebSocket.invitation !== undefined

  /** @type {import('../../lib/networkwebsockets.js').NetworkWebSocket | undefined} */
  let socket

  form.addEventListener('submit', event => {
    event.preventDefault()
    if (join.disabled) return
    join.disabled = field.readOnly = true
    state.textContent = 'Connecting …'
    const opening = open(field.value, { reconnect: true, ...(token.value === '' ? {} : { token: token.value }) })
    void Promise.resolve(opening).then(watch)
  })
  leave.addEventListener('click', () => socket?.close())

  function watch(/** @type {NonNullable<typeof socket>} */ made) {
    socket = made
    join.hidden = true
    leave.hidden = false
    for (const type of ['open', 'resumed', 'connect', 'disconnect']) made.addEventListener(type, show)
    let lostAt = ''
    /** Why the channel was not joined. After a loss only the refusal of a proxy is news. */
    let problem = ''
    let wasOpen = false
    for (const type of ['open', 'resumed'])
      made.addEventListener(type, () => {
        lostAt = problem = ''
        wasOpen = true
      })
    made.addEventListener('reconnecting', () => {
      lostAt ||= new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
      state.textContent =
        problem === ''
          ? `The connection is lost since ${lostAt}. Trying again …`
          : `Not joined: ${problem} Trying again …`
    })
    // An error of an open socket does not end it, for example after a message to a peer that has just left. The end of an
    // invitation is an exception.
    made.addEventListener('error', ({ code, message }) => {
      if (made.readyState !== made.OPEN && (!wasOpen || code.startsWith('NWS_ERR_'))) problem = message
      if (made.readyState !== made.OPEN || code.startsWith('NWS_ERR_GUEST_')) state.textContent = message
    })
    made.addEventListener('close', ({ code }) => {
      if (code === 1000 || code === 1005) state.textContent = 'You have left.'
      leave.hidden = true
      again.hidden = !isGuest
      if (isGuest) return
      join.hidden = join.disabled = field.readOnly = false
      join.focus()
    })
    if (made.readyState === made.OPEN) show()
  }

  function show() {
    if (socket?.readyState !== socket?.OPEN) return
    const others = socket?.peers.size ?? 0
    if (others === 0 && isGuest) {
      state.textContent = 'You are in. No other peer is here yet.'
      return
    }
    if (others > 0) {
      state.textContent = `Connected with ${others === 1 ? 'one other' : `${others} others`}.`
      return
    }
    const second = Object.assign(document.createElement('a'), {
      href: `#join=${field.value}`,
      target: '_blank',
      rel: 'noopener',
      textContent: 'Open a second window'
    })
    state.replaceChildren(
      'Connected. Nobody else is here yet. ',
      second,
      ', or this page on another computer that runs the proxy.'
    )
  }

  /** Joins the channel of the invitation. */
  async function joinAsGuest() {
    again.hidden = true
    state.textContent = 'Connecting …'
    try {
      const { channel } = await /** @type {Promise<{ channel: string }>} */ (NetworkWebSocket.invitation)
      field.value = channel
      void Promise.resolve(open(channel, { reconnect: true })).then(watch)
    } catch (error) {
      state.textContent = /** @type {Error} */ (error).message
      again.hidden = false
    }
  }
  if (isGuest) {
    document.documentElement.classList.add('guest')
    label.hidden = row.hidden = true
    again.addEventListener('click', () => void joinAsGuest())
    // The start page leads to other pages.
    const back = Object.assign(document.createElement('a'), { href: '../start/', textContent: 'Back to the start' })
    if (location.search === '?start') form.append(back)
    void joinAsGuest()
    return
  }

  /** A link may have a name behind its #. The name is removed from the address bar. */
  function readLink() {
    if (!location.hash.startsWith('#join=')) return
    if (!field.readOnly) field.value = location.hash.slice('#join='.length)
    history.replaceState(history.state, '', location.pathname)
    join.focus()
  }
  addEventListener('hashchange', readLink)
  readLink()
}
