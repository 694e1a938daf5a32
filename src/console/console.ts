// The console: puts its parts together.
import { BASE } from './api.ts'
import { Channels } from './channels.ts'
import { byId } from './dom.ts'
import { wireInvitation } from './invitation.ts'
import { Network } from './network.ts'
import { showOnline } from './online.ts'
import { wirePhoneDialog } from './phone-dialog.ts'
import type { Scope } from './session.ts'
import { wireShareDialog } from './share-dialog.ts'
import { wireTokenForm } from './token-form.ts'

const form = byId('join') as HTMLFormElement
const field = byId('channel') as HTMLInputElement

const join = (name: string, scope: Scope = 'network') => channels.join(name, scope)
const share = wireShareDialog(join)
const phone = wirePhoneDialog()
const channels = new Channels({
  changed: () => network?.refresh(),
  share: name => share.open(name),
  phone: name => phone.open(name)
})
const askAboutUsers = showOnline()
const askForToken = wireTokenForm(() => {
  channels.joinAgain()
  network?.refresh()
  askAboutUsers()
})
let network: Network | undefined = undefined
network = new Network(channels, { askForToken, reached: addresses => share.reached(addresses) })
network.onJoin = join

form.addEventListener('submit', event => {
  event.preventDefault()
  join(field.value, new FormData(form).get('scope') as Scope)
})
byId('new-private').addEventListener('click', () => share.openNew())
wireInvitation(join)
;(byId('brand') as HTMLAnchorElement).href = `${BASE}console`

// A user may have removed the examples (NWS_EXAMPLES=off).
fetch(`${BASE}examples/`, { method: 'HEAD' }).then(
  ({ ok }) => {
    byId('pages').hidden = byId('examples-card').hidden = !ok
  },
  () => {}
)
