// Publish and subscribe on a channel. Each member tells the others which topics it wants; who publishes sends directly
// to those, and to nobody else. Messages are JSON text: { topics: [...] } or { topic, value }.
//
//   const hub = new Hub(new NetworkWebSocket('topics'))
//   const stop = hub.subscribe('weather', value => console.log(value))
//   hub.publish('weather', 'sunny')                       // gives the number of subscribers

const MAX_TOPICS = 1000

/** @typedef {(value: unknown, sender: string) => void} Listener */

export class Hub extends EventTarget {
  #socket
  /** What this member wants: topic → listeners. @type {Map<string, Set<Listener>>} */
  #listeners = new Map()
  /** What the others want: peer id → topics. @type {Map<string, Set<string>>} */
  #wanted = new Map()

  /** @param {import('../../lib/networkwebsockets.js').NetworkWebSocket} socket of the channel */
  constructor(socket) {
    super()
    this.#socket = socket
    socket.addEventListener('open', () => this.#tell(socket)) // After a reconnection others know us under a new id.
    socket.addEventListener('message', ({ senderId, data }) => this.#receive(senderId, data))
    socket.addEventListener('connect', ({ detail: { target: peer } }) => {
      peer.addEventListener('open', () => this.#tell(peer))
      peer.onmessage = ({ data }) => this.#receive(peer.id, data)
    })
    socket.addEventListener('disconnect', ({ detail: { target: peer } }) => {
      this.#wanted.delete(peer.id)
      this.dispatchEvent(new Event('change'))
    })
  }

  /** Calls the listener with each value that is published to the topic by others. Returns what ends that. @param {string} topic @param {Listener} listener */
  subscribe(topic, listener) {
    const listeners = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, listeners.add(listener))
    if (listeners.size === 1) this.#tell(this.#socket)
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return
      this.#listeners.delete(topic)
      this.#tell(this.#socket)
    }
  }

  /** Sends a JSON value to all who have subscribed to the topic. Returns how many they are. @param {string} topic @param {unknown} value */
  publish(topic, value) {
    const subscribers = this.#socket.peers.filter(({ id }) => this.#wanted.get(id)?.has(topic))
    for (const peer of subscribers) peer.send(JSON.stringify({ topic, value }))
    return subscribers.length
  }

  /** How many others have subscribed, by topic. A `change` event says that this may be different now. */
  get subscribers() {
    const counts = new Map()
    for (const topics of this.#wanted.values())
      for (const topic of topics) counts.set(topic, (counts.get(topic) ?? 0) + 1)
    return counts
  }

  /** @param {WebSocket} socket of the channel or of one peer */
  #tell(socket) {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ topics: [...this.#listeners.keys()] }))
  }

  /** What others send may be anything. @param {string} sender @param {any} text */
  #receive(sender, text) {
    let message
    try {
      message = Object(JSON.parse(text))
    } catch {
      return
    }
    if (Array.isArray(message.topics)) {
      this.#wanted.set(
        sender,
        new Set(message.topics.filter((/** @type {unknown} */ topic) => typeof topic === 'string').slice(0, MAX_TOPICS))
      )
      this.dispatchEvent(new Event('change'))
    } else if (typeof message.topic === 'string') {
      for (const listener of this.#listeners.get(message.topic) ?? []) listener(message.value, sender)
    }
  }
}
