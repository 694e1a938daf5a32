// Users who trust each other. The page logs in at the proxy that serves it. Its questions to others, its files and its screen go
// straight to their browsers.
import { BoneValue } from '../../lib/bonevalue.js'
import { FileError } from '../../lib/networkwebsockets-files.js'
import { element } from '../shared/element.js'

const login = element('login', HTMLFormElement)
const inside = element('inside', HTMLElement)
const to = element('to', HTMLSelectElement)
const log = element('log', HTMLElement)
const people = element('people', HTMLElement)
const user = element('user', HTMLInputElement)
const password = element('password', HTMLInputElement)
const loginState = element('login-state', HTMLElement)
const text = element('text', HTMLInputElement)
const file = element('file', HTMLInputElement)
const token = element('token', HTMLElement)
const MAX_SHOWN = 300
/** Largest file that this page keeps in memory, bytes. */
const MAX_SIZE = 500e6

const $BV = new BoneValue()
/** This page is at `/examples/bonevalue/`, two folders below the proxy. */
const address = new URL('../../bv/socket', location.href).href
/** @type {MediaStream | undefined} */
let screenStream

// The pages of others may ask this page the following. They may send anything.
$BV.module('Example.Say', (data, { peer }) => {
  show(`${peer.name}: ${String(data?.text).slice(0, 5000)}`)
  return { heardAt: new Date().toLocaleTimeString() }
})
$BV.on('stream', (stream, peer) => {
  const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true, muted: true })
  video.setAttribute('aria-label', `The screen of ${peer.name}`)
  video.srcObject = stream
  const line = show(`${peer.name} shows a screen.`, '', video)
  const over = () => {
    video.remove()
    show(`${peer.name} shows it no more.`, 'quiet')
  }
  stream.addEventListener('removetrack', over, { once: true })
  for (const track of stream.getTracks()) track.addEventListener('ended', over, { once: true })
  line.scrollIntoView({ block: 'nearest' })
})
$BV.onfile = offer => {
  const words = `${offer.name} (${sizeInWords(offer.size)})`
  const answer = (/** @type {string} */ words) =>
    Object.assign(document.createElement('button'), { type: 'button', className: 'plain', textContent: words })
  const [yes, no] = [answer('Take it'), answer('No')]
  const sender = nameOf(offer.peer)
  const line = show(`${sender} wants to send ${words}.`, '', yes, no)
  const said = /** @type {Element} */ (line.firstElementChild)
  const decided = (/** @type {string} */ words) => {
    for (const button of [yes, no]) button.remove()
    said.textContent = words
  }
  offer.signal.addEventListener('abort', () => {
    if (yes.isConnected) decided(`${sender} wanted to send ${words}. ${offer.signal.reason.message}`)
  })
  no.addEventListener('click', () => {
    decided(`${sender} wanted to send ${words}.`)
    offer.refuse()
  })
  yes.addEventListener('click', () => {
    decided(`${words} comes from ${sender} …`)
    offer.accept({ maxBytes: MAX_SIZE }).then(
      files => {
        decided(`${words} came from ${sender}.`)
        for (const { blob, name } of files)
          line.append(
            Object.assign(document.createElement('a'), {
              href: URL.createObjectURL(/** @type {Blob} */ (blob)),
              download: name,
              textContent: `Save ${name}`
            })
          )
      },
      error => decided(`${words} from ${sender}: ${error instanceof FileError ? error.message : 'It did not come.'}`)
    )
  })
}

for (const event of /** @type {const} */ (['peerconnect', 'peerdisconnect', 'newuser', 'userremove']))
  $BV.on(event, showPeople)
$BV.on('connect', () => {
  login.hidden = true
  inside.hidden = false
  // After a reload the field is empty.
  user.value ||= sessionStorage.getItem('user') ?? ''
  sessionStorage.setItem('user', user.value)
  element('self', HTMLElement).textContent = `You are ${user.value}. This page is peer ${$BV.getId()}.`
})
$BV.on('disconnect', () => {
  if ($BV.getId() !== null) {
    element('self', HTMLElement).textContent =
      'The proxy does not answer. Connections with other users stay. Trying again …'
    return
  }
  login.hidden = false
  inside.hidden = true
})
$BV.on('error', ({ err }) => {
  loginState.textContent = err
})

login.addEventListener('submit', event => {
  event.preventDefault()
  loginState.textContent = 'Logging in …'
  $BV.connect(address, user.value, password.value, { storage: sessionStorage }).then(
    () => {
      password.value = loginState.textContent = ''
      text.focus()
    },
    () => {}
  ) // The event `error` says why.
})
element('leave', HTMLElement).addEventListener('click', () => $BV.disconnect())

element('ask', HTMLElement).addEventListener('submit', event => {
  event.preventDefault()
  const { value } = text
  const started = performance.now()
  if (isNobodyOnline()) return
  show(`You, to ${to.selectedOptions[0]?.textContent}: ${value}`)
  for (const peer of $BV.get(to.value).peers())
    peer.request('Example.Say', { text: value }).then(
      ({ heardAt }) => {
        const ms = (performance.now() - started).toFixed(1)
        show(`${peer.name} heard it at ${heardAt}; the answer took ${ms} ms.`, 'quiet')
      },
      error => show(`${peer.name}: ${error.message}`, 'bad')
    )
  text.value = ''
})
element('choose', HTMLElement).addEventListener('click', () => file.click())
file.addEventListener('change', () => {
  const [chosen] = file.files ?? []
  if (chosen && !isNobodyOnline()) for (const peer of $BV.get(to.value).peers()) void send(chosen, peer)
  file.value = ''
})

const screenButton = element('screen', HTMLButtonElement)
screenButton.addEventListener('click', async () => {
  if (screenStream !== undefined) return hideScreen()
  if (isNobodyOnline()) return
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: true })
    screenStream = stream
    screenButton.textContent = 'Hide my screen'
    for (const peer of $BV.get(to.value).peers()) void peer.addStream(stream)
    show(`${to.selectedOptions[0]?.textContent} can see your screen.`, 'quiet')
    stream.getVideoTracks()[0]?.addEventListener('ended', hideScreen)
  } catch {
    show('The screen cannot be shown. Browsers allow it on https pages and on http://localhost.', 'bad')
  }
})

function hideScreen() {
  if (screenStream === undefined) return
  for (const peer of $BV.get('*').peers()) peer.removeStream(screenStream)
  for (const track of screenStream.getTracks()) track.stop()
  screenStream = undefined
  screenButton.textContent = 'Show my screen'
  show('You show your screen no more.', 'quiet')
}

/** Says so if there is no page to ask. */
function isNobodyOnline() {
  if ($BV.get(to.value).peers().length > 0) return false
  const who = to.value === '*' ? 'Nobody is online' : `${to.selectedOptions[0]?.textContent} is not online`
  show(`${who}. Nothing was sent.`, 'bad')
  return true
}

/** @param {File} file @param {{ id: string, name: string }} peer */
async function send(file, peer) {
  const line = show(`${file.name} for ${peer.name}: waiting for an answer …`, 'quiet')
  const progress = /** @type {Element} */ (line.firstElementChild)
  let started = performance.now()
  try {
    const { refused } = await $BV.sendFile(file, {
      to: peer.id,
      onProgress: ({ state, bytes }) => {
        if (state !== 'receiving') return
        if (bytes === 0) started = performance.now()
        progress.textContent = `${file.name} for ${peer.name}: ${Math.floor((bytes / Math.max(1, file.size)) * 100)} %`
      }
    })
    const [no] = refused
    if (no !== undefined) throw new FileError(no.code)
    const seconds = Math.max(0.001, (performance.now() - started) / 1000)
    progress.textContent = `${file.name} is at ${peer.name}'s, ${(file.size / 1e6 / seconds).toFixed(1)} MB/s.`
  } catch (error) {
    line.className = 'bad'
    progress.textContent = `${file.name} for ${peer.name}: ${/** @type {Error} */ (error).message}`
  }
}

/** The name that this page's user has given to the user of a peer. @param {string} peer */
function nameOf(peer) {
  return $BV.get(peer).peers()[0]?.name ?? 'Somebody'
}

/** @param {number | undefined} bytes */
function sizeInWords(bytes) {
  if (bytes === undefined) return 'of unknown size'
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(0)} KB` : `${(bytes / 1e6).toFixed(1)} MB`
}

element('make', HTMLElement).addEventListener('submit', event => {
  event.preventDefault()
  tell(
    'make-state',
    $BV.requestToken(element('make-alias', HTMLInputElement).value).then(made => {
      token.textContent = made.token
      element('token-line', HTMLElement).hidden = false
      return ''
    })
  )
})
element('copy', HTMLElement).addEventListener(
  'click',
  () =>
    void navigator.clipboard.writeText(token.textContent ?? '').then(
      () => {
        element('copy', HTMLElement).textContent = 'Copied'
      },
      () => {}
    )
)
const claim = element('claim', HTMLFormElement)
claim.addEventListener('submit', event => {
  event.preventDefault()
  const [alias, token] = [element('claim-alias', HTMLInputElement), element('claim-token', HTMLInputElement)]
  tell(
    'claim-state',
    $BV.claimToken(alias.value, token.value.trim()).then(({ alias }) => {
      claim.reset()
      return `You and ${alias} trust each other now.`
    })
  )
})

/** Shows the result of a request, or why it failed. @param {string} id @param {Promise<string>} promise */
function tell(id, promise) {
  promise.then(
    words => {
      element(id, HTMLElement).textContent = words
    },
    ({ err }) => {
      element(id, HTMLElement).textContent = err
    }
  )
}

/** Shows a line. Text is set as text, never as HTML. @param {string} words @param {string} [className] @param {...Node} more */
function show(words, className = '', ...more) {
  const line = Object.assign(document.createElement('p'), { className })
  line.append(Object.assign(document.createElement('span'), { textContent: words }), ...more)
  const atEnd = log.scrollTop + log.clientHeight > log.scrollHeight - 40
  log.append(line)
  while (log.childElementCount > MAX_SHOWN) log.firstElementChild?.remove()
  if (atEnd) log.scrollTop = log.scrollHeight
  return line
}

function showPeople() {
  const users = $BV.getUsers()
  const own = $BV.get('Us').peers().length
  people.replaceChildren(
    ...[...(own > 0 ? ['Us'] : []), ...users].map(alias => {
      const count = $BV.get(alias).peers().length
      const item = document.createElement('li')
      const dot = Object.assign(document.createElement('span'), { className: count > 0 ? 'dot good' : 'dot' })
      const name = Object.assign(document.createElement('span'), { className: 'name', textContent: alias })
      const words = Object.assign(document.createElement('span'), {
        className: 'small quiet',
        textContent: count === 0 ? 'not online' : count === 1 ? 'one page' : `${count} pages`
      })
      item.append(dot, name, words)
      if (alias === 'Us') return item
      const remove = Object.assign(document.createElement('button'), {
        type: 'button',
        className: 'plain',
        textContent: 'Trust no more',
        ariaLabel: `Trust no more: ${alias}`
      })
      remove.addEventListener('click', () =>
        tell(
          'claim-state',
          $BV.removeUser(alias).then(() => `You and ${alias} trust each other no more.`)
        )
      )
      item.append(remove)
      return item
    })
  )
  element('nobody', HTMLElement).hidden = people.childElementCount > 0
  const chosen = to.value || '*'
  const places = /** @type {[string, string][]} */ ([
    ['*', 'everybody'],
    ...(own > 0 ? [['Us', 'my other pages']] : []),
    ...users.map(alias => [alias, alias])
  ])
  // A message for one user must not go to everybody when that user is gone.
  if (!places.some(([value]) => value === chosen)) places.push([chosen, `${chosen} (gone)`])
  to.replaceChildren(...places.map(([value, words]) => new Option(words, value, false, value === chosen)))
}
showPeople()

element('new-account', HTMLElement).addEventListener('click', async () => {
  const words = element('new-account-words', HTMLElement)
  const answer = await fetch('../../api/users', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}'
  }).catch(() => undefined)
  const body = await answer?.json().catch(() => undefined)
  if (!answer?.ok) {
    words.textContent = body?.message ?? 'The proxy does not answer.'
    return
  }
  const link = Object.assign(document.createElement('a'), {
    href: body.link,
    target: '_blank',
    rel: 'noopener',
    textContent: 'this link'
  })
  words.replaceChildren('Open ', link, ', or give it to a person. It works once, for three days.')
})

// The proxy tells this only to pages on its own computer.
const state = await fetch('../../api/rendezvous').then(
  answer => answer.json(),
  () => ({})
)
element('off', HTMLElement).hidden = state.state !== 'off'
login.hidden = state.state === 'off'
// After a reload the page is still logged in.
if (state.state === 'on') $BV.connect(address, { storage: sessionStorage }).catch(() => {})
