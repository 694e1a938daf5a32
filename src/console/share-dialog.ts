// The dialog that shares a channel: its name, its link and its QR code. It also makes private names. It sends nothing:
// browsers do not send the part of the link behind the #.
import { BASE } from './api.ts'
import { byId, copyFrom, setText } from './dom.ts'
import { drawCode } from './qr-code.ts'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
/** 5 bits each, 160 bits in all. */
const PRIVATE_CHARACTERS = 32

/** A name that nobody can guess. */
export function privateName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(PRIVATE_CHARACTERS)), byte => BASE32[byte % 32]).join('')
}

/** Whether a name can be guessed. The proxies have the same rule. */
export const isGuessable = (name: string) => name.length < 26 || new Set(name).size < 12

/** A link to the console of the computer that opens it, with an invitation. */
export const linkOf = (name: string) => `${BASE}console#join=${name}`

/**
 * The same for a device without a proxy: a link to the console of this computer.
 *
 * @param address such as `http://192.168.1.20:9009`
 */
export const lanLinkOf = (name: string, address: string) => `${address}${new URL(BASE).pathname}console#join=${name}`

export function wireShareDialog(join: (name: string) => void) {
  const dialog = byId('share') as HTMLDialogElement
  let name = ''
  let isNew = false
  /** Address of this computer for devices without a proxy. Empty: they cannot reach it. */
  let lan = ''
  const press = (id: string, action: (button: HTMLElement) => void) => {
    const button = byId(id)
    button.addEventListener('click', () => action(button))
  }
  function show() {
    setText(byId('share-title'), isNew ? 'A private channel' : 'Invite somebody')
    setText(byId('share-name'), name)
    setText(byId('share-link'), linkOf(name))
    setText(
      byId('share-strength'),
      isGuessable(name)
        ? 'Others can guess this name. The channel is as good as public.'
        : 'Nobody can guess this name. Keep it like a key.'
    )
    byId('share-join').hidden = byId('share-another').hidden = !isNew
    const scanned = lan === '' ? linkOf(name) : lanLinkOf(name, lan)
    byId('share-code').replaceChildren(drawCode(scanned))
    setText(byId('share-caption'), lan === '' ? 'the link as a QR code' : 'for phones and TVs')
    byId('share-lan').hidden = lan === ''
    setText(byId('share-lan-link'), lan === '' ? '' : scanned)
  }
  press('share-join', () => {
    dialog.close()
    join(name)
  })
  press('share-copy-link', button => void copyFrom(button, linkOf(name)))
  press('share-copy-name', button => void copyFrom(button, name))
  press('share-another', () => {
    name = privateName()
    show()
  })
  press('share-close', () => dialog.close())
  dialog.addEventListener('click', event => {
    if (event.target === dialog) dialog.close()
  })
  return {
    /** Addresses for devices without a proxy, as the settings allow. */
    reached([address = '']: readonly string[]) {
      if (address === lan) return
      lan = address
      if (dialog.open) show()
    },
    /** Shows a new name. */
    openNew() {
      name = privateName()
      isNew = true
      show()
      dialog.showModal()
    },
    /** Shows a joined channel. */
    open(known: string) {
      name = known
      isNew = false
      show()
      dialog.showModal()
    }
  }
}
