// The console page: join a channel, see its peers, send, watch what arrives. Payloads are shown as text, never as markup.
const byId = id => document.getElementById(id)
const LOG_LINES = 500

let socket
let myId

/** Adds a line to the log. */
function log (who, text, kind = '') {
  const line = document.createElement('li')
  line.className = kind
  const name = document.createElement('span')
  name.className = 'who'
  name.textContent = who
  line.append(name, text)
  const list = byId('log')
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8
  list.append(line)
  while (list.childElementCount > LOG_LINES) list.firstElementChild.remove()
  if (atEnd) list.scrollTop = list.scrollHeight
}

const short = id => id === myId ? 'you' : id.slice(0, 8)

function addPeer (id) {
  const item = document.createElement('li')
  item.dataset.id = id
  item.textContent = short(id)
  item.title = id
  byId('peers').append(item)
  const option = document.createElement('option')
  option.value = id
  option.textContent = `${short(id)} (direct message)`
  byId('target').append(option)
}

function removePeer (id) {
  for (const item of [...byId('peers').children]) if (item.dataset.id === id) item.remove()
  for (const option of [...byId('target').options]) if (option.value === id) option.remove()
}

function setJoined (joined, text) {
  byId('state').textContent = text
  byId('leave-button').disabled = !joined
  byId('text').disabled = byId('send-button').disabled = !joined
  if (joined) return
  for (const item of [...byId('peers').children]) removePeer(item.dataset.id)
}

/** Shows a message of the proxy; what is no envelope is ignored. */
function receive (text) {
  const message = JSON.parse(text)
  switch (message.action) {
    case 'status':
      myId = message.source
      setJoined(true, `In the channel. You are ${myId}.`)
      break
    case 'connect':
      addPeer(message.target)
      log(short(message.target), 'is here')
      break
    case 'disconnect':
      removePeer(message.target)
      log(short(message.target), 'has gone')
      break
    case 'broadcast':
    case 'message': {
      const data = typeof message.data === 'string' ? message.data : JSON.stringify(message.data)
      log(`${short(message.source)}${message.action === 'message' ? ' to you' : ''}`, data)
      break
    }
    case 'error':
      log('error', message.message, 'error')
  }
}

function join (name) {
  socket?.close()
  const current = socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/${encodeURIComponent(name)}`)
  setJoined(false, 'Joining …')
  current.onopen = () => current.send('{"action":"status"}')
  current.onmessage = event => { if (socket === current && typeof event.data === 'string') receive(event.data) }
  current.onclose = event => {
    if (socket !== current) return
    socket = undefined
    const why = event.reason || (event.code === 1006 ? 'the proxy does not answer' : '')
    setJoined(false, why === '' ? 'Not in a channel.' : `Not in a channel: ${why}.`)
  }
}

byId('join').addEventListener('submit', event => {
  event.preventDefault()
  join(byId('channel').value)
})

byId('leave-button').addEventListener('click', () => socket?.close(1000))

byId('send').addEventListener('submit', event => {
  event.preventDefault()
  const target = byId('target').value
  const data = byId('text').value
  socket?.send(JSON.stringify(target === '' ? { action: 'broadcast', data } : { action: 'message', target, data }))
  log(target === '' ? 'you' : `you to ${short(target)}`, data)
  byId('text').value = ''
})
