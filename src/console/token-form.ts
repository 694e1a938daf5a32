// Asks for the token of the proxy once, and again if the user wants it. api.ts keeps the token in memory.
import { useToken } from './api.ts'
import { byId, setText } from './dom.ts'

/**
 * @param given called with each new token
 * @returns shows the form unless the user has closed it, and says whether the last token was wrong
 */
export function wireTokenForm(given: () => void): (wrong: boolean) => void {
  const form = byId('token-form') as HTMLFormElement
  const input = byId('token') as HTMLInputElement
  let dismissed = false
  let waiting = false
  const show = (shown: boolean) => {
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
