// A conference of up to four people. The channel lists its members, and the library's helper uses it to connect the
// browsers. Picture and sound go from browser to browser.
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'
import { peerConnection } from '../../lib/networkwebsockets-webrtc.js'
import { element } from '../shared/element.js'
import { joinBar } from '../shared/join-bar.js'
import { ownStream } from './own-stream.js'

const room = element('room', HTMLElement)
const videos = element('videos', HTMLElement)
const hint = element('hint', HTMLElement)

/** Each page sends to each other page. More than three others are too much for one page. */
const MAX_OTHERS = 3

/** Connections with the others, by peer id. @type {Map<string, RTCPeerConnection>} */
const connections = new Map()
/** @type {MediaStream} */
let stream
/** @type {NetworkWebSocket} */
let socket

joinBar('video', async (channel, options) => {
  room.hidden = false
  const own = await ownStream()
  stream = own.stream
  showSwitches()
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

/** Connects with a peer, which does the same at its end. One network needs no STUN server. @param {import('../../lib/networkwebsockets.js').PeerWebSocket} peer */
function call(peer) {
  if (connections.has(peer.id)) return
  if (connections.size >= MAX_OTHERS) {
    hint.textContent = 'Four people are in this conference. Others can join when one of them leaves.'
    return
  }
  const connection = peerConnection(peer)
  connections.set(peer.id, connection)
  connection.ontrack = ({ streams: [theirs = null] }) => showVideo(peer.id, `Peer ${peer.id.slice(0, 4)}`, theirs)
  connection.onconnectionstatechange = () => {
    if (connection.connectionState !== 'closed' || connections.get(peer.id) !== connection) return
    // The other page has hung up, or has connected again.
    connections.delete(peer.id)
    removeVideo(peer.id)
    if (socket.peers.has(peer.id)) call(peer)
  }
  for (const track of stream.getTracks()) connection.addTrack(track, stream)
}

const figures = () => videos.querySelectorAll('figure')

/** @param {string} id @param {string} words @param {MediaStream | null} shown */
function showVideo(id, words, shown) {
  let video = [...figures()].find(({ dataset }) => dataset.id === id)?.querySelector('video')
  if (!video) {
    const figure = document.createElement('figure')
    figure.dataset.id = id
    if (id === 'own') figure.className = id
    video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true, muted: id === 'own' })
    video.setAttribute('aria-label', words)
    const caption = Object.assign(document.createElement('figcaption'), { textContent: words })
    figure.append(video, caption)
    videos.append(figure)
  }
  video.srcObject = shown
}

/** @param {string} id */
function removeVideo(id) {
  for (const figure of figures()) if (figure.dataset.id === id) figure.remove()
}

const SWITCHES = [
  { button: element('camera', HTMLButtonElement), kind: 'video', words: ['Camera off', 'Camera on'] },
  { button: element('microphone', HTMLButtonElement), kind: 'audio', words: ['Mute', 'Unmute'] }
]

/** Makes words and tracks agree with the buttons, also after the next join, which makes new tracks. */
function showSwitches() {
  for (const { button, kind, words } of SWITCHES) {
    const off = button.ariaPressed === 'true'
    button.textContent = words[Number(off)] ?? ''
    for (const track of stream?.getTracks() ?? []) if (track.kind === kind) track.enabled = !off
  }
}

for (const { button } of SWITCHES)
  button.addEventListener('click', () => {
    button.ariaPressed = String(button.ariaPressed !== 'true')
    showSwitches()
  })
