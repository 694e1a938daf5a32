// The page of the whiteboard: pens, pointer, keys and canvas. The data of the picture is in board.js. The provider of Yjs sends
// it to the others.
import { NetworkProvider } from '../../lib/networkwebsockets-yjs.js'
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'
import { element } from '../shared/element.js'
import { joinBar } from '../shared/join-bar.js'
import { Board } from './board.js'

/** @type {[value: string, name: string][]} */
const COLOURS = [
  ['#1a1d23', 'black'],
  ['#d62f2f', 'red'],
  ['#e58a00', 'orange'],
  ['#1f8f45', 'green'],
  ['#2b50d8', 'blue'],
  ['#8a3fc0', 'violet'],
  ['#ffffff', 'white, as an eraser']
]
/** How far one press of an arrow key moves the pen. */
const KEY_STEP = 20

/** @type {Record<string, Place | undefined>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/** @typedef {import('./board.js').Line} Line */
/** @typedef {[x: number, y: number]} Place on the canvas */

const room = element('room', HTMLElement)
const canvas = element('board', HTMLCanvasElement)
const colours = element('colours', HTMLElement)
const size = element('size', HTMLInputElement)
const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
let board = new Board(changed)
/** The channel of the picture. */
let place = ''
/** @type {NetworkProvider | undefined} */
let provider
let colour = '#1a1d23'
/** @type {Place} */
let pen = [canvas.width / 2, canvas.height / 2]
/** Points since the last line was sent: x, y, x, y … @type {number[]} */
let points = []
let frame = 0
let redrawing = 0

joinBar('whiteboard', (channel, options) => {
  const socket = new NetworkWebSocket(channel, options)
  if (channel !== place) board = new Board(changed)
  place = channel
  provider?.destroy()
  provider = new NetworkProvider(socket, board.doc)
  socket.addEventListener('open', () => {
    room.hidden = false
  })
  socket.addEventListener('close', () => {
    room.hidden = true
  })
  redraw()
  return socket
})

/** @param {Line[] | undefined} added */
function changed(added) {
  if (added === undefined) redrawing ||= requestAnimationFrame(redraw)
  else added.forEach(draw)
}

// While the pen is down, each frame sends a line of its new points. The others see the drawing grow.
/** @param {Place} at */
function penDown([x, y]) {
  board.beginStroke()
  points = [x, y]
  penTo([x, y])
}

/** @param {Place} at */
function penTo([x, y]) {
  if (points.length === 0) return
  points.push(Math.round(x), Math.round(y))
  frame ||= requestAnimationFrame(share)
}

function penUp() {
  if (frame !== 0) share() // A dot may take less than a frame.
  points = []
}

function share() {
  cancelAnimationFrame(frame)
  frame = 0
  board.add({ colour, size: size.valueAsNumber, points })
  points = points.slice(-2)
}

/** @param {Line} line */
function draw(line) {
  const [x = 0, y = 0, ...rest] = line.points
  context.strokeStyle = line.colour
  context.lineWidth = line.size
  context.lineCap = context.lineJoin = 'round'
  context.beginPath()
  context.moveTo(x, y)
  for (let i = 0; i + 1 < rest.length; i += 2) context.lineTo(rest[i] ?? 0, rest[i + 1] ?? 0)
  context.stroke()
}

function redraw() {
  redrawing = 0
  context.clearRect(0, 0, canvas.width, canvas.height)
  for (const line of board.lines) draw(line)
}

/** The place of a pointer on the canvas. @param {PointerEvent} event @returns {Place} */
function placeOf({ offsetX, offsetY }) {
  return [(offsetX / canvas.clientWidth) * canvas.width, (offsetY / canvas.clientHeight) * canvas.height]
}

canvas.addEventListener('pointerdown', event => {
  canvas.setPointerCapture(event.pointerId)
  penDown(placeOf(event))
})
canvas.addEventListener('pointermove', event => {
  for (const each of event.getCoalescedEvents?.() ?? [event]) penTo(placeOf(each))
})
for (const type of ['pointerup', 'pointercancel']) canvas.addEventListener(type, penUp)

canvas.addEventListener('keydown', event => {
  if (event.key === 'z' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    return board.undo()
  }
  const [x, y] = ARROWS[event.key] ?? [0, 0]
  if (event.key === ' ') {
    if (points.length > 0) penUp()
    else penDown(pen)
  } else if (x !== 0 || y !== 0) {
    pen = [
      Math.max(0, Math.min(canvas.width, pen[0] + x * KEY_STEP)),
      Math.max(0, Math.min(canvas.height, pen[1] + y * KEY_STEP))
    ]
    penTo(pen)
  } else {
    return
  }
  event.preventDefault()
  element('pen', HTMLElement).textContent =
    `The pen is ${points.length > 0 ? 'down' : 'up'}, ${Math.round((pen[0] / canvas.width) * 100)} % from the left and ${Math.round((pen[1] / canvas.height) * 100)} % from the top.`
})

element('undo', HTMLButtonElement).addEventListener('click', () => board.undo())
element('clear', HTMLButtonElement).addEventListener('click', () => board.clear())

for (const [value, name] of COLOURS) {
  const button = Object.assign(document.createElement('button'), {
    type: 'button',
    ariaLabel: name,
    ariaPressed: String(value === colour)
  })
  button.style.background = value
  button.addEventListener('click', () => {
    colour = value
    for (const each of colours.children) each.ariaPressed = String(each === button)
  })
  colours.append(button)
}
