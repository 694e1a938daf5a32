// The form at the top of each example: a channel name, a button to join, the state, and a button to leave. The page makes
// the socket. A channel is joined only after a click.
//
//   joinBar('chat', (channel, options) => new NetworkWebSocket(channel, options))

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
  row.append(field, ...(LOOPBACK.test(location.hostname) ? [] : [token]), join, leave)
  form.append(label, row, state)

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
    for (const type of ['open', 'connect', 'disconnect']) made.addEventListener(type, show)
    made.addEventListener('reconnecting', () => {
      state.textContent = 'The connection is lost. Trying again …'
    })
    // An error of an open socket does not end it, for example after a message to a peer that has just left.
    made.addEventListener('error', ({ message }) => {
      if (made.readyState !== made.OPEN) state.textContent = message
    })
    made.addEventListener('close', ({ code }) => {
      join.hidden = join.disabled = field.readOnly = false
      leave.hidden = true
      if (code === 1000 || code === 1005) state.textContent = 'You have left.'
      join.focus()
    })
    if (made.readyState === made.OPEN) show()
  }

  function show() {
    if (socket?.readyState !== socket?.OPEN) return
    const others = socket?.peers.size ?? 0
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
