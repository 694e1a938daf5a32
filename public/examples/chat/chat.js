// A chat. Messages are JSON text: { name, text }, or { name } alone if a member has a new name. Other programs may send
// plain text, for example with curl. The page shows that too.
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'
import { element } from '../shared/element.js'
import { joinBar } from '../shared/join-bar.js'

const room = element('room', HTMLElement)
const name = element('name', HTMLInputElement)
const people = element('people', HTMLElement)
const messages = element('messages', HTMLElement)
const text = element('text', HTMLInputElement)
const MAX_SHOWN = 500

/** Names of the others, by peer id. @type {Map<string, string>} */
const names = new Map()
/** @type {NetworkWebSocket | undefined} */
let socket

joinBar('webchat', (channel, options) => {
  const made = new NetworkWebSocket(channel, options)
  socket = made
  made.onopen = () => {
    room.hidden = false
    made.send(JSON.stringify({ name: name.value }))
  }
  made.onmessage = ({ data, senderId = '' }) => receive(senderId, data)
  made.onconnect = ({ detail: { target: peer } }) => {
    names.set(peer.id, '')
    peer.onopen = () => peer.send(JSON.stringify({ name: name.value }))
    peer.onmessage = ({ data }) => receive(peer.id, data)
    showPeople()
  }
  made.ondisconnect = ({ detail: { target: peer } }) => {
    show('', `${nameOf(peer.id)} has left.`)
    names.delete(peer.id)
    showPeople()
  }
  made.onclose = () => {
    room.hidden = true
  }
  return made
})

element('write', HTMLFormElement).addEventListener('submit', event => {
  event.preventDefault()
  if (text.value === '' || !socket) return
  socket.send(JSON.stringify({ name: name.value, text: text.value }))
  show('you', text.value, socket.id)
  text.value = ''
})

// A page that connects tells the name when the channel opens.
name.addEventListener('change', () => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ name: name.value }))
})

/** A peer may send anything. @param {string} id @param {string} data */
function receive(id, data) {
  /** @type {{ name?: unknown, text?: unknown }} */
  let said = { text: data }
  try {
    const value = JSON.parse(data)
    if (typeof value === 'object' && value !== null) said = value
  } catch {
    // Plain text.
  }
  if (typeof said.name === 'string') {
    names.set(id, said.name.slice(0, 30))
    showPeople()
  }
  if (typeof said.text === 'string') show(nameOf(id), said.text, id)
}

/** @param {string} id */
function nameOf(id) {
  return names.get(id) || `somebody (${id.slice(0, 4)})`
}

/** Shows a line. Names and texts are set as text, never as HTML. @param {string} who @param {string} what @param {string} [id] */
function show(who, what, id = '') {
  const line = document.createElement('p')
  if (who === '') {
    line.className = 'note'
  } else {
    line.append(coloured('bdi', 'who', who, id))
  }
  line.append(what.slice(0, 5000))
  const atEnd = messages.scrollTop + messages.clientHeight > messages.scrollHeight - 40
  messages.append(line)
  while (messages.childElementCount > MAX_SHOWN) messages.firstElementChild?.remove()
  if (atEnd) messages.scrollTop = messages.scrollHeight
}

function showPeople() {
  people.replaceChildren(...Array.from(names.keys(), id => coloured('li', '', nameOf(id), id)))
}

/** An element in the colour of a peer, which comes from its id. @param {string} tag @param {string} className @param {string} words @param {string} id */
function coloured(tag, className, words, id) {
  const element = document.createElement(tag)
  element.className = `hued ${className}`
  element.textContent = words
  element.style.setProperty(
    '--hue',
    String(Array.from(id).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 360)
  )
  return element
}
