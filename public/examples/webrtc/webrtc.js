// A conference of up to four. The channel tells who is there and carries what the browsers need to find each other
// (the library's helper does that); picture and sound then go from browser to browser.
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'
import { peerConnection } from '../../lib/networkwebsockets-webrtc.js'
import { joinBar } from '../shared/join-bar.js'
import { ownStream } from './own-stream.js'

const [room, videos, hint, camera, microphone] = ['room', 'videos', 'hint', 'camera', 'microphone'].map(id =>
  document.getElementById(id)
)

/** Each sends to each: with more than three others that is too much for one page. */
const MAX_OTHERS = 3

/** Connections with the others, by peer id. */
const connections = new Map()
let stream
let socket

joinBar('video', async (channel, options) => {
  room.hidden = false
  const own = await ownStream()
  stream = own.stream
  hint.textContent = own.problem
  showVideo('own', 'You', stream)
  socket = new NetworkWebSocket(channel, options)
  socket.onconnect = ({ detail: { target: peer } }) => call(peer)
  socket.ondisconnect = ({ detail: { target: peer } }) => {
    connections.delete(peer.id)
    removeVideo(peer.id)
    for (const waiting of socket.peers) call(waiting)
  }
  socket.onclose = () => {
    room.hidden = true
    own.stop()
    videos.replaceChildren()
    connections.clear()
  }
  return socket
})

/** Connects with a peer, who does the same on its side. No STUN server: on one network none is needed. */
function call(peer) {
  if (connections.has(peer.id)) return
  if (connections.size >= MAX_OTHERS) {
    hint.textContent = 'Four are here already; others have to wait until one leaves.'
    return
  }
  const connection = peerConnection(peer)
  connections.set(peer.id, connection)
  connection.ontrack = ({ streams: [theirs] }) => showVideo(peer.id, `Peer ${peer.id.slice(0, 4)}`, theirs)
  connection.onconnectionstatechange = () => {
    if (connection.connectionState !== 'closed' || connections.get(peer.id) !== connection) return
    // The other one has hung up or begun anew.
    connections.delete(peer.id)
    removeVideo(peer.id)
    if (socket.peers.has(peer.id)) call(peer)
  }
  for (const track of stream.getTracks()) connection.addTrack(track, stream)
}

function showVideo(id, words, shown) {
  let figure = [...videos.children].find(({ dataset }) => dataset.id === id)
  if (!figure) {
    figure = document.createElement('figure')
    figure.dataset.id = id
    if (id === 'own') figure.className = id
    const video = Object.assign(document.createElement('video'), {
      autoplay: true,
      playsInline: true,
      muted: id === 'own'
    })
    video.setAttribute('aria-label', words)
    const caption = Object.assign(document.createElement('figcaption'), { textContent: words })
    figure.append(video, caption)
    videos.append(figure)
  }
  figure.firstElementChild.srcObject = shown
}

function removeVideo(id) {
  for (const figure of [...videos.children]) if (figure.dataset.id === id) figure.remove()
}

for (const [button, kind, words] of [
  [camera, 'video', ['Camera off', 'Camera on']],
  [microphone, 'audio', ['Mute', 'Unmute']]
]) {
  button.addEventListener('click', () => {
    const off = button.ariaPressed !== 'true'
    button.ariaPressed = String(off)
    button.textContent = words[Number(off)]
    for (const track of stream?.getTracks() ?? []) if (track.kind === kind) track.enabled = !off
  })
}
