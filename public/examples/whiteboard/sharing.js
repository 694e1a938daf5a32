// Keeps the boards of a channel the same. New lines are broadcast. Whoever comes asks the others, one after the other,
// for what it lacks: the first sends the picture, and the rest answer that there is nothing to add. Draws nothing.

/** Lines of one message; a message has to stay well below the limit of the proxies. */
const PORTION = 200
/** A peer that does not answer is passed over after this time. Milliseconds. */
const PATIENCE_MS = 2000

export class Sharing {
  #socket
  #board
  #changed
  /** Peers that are still to be asked, and the one that is being asked. @type {Set<import('../../lib/networkwebsockets.js').PeerWebSocket>} */
  #toAsk = new Set()
  /** @type {import('../../lib/networkwebsockets.js').PeerWebSocket | undefined} */
  #asked
  #timer = 0

  /**
   * @param {import('../../lib/networkwebsockets.js').NetworkWebSocket} socket
   * @param {import('./board.js').Board} board
   * @param {(line?: import('./board.js').Line) => void} changed there is a new line, or, without one, another picture
   */
  constructor(socket, board, changed) {
    this.#socket = socket
    this.#board = board
    this.#changed = changed
    // After a reconnection something may have been missed, also by those who are still there.
    socket.addEventListener('open', () => {
      for (const peer of socket.peers) this.#toAsk.add(peer)
      this.#askNext()
    })
    socket.addEventListener('message', ({ data }) => this.#receive(data))
    socket.addEventListener('connect', ({ detail: { target: peer } }) => {
      peer.onmessage = ({ data }) => this.#receive(data, peer)
      peer.addEventListener('open', () => {
        this.#toAsk.add(peer)
        this.#askNext()
      })
    })
    socket.addEventListener('disconnect', ({ detail: { target: peer } }) => {
      this.#toAsk.delete(peer)
      if (peer === this.#asked) this.#answered()
    })
  }

  /** @param {import('./board.js').Line[]} lines */
  send(...lines) {
    this.#socket.send(JSON.stringify({ lines }))
  }

  clear() {
    const time = this.#board.now()
    this.#board.clear(time)
    this.#socket.send(JSON.stringify({ clear: time }))
  }

  #askNext() {
    if (this.#asked !== undefined) return
    const [peer] = this.#toAsk
    if (peer === undefined) return
    this.#toAsk.delete(peer)
    this.#asked = peer
    this.#timer = setTimeout(() => this.#answered(), PATIENCE_MS)
    peer.send(JSON.stringify({ have: this.#board.digest }))
  }

  #answered() {
    clearTimeout(this.#timer)
    this.#asked = undefined
    this.#askNext()
  }

  /** What others send may be anything. @param {any} data @param {import('../../lib/networkwebsockets.js').PeerWebSocket} [peer] whose direct message it is */
  #receive(data, peer) {
    let message
    try {
      message = Object(JSON.parse(data))
    } catch {
      return
    }
    if (this.#board.clear(message.clear)) this.#changed()
    for (const line of Array.isArray(message.lines) ? message.lines : []) if (this.#board.add(line)) this.#changed(line)
    if (peer !== undefined && typeof message.have === 'string') this.#answer(peer, message.have)
    if (peer === this.#asked && message.complete === true) this.#answered()
  }

  /** @param {import('../../lib/networkwebsockets.js').PeerWebSocket} peer @param {string} digest what it has */
  #answer(peer, digest) {
    if (digest !== this.#board.digest) {
      const { lines } = this.#board
      peer.send(JSON.stringify({ clear: this.#board.cleared }))
      for (let i = 0; i < lines.length; i += PORTION) peer.send(JSON.stringify({ lines: lines.slice(i, i + PORTION) }))
    }
    peer.send(JSON.stringify({ complete: true }))
  }
}
