// Handles a link `…/console#join=<name>`: removes the name from the address bar, and asks before it joins.
import { byId, setText } from './dom.ts'

export function wireInvitation(join: (name: string) => void) {
  const place = byId('invitation')
  const field = byId('channel') as HTMLInputElement
  let name = ''

  function read() {
    if (!location.hash.startsWith('#join=')) return
    const wished = location.hash.slice('#join='.length)
    history.replaceState(history.state, '', location.pathname)
    if (!isName(wished)) return
    name = wished
    setText(byId('invitation-name'), name)
    place.hidden = false
    place.focus() // So a screen reader reads it. Enter alone does not join.
  }

  /** Whether a text is a channel name. The field has the grammar. */
  function isName(text: string) {
    const probe = field.cloneNode() as HTMLInputElement
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
