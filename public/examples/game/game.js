// Pong for two. The left player's page computes the ball and sends its place to all. The right player's page sends the
// place of its paddle. Other pages draw the positions that they receive. The rules are in pong.js.
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'
import { element } from '../shared/element.js'
import { joinBar } from '../shared/join-bar.js'
import { Latency } from './latency.js'
import { fly, HEIGHT, hit, PADDLE, serve, WIDTH, within } from './pong.js'

/** @typedef {import('../../lib/networkwebsockets.js').PeerWebSocket} PeerWebSocket */
/** @typedef {'left' | 'right'} Side */

/** @type {readonly Side[]} */
const SIDES = ['left', 'right']
const room = element('room', HTMLElement)
const field = element('field', HTMLCanvasElement)
const buttons = { left: element('left', HTMLButtonElement), right: element('right', HTMLButtonElement) }
const context = /** @type {CanvasRenderingContext2D} */ (field.getContext('2d'))
/** Time between two messages with the places of ball and paddles: 30 a second. Milliseconds. */
const TELL_MS = 33
const KEY_SPEED = 560

/** @type {Record<string, number | undefined>} */
const DIRECTIONS = { ArrowUp: -1, ArrowDown: 1 }

/** @type {NetworkWebSocket} */
let socket
/** @type {Latency | undefined} */
let latency
/** The id of the peer on each side. An empty id: the seat is free. @type {Record<Side, string>} */
let seats = { left: '', right: '' }
let paddles = { left: HEIGHT / 2, right: HEIGHT / 2 }
let score = { left: 0, right: 0 }
let ball = serve(1, 0)
let pressed = 0
let lastFrame = 0
let lastTold = 0

joinBar('pong', (channel, options) => {
  socket = new NetworkWebSocket(channel, options)
  latency = new Latency(opponent, showLatency)
  seats = { left: '', right: '' }
  let id = ''
  socket.onopen = () => {
    // A seat can be taken only now, because others have to hear of it.
    if (room.hidden) {
      room.hidden = false
      lastFrame = performance.now()
      requestAnimationFrame(play)
    }
    // After a reconnection this page has a new id and keeps its seat.
    for (const side of SIDES) if (id !== '' && seats[side] === id) sit(side)
    id = socket.id
    show()
  }
  socket.onmessage = ({ data, senderId = '' }) => receive(data, senderId)
  socket.onconnect = ({ detail: { target: peer } }) => {
    peer.onmessage = ({ data }) => receive(data, peer.id, peer)
    peer.onopen = () => {
      if (mySide()) peer.send(JSON.stringify({ sit: mySide() }))
    }
  }
  socket.ondisconnect = ({ detail: { target: peer } }) => {
    for (const side of SIDES) if (seats[side] === peer.id) seats[side] = ''
    show()
  }
  socket.onclose = () => {
    latency?.stop()
    room.hidden = true
  }
  return socket
})

/** @returns {Side | undefined} */
function mySide() {
  const id = socket?.id
  return id ? SIDES.find(side => seats[side] === id) : undefined
}
const opponent = () => socket.peers.get(mySide() === 'left' ? seats.right : seats.left)

/** @param {Side} side */
function sit(side) {
  if (seats[side] !== socket.id && socket.peers.has(seats[side])) return
  if (mySide() && mySide() !== side) stand()
  seats[side] = socket.id
  score = { left: 0, right: 0 }
  socket.send(JSON.stringify({ sit: side }))
  field.focus()
  show()
}

function stand() {
  socket.send(JSON.stringify({ stand: true }))
  for (const side of SIDES) if (seats[side] === socket.id) seats[side] = ''
  show()
}

/** Others may send anything. @param {string} data @param {string} from @param {PeerWebSocket} [peer] the sender of a direct message */
function receive(data, from, peer) {
  let message
  try {
    message = Object(JSON.parse(data))
  } catch {
    return
  }
  const { ball: theirs } = message
  const side = SIDES.find(each => each === message.sit)
  if (side) {
    // If both sat down at once, the smaller id stays.
    if (!(seats[side] === socket.id || socket.peers.has(seats[side])) || from < seats[side]) seats[side] = from
    if (seats.left === seats.right) seats[side === 'left' ? 'right' : 'left'] = ''
    score = { left: 0, right: 0 }
    show()
  } else if (message.stand === true) {
    for (const each of SIDES) if (seats[each] === from) seats[each] = ''
    show()
  } else if (from === seats.left && isState(theirs)) {
    const [x, y, vx, vy, left, right, forLeft, forRight] = theirs
    ball = { x, y, vx, vy }
    paddles.left = within(left)
    if (mySide() !== 'right') paddles.right = within(right)
    score = { left: Math.trunc(forLeft), right: Math.trunc(forRight) }
    showScore()
  } else if (from === seats.right && Number.isFinite(message.paddle)) {
    paddles.right = within(message.paddle)
  } else if (peer && Number.isFinite(message.ping)) {
    peer.send(JSON.stringify({ pong: message.ping }))
  } else if (peer && Number.isFinite(message.pong)) {
    latency?.answered(message.pong)
  }
}

/** Whether a value has the places of ball and paddles: eight numbers of a sensible size. @param {unknown} theirs */
const isState = theirs =>
  Array.isArray(theirs) && theirs.length === 8 && theirs.every(value => Math.abs(value) < 10_000)

/** @param {number} now */
function play(now) {
  if (room.hidden) return
  const seconds = Math.min(0.1, (now - lastFrame) / 1000)
  lastFrame = now
  const side = mySide()
  if (side) paddles[side] = within(paddles[side] + pressed * KEY_SPEED * seconds)
  if (seats.left && seats.right) {
    ball = fly(ball, seconds)
    if (side === 'left') judge()
    else ball.x = Math.min(WIDTH + 40, Math.max(-40, ball.x))
  }
  if (side && now - lastTold >= TELL_MS && socket.readyState === socket.OPEN) {
    lastTold = now
    if (side === 'right') socket.send(JSON.stringify({ paddle: Math.round(paddles.right) }))
    else if (seats.right)
      socket.send(
        JSON.stringify({
          ball: [ball.x, ball.y, ball.vx, ball.vy, paddles.left, paddles.right, score.left, score.right].map(Math.round)
        })
      )
  }
  draw()
  requestAnimationFrame(play)
}

/** The left player's page counts the points. */
function judge() {
  const { ball: next, point } = hit(ball, paddles.left, paddles.right)
  ball = next
  if (!point) return
  score[point]++
  ball = serve(point === 'left' ? 1 : -1, Math.random() * 2 - 1)
  showScore()
}

function draw() {
  context.clearRect(0, 0, WIDTH, HEIGHT)
  context.fillStyle = '#3a4152'
  for (let y = 12; y < HEIGHT; y += 30) context.fillRect(WIDTH / 2 - 2, y, 4, 15)
  for (const side of SIDES) {
    context.fillStyle = side === mySide() ? '#93acff' : seats[side] ? '#e8eaef' : '#565e70'
    context.fillRect(side === 'left' ? 12 : WIDTH - 24, paddles[side] - PADDLE / 2, 12, PADDLE)
  }
  context.fillStyle = '#f2bb66'
  context.beginPath()
  context.arc(ball.x, ball.y, 8, 0, 2 * Math.PI)
  if (seats.left && seats.right) context.fill()
}

function show() {
  const side = mySide()
  for (const each of SIDES) {
    const button = buttons[each]
    button.disabled = seats[each] !== '' && each !== side
    button.textContent = each === side ? 'Stand up' : seats[each] ? 'Taken' : `Sit ${each}`
  }
  const both = seats.left && seats.right
  element('hint', HTMLElement).textContent = both
    ? side
      ? 'Your paddle is the blue one: arrow keys, mouse or finger.'
      : 'You are watching.'
    : side
      ? 'Waiting for a player on the other side.'
      : 'Two can play. Choose a side.'
  latency?.forget()
  showScore()
}

function showScore() {
  const place = element('score', HTMLElement)
  const words = `${score.left} : ${score.right}`
  if (place.textContent !== words) place.textContent = words
}

function showLatency() {
  const values = latency?.values ?? []
  const sorted = values.toSorted((a, b) => a - b)
  const write = (/** @type {number | undefined} */ value) =>
    value === undefined ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
  element('latency', HTMLElement).textContent = write(values.at(-1))
  element('spread', HTMLElement).textContent =
    values.length < 2 ? '' : `best ${write(sorted[0])}, middle ${write(sorted[sorted.length >> 1])}`
  const most = Math.max(5, ...values)
  document
    .getElementById('curve')
    ?.setAttribute('points', values.map((value, i) => `${i * 5},${58 - (value / most) * 56}`).join(' '))
}

for (const side of SIDES) buttons[side].addEventListener('click', () => (mySide() === side ? stand() : sit(side)))

field.addEventListener('pointermove', ({ offsetY }) => {
  const side = mySide()
  if (side) paddles[side] = within((offsetY / field.clientHeight) * HEIGHT)
})
for (const type of /** @type {const} */ (['keydown', 'keyup'])) {
  field.addEventListener(type, event => {
    const direction = DIRECTIONS[event.key]
    if (!direction) return
    event.preventDefault()
    if (type === 'keydown') pressed = direction
    else if (pressed === direction) pressed = 0
  })
}
