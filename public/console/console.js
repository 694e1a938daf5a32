// The console: puts its parts together.
import { BASE } from './api.js'
import { Channels } from './channels.js'
import { byId } from './dom.js'
import { wireInvitation } from './invitation.js'
import { Network } from './network.js'
import { showOnline } from './online.js'
import { wirePhoneDialog } from './phone-dialog.js'
import { wireShareDialog } from './share-dialog.js'
import { wireTokenForm } from './token-form.js'

/** @typedef {import('./channels.js').Scope} Scope */

const form = /** @type {HTMLFormElement} */ (byId('join'))
const field = /** @type {HTMLInputElement} */ (byId('channel'))

const join = (/** @type {string} */ name, /** @type {Scope} */ scope = 'network') => channels.join(name, scope)
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
/** @type {Network | undefined} */
let network = undefined
network = new Network(channels, { askForToken, reached: addresses => share.reached(addresses) })
network.onJoin = join

form.addEventListener('submit', event => {
  event.preventDefault()
  join(field.value, /** @type {Scope} */ (new FormData(form).get('scope')))
})
byId('new-private').addEventListener('click', () => share.openNew())
wireInvitation(join)
;/** @type {HTMLAnchorElement} */ (byId('brand')).href = `${BASE}console`

// A user may have removed the examples (NWS_EXAMPLES=off).
fetch(`${BASE}examples/`, { method: 'HEAD' }).then(
  ({ ok }) => {
    byId('pages').hidden = byId('examples-card').hidden = !ok
  },
  () => {}
)
