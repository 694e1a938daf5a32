// The page of an invitation: looks at the token behind the `#`, and makes the account. Keeps nothing, and logs nobody in.
const UNKNOWN = 'This invitation does not exist. Check that all of the link was copied.'
const TEXTS = {
  NWS_ERR_BV_INVITE_UNKNOWN: UNKNOWN,
  NWS_ERR_REQUEST_INVALID: UNKNOWN, // Of what is sent, only the token can be so long that it is none.
  NWS_ERR_BV_INVITE_EXPIRED: 'This invitation has expired. Ask for a new one.',
  NWS_ERR_BV_INVITE_USED: 'This invitation was used before. If that was not you, tell whoever gave it to you.',
  NWS_ERR_BV_BUSY: 'Too many people are signing up at this moment. Try again in a few seconds.'
}

const state = document.getElementById('state')
const form = document.getElementById('form')
const { name, password, again } = form.elements
const button = form.querySelector('button')
const token = location.hash.slice(1)

function show(kind, text) {
  state.dataset.state = kind
  state.textContent = text
}

/** Asks the proxy. @returns the answer's body; throws an error with the code of the refusal */
async function ask(what, body) {
  let answer
  try {
    answer = await fetch(what, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body)
    })
  } catch {
    throw new Error('The server cannot be reached. Try again later.')
  }
  const result = await answer.json()
  if (!answer.ok) throw Object.assign(new Error(TEXTS[result.code] ?? result.message), { code: result.code })
  return result
}

function checkAgain() {
  again.setCustomValidity(again.value === password.value ? '' : 'The two passwords differ.')
}

password.addEventListener('input', checkAgain)
again.addEventListener('input', checkAgain)

form.addEventListener('submit', async event => {
  event.preventDefault()
  button.disabled = true
  try {
    const account = await ask('accept', { token, name: name.value, password: password.value })
    form.hidden = true
    history.replaceState(null, '', location.pathname) // The link is of no more use.
    show('done', `The account ${account.name} is yours. Log in where you were invited to.`)
  } catch (error) {
    show('failed', error.message)
    if (error.code?.startsWith('NWS_ERR_BV_INVITE_')) form.hidden = true
  }
  password.value = again.value = ''
  button.disabled = false
})

try {
  if (token === '') throw new Error(UNKNOWN)
  const invitation = await ask('status', { token })
  name.value = invitation.name
  show('open', 'The link is good, once.')
  form.hidden = false
} catch (error) {
  show('failed', error.message)
}
