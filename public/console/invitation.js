// What a link `…/console#join=<name>` does: the name leaves the address bar, a question appears, and nothing is joined
// before it is answered.
import { byId, setText } from './dom.js'

/** @param {(name: string) => void} join */
export function wireInvitation(join) {
  const place = byId('invitation')
  const field = /** @type {HTMLInputElement} */ (byId('channel'))
  let name = ''

  function read() {
    if (!location.hash.startsWith('#join=')) return
    const wished = location.hash.slice('#join='.length)
    history.replaceState(history.state, '', location.pathname)
    if (!isName(wished)) return
    name = wished
    setText(byId('invitation-name'), name)
    place.hidden = false
    place.focus() // So that it is read out; Enter alone joins nothing.
  }

  /** The field knows the grammar. @param {string} text */
  function isName(text) {
    const probe = /** @type {HTMLInputElement} */ (field.cloneNode())
    probe.value = text
    return probe.value === text && probe.checkValidity() && text.length <= probe.maxLength
  }

  function dismiss() {
    name = ''
    place.hidden = true
    setText(byId('invitation-name'), '')
  }
  byId('invitation-join').addEventListener('click', () => {
    const accepted = name
    dismiss()
    join(accepted)
  })
  byId('invitation-dismiss').addEventListener('click', () => {
    dismiss()
    field.focus()
  })
  addEventListener('hashchange', read)
  read()
}
