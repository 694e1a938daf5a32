// The page of an invitation: reads the token behind the `#` and makes the account, or sets a new password. It keeps nothing and
// does not log in.
const UNKNOWN = 'This invitation does not exist. Check that the whole link was copied.'
/** @type {Record<string, string | undefined>} */
const TEXTS = {
  NWS_ERR_BV_INVITE_UNKNOWN: UNKNOWN,
  NWS_ERR_REQUEST_INVALID: UNKNOWN, // Of the fields only the token can be too long.
  NWS_ERR_BV_INVITE_EXPIRED: 'This invitation has expired. Ask for a new one.',
  NWS_ERR_BV_INVITE_USED: 'This invitation was used before. If you did not use it, tell the person who gave it to you.',
  NWS_ERR_BV_BUSY: 'Too many people are signing up. Try again in a few seconds.'
}

const state = /** @type {HTMLElement} */ (document.getElementById('state'))
const form = /** @type {HTMLFormElement} */ (document.getElementById('form'))
const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name))
const [name, password, again] = [field('name'), field('password'), field('again')]
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'))
const heading = /** @type {HTMLElement} */ (document.querySelector('h1'))
const words = /** @type {HTMLElement} */ (form.querySelector('p'))
const token = location.hash.slice(1)
/** Whether the link sets a new password of an account that exists. */
let isReset = false

/** @param {string} kind @param {string} text */
function show(kind, text) {
  state.dataset['state'] = kind
  state.textContent = text
}

/**
 * Asks the proxy.
 *
 * @param {'accept' | 'status'} what
 * @param {Record<string, string>} body
 * @returns the body of the answer
 * @throws an error with the code of the refusal
 */
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
    history.replaceState(null, '', location.pathname) // The link does not work again.
    show(
      'done',
      isReset
        ? 'The new password is set. You can log in now.'
        : `The account ${account.name} is yours. You can log in now.`
    )
  } catch (problem) {
    const error = /** @type {Error & { code?: string }} */ (problem)
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
  isReset = invitation.reset
  name.readOnly = isReset
  if (isReset) {
    document.title = heading.textContent = 'Your new password'
    words.textContent = 'Choose a new password.'
    button.textContent = 'Set the password'
  }
  show('open', 'This link works once.')
  form.hidden = false
} catch (error) {
  show('failed', /** @type {Error} */ (error).message)
}

// Another link in the same tab is another invitation.
addEventListener('hashchange', () => {
  if (location.hash !== '') location.reload()
})
