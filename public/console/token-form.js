// Asks for the proxy's token: once, and again only when asked to. The token goes to api.js, which keeps it in memory.
import { useToken } from './api.js'
import { byId, setText } from './dom.js'

/**
 * @param {() => void} given called when there is another token
 * @returns {(wrong: boolean) => void} shows the form, unless it has been put away; says whether the last one was wrong
 */
export function wireTokenForm(given) {
  const form = /** @type {HTMLFormElement} */ (byId('token-form'))
  const input = /** @type {HTMLInputElement} */ (byId('token'))
  let dismissed = false
  let waiting = false
  const show = (/** @type {boolean} */ shown) => {
    form.hidden = !shown
  }
  form.addEventListener('submit', event => {
    event.preventDefault()
    useToken(input.value)
    input.value = ''
    waiting = true
    show(false)
    given()
  })
  byId('token-dismiss').addEventListener('click', () => {
    dismissed = true
    show(false)
    byId('token-again').focus()
  })
  byId('token-again').addEventListener('click', () => {
    show(true)
    input.focus()
  })
  return wrong => {
    setText(byId('token-wrong'), wrong && (waiting || !form.hidden) ? 'That is not the token of this proxy.' : '')
    if (wrong && waiting) {
      waiting = false
      show(true)
      input.focus()
    } else if (!dismissed && !wrong) {
      dismissed = true // Asked once.
      show(true)
    }
  }
}
