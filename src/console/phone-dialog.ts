// The dialog that invites phones to a channel: it opens an invitation, shows its QR code, and shows and removes the guests.
// The invitation stays open after the dialog is closed.
import { get, send } from './api.ts'
import { byId, copyFrom, keep, make, setText } from './dom.ts'
import { plural, short } from './format.ts'
import { drawCode } from './qr-code.ts'

export type Guest = { id: string; connectedAt: string }
export type Invitation = {
  id: string
  channel?: string
  page: string
  url: string
  urls: string[]
  expiresAt: string
  guests: { now: number; max: number; list: Guest[] }
}

/** Time between two looks at the guests, milliseconds. */
const POLL_MS = 1000
/** After this time without a guest the dialog says what may be wrong. Milliseconds. */
const PATIENCE_MS = 20_000

/** Invitations of this page, by channel. */
const made = new Map<string, string>()

export function wirePhoneDialog() {
  const dialog = byId('phone') as HTMLDialogElement
  const page = byId('phone-page') as HTMLSelectElement
  const address = byId('phone-address') as HTMLSelectElement
  let channel = ''
  let invitation: Invitation | undefined
  let shown = ''
  let openedAt = 0
  let timer = 0

  function fail(error: unknown) {
    setText(byId('phone-error'), error instanceof Error ? error.message : '')
    byId('phone-error').hidden = false
  }

  async function invite() {
    byId('phone-error').hidden = true
    try {
      const known = made.get(channel)
      invitation = (await list()).find(({ id }) => id === known)
      if (invitation === undefined) {
        const { id } = await send<{ id: string }>('POST', 'invitations', { channel, page: page.value })
        made.set(channel, id)
        invitation = (await list()).find(each => each.id === id)
      }
      if (invitation !== undefined) page.value = invitation.page
      show()
    } catch (error) {
      fail(error)
    }
  }

  const list = (): Promise<Invitation[]> => get('invitations')

  async function close() {
    const known = made.get(channel)
    made.delete(channel)
    if (known !== undefined) await send('DELETE', `invitations/${known}`).catch(fail)
    invitation = undefined
  }

  async function poll() {
    if (!dialog.open) return
    try {
      const known = made.get(channel)
      const now = (await list()).find(({ id }) => id === known)
      if (known !== undefined && now === undefined) {
        made.delete(channel)
        invitation = undefined
        fail(new Error('The invitation is over.'))
      }
      invitation = now ?? invitation
      show()
    } catch (error) {
      fail(error)
    }
    timer = setTimeout(() => void poll(), POLL_MS)
  }

  function show() {
    const { urls = [], url = '', guests = { now: 0, max: 0, list: [] } } = invitation ?? {}
    keep(
      address,
      urls.map(each => new URL(each).host),
      host => host,
      host => make('option', { value: host, textContent: host })
    )
    byId('phone-address-row').hidden = urls.length < 2
    const chosen = urls.find(each => new URL(each).host === address.value) ?? url
    if (chosen !== shown) {
      shown = chosen
      byId('phone-code').replaceChildren(...(chosen === '' ? [] : [drawCode(chosen)]))
      setText(byId('phone-link'), chosen)
    }
    byId('phone-no-address').hidden = invitation === undefined || chosen !== ''
    const isEmpty = guests.now === 0
    setText(
      byId('phone-state'),
      invitation === undefined
        ? ''
        : `${isEmpty ? 'No guest has come yet.' : `${plural(guests.now, 'guest')} in.`} ${plural(guests.max, 'place')} until ${new Date(invitation.expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}.`
    )
    if (isEmpty && performance.now() - openedAt > PATIENCE_MS) (byId('phone-help') as HTMLDetailsElement).open = true
    keep(
      byId('phone-guests'),
      guests.list,
      ({ id }) => id,
      ({ id }) => {
        const remove = make('button', { type: 'button', textContent: 'Remove' })
        remove.addEventListener('click', () => {
          remove.disabled = true
          const known = made.get(channel)
          void send('DELETE', `invitations/${known}/guests/${id}`).catch(fail)
        })
        return make('li', { className: 'row spread' }, make('span', { className: 'mono' }, short(id)), remove)
      }
    )
  }

  address.addEventListener('change', show)
  page.addEventListener('change', () => {
    // Guests have the old page, so its invitation ends.
    void close().then(invite)
  })
  byId('phone-copy').addEventListener('click', event => copyFrom(event.currentTarget as HTMLElement, shown))
  byId('phone-end').addEventListener('click', () => {
    void close().then(() => dialog.close())
  })
  byId('phone-close').addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => clearTimeout(timer))
  dialog.addEventListener('click', event => {
    if (event.target === dialog) dialog.close()
  })

  return {
    /** Opens an invitation to a channel, or shows the open one. */
    open(name: string) {
      channel = name
      invitation = undefined
      openedAt = performance.now()
      show()
      dialog.showModal()
      void invite().then(poll)
    }
  }
}
