// Publish and subscribe on a channel. Each member tells the others which topics it wants. A publisher sends directly to
// the members that want the topic, and to no others. Messages are JSON text: { topics: [...] } or { topic, value }.
//
//   const hub = new Hub(new NetworkWebSocket('topics'))
//   const stop = hub.subscribe('weather', value => console.log(value))
//   hub.publish('weather', 'sunny')                       // returns the number of subscribers

const MAX_TOPICS = 1000

/** @typedef {(value: unknown, sender: string) => void} Listener */

export class Hub extends EventTarget {
  #socket
  /** The topics that this member wants, with its listeners. @type {Map<string, Set<Listener>>} */
  #listeners = new Map()
  /** The topics that the others want, by peer id. @type {Map<string, Set<string>>} */
  #wanted = new Map()

  /** @param {import('../../lib/networkwebsockets.js').NetworkWebSocket} socket of the channel */
  constructor(socket) {
    super()
    this.#socket = socket
    socket.addEventListener('open', () => this.#tell(socket)) // After a reconnection the others know this member by a new id.
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

  /**
   * Calls the listener with each value that others publish to the topic.
   *
   * @param {string} topic
   * @param {Listener} listener
   * @returns {() => void} ends the subscription
   */
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

  /**
   * Sends a JSON value to all subscribers of the topic.
   *
   * @param {string} topic
   * @param {unknown} value
   * @returns {number} of subscribers
   */
  publish(topic, value) {
    const subscribers = this.#socket.peers.filter(({ id }) => this.#wanted.get(id)?.has(topic))
    for (const peer of subscribers) peer.send(JSON.stringify({ topic, value }))
    return subscribers.length
  }

  /** The number of other subscribers, by topic. A `change` event says that it may have changed. */
  get subscribers() {
    /** @type {Map<string, number>} */
    const counts = new Map()
    for (const topics of this.#wanted.values())
      for (const topic of topics) counts.set(topic, (counts.get(topic) ?? 0) + 1)
    return counts
  }

  /** @param {WebSocket} socket of the channel or of one peer */
  #tell(socket) {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ topics: [...this.#listeners.keys()] }))
  }

  /** Others may send anything. @param {string} sender @param {any} text */
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
