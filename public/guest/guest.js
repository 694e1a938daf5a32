// The page that a guest sees first: chat and files in the channel of the invitation, and the way to the whiteboard and the
// game. It speaks the messages of the chat example: { name, text }.
import { NetworkWebSocket } from '../lib/networkwebsockets.js'
import { joinBar } from '../examples/shared/join-bar.js'

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id))
const name = /** @type {HTMLInputElement} */ (byId('name'))
const text = /** @type {HTMLInputElement} */ (byId('text'))
const file = /** @type {HTMLInputElement} */ (byId('file'))
const messages = byId('messages')
const MAX_SHOWN = 300

/** Names of the others, by peer id. @type {Map<string, string>} */
const names = new Map()
/** @type {NetworkWebSocket | undefined} */
let socket

joinBar('', (channel, options) => {
  const made = new NetworkWebSocket(channel, options)
  socket = made
  byId('channel').textContent = channel
  made.onopen = () => {
    byId('room').hidden = false
    made.send(JSON.stringify({ name: name.value }))
  }
  made.onmessage = ({ data, senderId = '' }) => receive(senderId, data)
  made.onconnect = ({ detail: { target: peer } }) => {
    names.set(peer.id, '')
    peer.onopen = () => peer.send(JSON.stringify({ name: name.value }))
    peer.onmessage = ({ data }) => receive(peer.id, data)
  }
  made.ondisconnect = ({ detail: { target: peer } }) => {
    show('', `${nameOf(peer.id)} has left.`)
    names.delete(peer.id)
  }
  made.onfile = showOffer
  made.onclose = () => {
    byId('room').hidden = true
  }
  return made
})

/** Takes the message of a peer, which may be anything. @param {string} id @param {unknown} data */
function receive(id, data) {
  /** @type {{ name?: unknown, text?: unknown }} */
  let said = { text: data }
  try {
    const value = JSON.parse(String(data))
    if (typeof value === 'object' && value !== null) said = value
  } catch {
    // Plain text.
  }
  if (typeof said.name === 'string') names.set(id, said.name.slice(0, 30))
  if (typeof said.text === 'string') show(nameOf(id), said.text)
}

/** @param {string} id */
function nameOf(id) {
  return names.get(id) || `guest ${id.slice(0, 4)}`
}

/** Shows a line. Names and texts are never HTML. @param {string} who empty: a note @param {string} what */
function show(who, what) {
  const line = document.createElement('p')
  if (who === '') line.className = 'note'
  else line.append(Object.assign(document.createElement('bdi'), { className: 'who', textContent: who }))
  line.append(what.slice(0, 5000))
  messages.append(line)
  if (messages.childElementCount > MAX_SHOWN) messages.firstElementChild?.remove()
  messages.scrollTop = messages.scrollHeight
}

/** @param {import('../lib/networkwebsockets.js').FileOffer} offer */
function showOffer(offer) {
  const row = document.createElement('li')
  const words = document.createElement('span')
  const size = offer.size === undefined ? '' : `, ${bytesText(offer.size)}`
  const title = `${offer.name}${offer.files > 1 ? ` (${offer.files} files)` : ''}${size}`
  words.textContent = `${nameOf(offer.peer)} sends ${title}`
  const take = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'main',
    textContent: 'Take'
  })
  const refuse = Object.assign(document.createElement('button'), { type: 'button', textContent: 'No' })
  row.append(words, take, refuse)
  byId('offers').append(row)
  let isTaken = false
  offer.signal.addEventListener('abort', () => {
    if (!isTaken) row.remove()
  })
  refuse.addEventListener('click', () => {
    offer.refuse()
    row.remove()
  })
  take.addEventListener('click', () => {
    isTaken = true
    take.remove()
    refuse.remove()
    offer
      .accept({
        onProgress: ({ bytes, size }) => {
          words.textContent = size ? `${title}: ${Math.floor((bytes / size) * 100)} %` : title
        }
      })
      .then(
        files => row.replaceWith(...files.map(saved)),
        error => {
          words.textContent = `${title}: ${error.message}`
        }
      )
  })
}

/** A link that saves a file. @param {import('../lib/networkwebsockets.js').ReceivedFile} file */
function saved({ name, size, blob }) {
  const row = document.createElement('li')
  const link = document.createElement('a')
  // A browser must not show it as the type that the sender names.
  link.href = URL.createObjectURL(new Blob([/** @type {Blob} */ (blob)], { type: 'application/octet-stream' }))
  link.download = name
  link.textContent = `Save ${name}, ${bytesText(size)}`
  row.append(link)
  return row
}

/** @param {number} bytes */
function bytesText(bytes) {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}

byId('write').addEventListener('submit', event => {
  event.preventDefault()
  if (text.value === '' || socket === undefined) return
  socket.send(JSON.stringify({ name: name.value, text: text.value }))
  show('you', text.value)
  text.value = ''
})

// A page that connects tells the name when the channel opens.
name.addEventListener('change', () => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ name: name.value }))
})

byId('attach').addEventListener('click', () => file.click())
file.addEventListener('change', async () => {
  const files = Array.from(file.files ?? [], source => ({ name: source.name, type: source.type, source }))
  file.value = ''
  const words = byId('sending')
  if (files.length === 0 || socket === undefined) return
  const title = files.length === 1 ? files[0]?.name : `${files.length} files`
  if (socket.peers.size === 0) {
    words.textContent = 'No other peer is here to take the file.'
    return
  }
  words.textContent = `${title}: waiting until the others take it …`
  try {
    const { completed, refused } = await socket.sendFiles(files, {
      from: name.value,
      onProgress: ({ bytes, size }) => {
        words.textContent = `${title}: ${size ? Math.floor((bytes / size) * 100) : 0} % sent`
      }
    })
    words.textContent = `${title}: ${completed.length} took it, ${refused.length} did not.`
  } catch (error) {
    words.textContent = `${title}: ${/** @type {Error} */ (error).message}`
  }
})
