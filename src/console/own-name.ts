// The words of this computer and the name that the user gives it. Other computers get the name if they share a channel.
import type { Health } from './answers.ts'
import { send } from './api.ts'
import { byId, setText } from './dom.ts'
import { short } from './format.ts'

/** @param changed called when the proxy has another name @returns shows the name of the proxy */
export function wireOwnName(changed: () => void): (health: Health) => void {
  const form = byId('name-form') as HTMLFormElement
  const field = byId('name') as HTMLInputElement
  const open = byId('name-open')
  let name = ''

  function show(isOpen: boolean): void {
    form.hidden = !isOpen
    open.hidden = isOpen
    setText(byId('name-wrong'), '')
    if (!isOpen) return
    field.value = name
    field.focus()
  }
  open.addEventListener('click', () => show(true))
  byId('name-dismiss').addEventListener('click', () => {
    show(false)
    open.focus()
  })
  form.addEventListener('submit', event => {
    event.preventDefault()
    send('PUT', 'name', { name: field.value.trim() }).then(
      () => {
        show(false)
        open.focus()
        changed()
      },
      (error: unknown) => setText(byId('name-wrong'), (error as Error).message)
    )
  })
  return ({ proxyId, proxyName = '' }) => {
    byId('own').hidden = proxyId === undefined
    if (proxyId === undefined) return
    name = proxyName
    setText(byId('own-name'), name === '' ? short(proxyId) : name)
    setText(byId('own-words'), name === '' ? '' : `(${short(proxyId)})`)
    setText(open, name === '' ? 'Give it a name …' : 'Change the name …')
  }
}
