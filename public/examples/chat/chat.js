// A chat. What is sent to the channel is JSON text: { name, text } for a message, { name } alone to say who one is.
// Other programs may send plain text, for example with curl: it is shown as well.
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'
import { joinBar } from '../shared/join-bar.js'

const [room, name, people, messages, write, text] = ['room', 'name', 'people', 'messages', 'write', 'text'].map(id =>
  document.getElementById(id)
)
const MAX_SHOWN = 500

/** Names of the others, by peer id. */
const names = new Map()
let socket

joinBar('webchat', (channel, options) => {
  socket = new NetworkWebSocket(channel, options)
  room.hidden = false
  socket.onopen = () => socket.send(JSON.stringify({ name: name.value }))
  socket.onmessage = ({ data, senderId }) => receive(senderId, data)
  socket.onconnect = ({ detail: { target: peer } }) => {
    names.set(peer.id, '')
    peer.onopen = () => peer.send(JSON.stringify({ name: name.value }))
    peer.onmessage = ({ data }) => receive(peer.id, data)
    showPeople()
  }
  socket.ondisconnect = ({ detail: { target: peer } }) => {
    show('', `${nameOf(peer.id)} has left.`)
    names.delete(peer.id)
    showPeople()
  }
  socket.onclose = () => {
    room.hidden = true
  }
  return socket
})

write.addEventListener('submit', event => {
  event.preventDefault()
  if (text.value === '' || !socket) return
  socket.send(JSON.stringify({ name: name.value, text: text.value }))
  show('you', text.value, socket.id)
  text.value = ''
})

name.addEventListener('change', () => socket?.send(JSON.stringify({ name: name.value })))

/** Whatever a peer sends: it may be anything. */
function receive(id, data) {
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

function nameOf(id) {
  return names.get(id) || `somebody (${id.slice(0, 4)})`
}

/** Shows a line. Names and texts are set as text, never as HTML. */
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
  while (messages.childElementCount > MAX_SHOWN) messages.firstElementChild.remove()
  if (atEnd) messages.scrollTop = messages.scrollHeight
}

function showPeople() {
  people.replaceChildren(...Array.from(names.keys(), id => coloured('li', '', nameOf(id), id)))
}

/** An element in the colour of a peer, which comes from its id. */
function coloured(tag, className, words, id) {
  const element = document.createElement(tag)
  element.className = `hued ${className}`
  element.textContent = words
  element.style.setProperty('--hue', String([...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 360))
  return element
}
