// Keeps the boards of a channel the same. New lines are broadcast. A page that joins asks the others, one after the other,
// for the picture: the first sends it, and the rest answer that they have the same.

/** Lines in one message, which stays well below the limit of the proxies. */
const PORTION = 200
/** Time for an answer. After it the next peer is asked. Milliseconds. */
const PATIENCE_MS = 2000

export class Sharing {
  #socket
  #board
  #changed
  /** Peers that have not been asked. @type {Set<import('../../lib/networkwebsockets.js').PeerWebSocket>} */
  #toAsk = new Set()
  /** The peer that has to answer. @type {import('../../lib/networkwebsockets.js').PeerWebSocket | undefined} */
  #asked
  #timer = 0

  /**
   * @param {import('../../lib/networkwebsockets.js').NetworkWebSocket} socket
   * @param {import('./board.js').Board} board
   * @param {(line?: import('./board.js').Line) => void} changed gets a new line; without a line the whole picture has changed
   */
  constructor(socket, board, changed) {
    this.#socket = socket
    this.#board = board
    this.#changed = changed
    // After a reconnection each page may have missed lines of the others.
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

  /** Others may send anything. @param {any} data @param {import('../../lib/networkwebsockets.js').PeerWebSocket} [peer] the sender of a direct message */
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

  /** @param {import('../../lib/networkwebsockets.js').PeerWebSocket} peer @param {string} digest of its picture */
  #answer(peer, digest) {
    if (digest !== this.#board.digest) {
      const { lines } = this.#board
      peer.send(JSON.stringify({ clear: this.#board.cleared }))
      for (let i = 0; i < lines.length; i += PORTION) peer.send(JSON.stringify({ lines: lines.slice(i, i + PORTION) }))
    }
    peer.send(JSON.stringify({ complete: true }))
  }
}
