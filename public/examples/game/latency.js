// Measures the time of a message to a peer and back: one direct message a second, which the peer returns at once.

const INTERVAL_MS = 1000
const REMEMBERED = 60

export class Latency {
  /** Milliseconds, the newest last. @type {number[]} */
  values = []
  #timer

  /** @param {() => import('../../lib/networkwebsockets.js').PeerWebSocket | undefined} peerOf gives the peer to measure @param {() => void} changed */
  constructor(peerOf, changed) {
    this.changed = changed
    this.#timer = setInterval(() => peerOf()?.send(JSON.stringify({ ping: performance.now() })), INTERVAL_MS)
  }

  /** @param {number} sent the time in this page's ping */
  answered(sent) {
    const took = performance.now() - sent
    if (!(took >= 0 && took < 60_000)) return
    this.values = [...this.values, took].slice(-REMEMBERED)
    this.changed()
  }

  forget() {
    this.values = []
    this.changed()
  }

  stop() {
    clearInterval(this.#timer)
  }
}
