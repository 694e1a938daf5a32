// A page over the hub: topics to tick, a form that publishes, and the arrived messages. hub.js knows topics.
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'
import { element } from '../shared/element.js'
import { joinBar } from '../shared/join-bar.js'
import { Hub } from './hub.js'

const room = element('room', HTMLElement)
const topics = element('topics', HTMLElement)
const topic = element('topic', HTMLSelectElement)
const value = element('value', HTMLInputElement)
const received = element('received', HTMLElement)
const newTopic = element('new-topic', HTMLInputElement)
const MAX_SHOWN = 200

/** For each topic on the page a function that ends its subscription, or undefined. @type {Map<string, (() => void) | undefined>} */
const offered = new Map()
/** @type {Hub | undefined} */
let hub

joinBar('topics', (channel, options) => {
  const socket = new NetworkWebSocket(channel, options)
  hub = new Hub(socket)
  hub.addEventListener('change', showSubscribers)
  socket.addEventListener('close', () => {
    room.hidden = true
  })
  room.hidden = false
  const ticked = [...offered].filter(([, stop]) => stop).map(([name]) => name)
  for (const name of ['weather', 'news', 'lights', ...offered.keys()]) offer(name, ticked.includes(name))
  return socket
})

element('subscribe', HTMLFormElement).addEventListener('submit', event => {
  event.preventDefault()
  offer(newTopic.value, true)
  newTopic.value = ''
})

element('publish', HTMLFormElement).addEventListener('submit', event => {
  event.preventDefault()
  const count = hub?.publish(topic.value, value.value) ?? 0
  element('outcome', HTMLElement).textContent =
    count === 0
      ? 'Nobody else has subscribed to this topic.'
      : `Sent to ${count === 1 ? 'one subscriber' : `${count} subscribers`}.`
})

/** Puts a topic on the page, or ticks it. @param {string} name @param {boolean} ticked */
function offer(name, ticked) {
  if (!offered.has(name)) {
    const box = Object.assign(document.createElement('input'), { type: 'checkbox', value: name })
    const label = document.createElement('label')
    label.append(box, name)
    const count = Object.assign(document.createElement('span'), { className: 'small quiet' })
    const item = document.createElement('li')
    item.append(label, count)
    topics.append(item)
    topic.append(new Option(name))
    box.addEventListener('change', () => tick(name, box.checked))
  }
  tick(name, ticked)
  showSubscribers()
}

/** @param {string} name @param {boolean} ticked */
function tick(name, ticked) {
  offered.get(name)?.()
  offered.set(name, ticked ? hub?.subscribe(name, value => show(name, value)) : undefined)
  for (const box of topics.querySelectorAll('input')) if (box.value === name) box.checked = ticked
}

/** @param {string} name @param {unknown} value */
function show(name, value) {
  const item = document.createElement('li')
  const title = document.createElement('strong')
  title.textContent = name
  item.append(title, typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
  received.prepend(item)
  while (received.childElementCount > MAX_SHOWN) received.lastElementChild?.remove()
}

function showSubscribers() {
  for (const box of topics.querySelectorAll('input')) {
    const count = hub?.subscribers.get(box.value) ?? 0
    const words = box.closest('li')?.lastElementChild
    if (words)
      words.textContent = count === 0 ? '' : count === 1 ? 'one other subscriber' : `${count} other subscribers`
  }
}
