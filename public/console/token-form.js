// Asks for the token of the proxy once, and again if the user wants it. api.js keeps the token in memory.
import { useToken } from './api.js'
import { byId, setText } from './dom.js'

/**
 * @param {() => void} given called with each new token
 * @returns {(wrong: boolean) => void} shows the form unless the user has closed it, and says whether the last token was wrong
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
