// One joined channel: its socket, peers and messages. It tells a listener and shows nothing itself.
import { LocalWebSocket, NetworkWebSocket } from '../lib/networkwebsockets.js'
import { Arrival, MAX_FILE_BYTES, readAnnouncement, sendFile } from './files.js'
import { bytes as inBytes, short } from './format.js'

/** @typedef {'network' | 'local'} Scope */

/**
 * One line of the log.
 *
 * @typedef {object} Entry
 * @property {Date} at
 * @property {'message' | 'presence' | 'note' | 'error'} kind
 * @property {string} from id of the peer, or `you`. Empty: unknown
 * @property {string} to id of the peer, or `you`. Empty: everybody
 * @property {string} text
 * @property {Blob} [blob] a file to save
 * @property {string} [name] of the file
 * @property {number} size bytes in memory, roughly
 */

/**
 * @typedef {object} Peer
 * @property {string} id
 * @property {'local' | 'remote'} [location]
 * @property {string} [proxy]
 * @property {string} [dialect]
 * @property {import('../lib/networkwebsockets.js').PeerWebSocket} [socket] undefined: takes no direct messages
 */

/**
 * @typedef {object} Listener
 * @property {(entry: Entry) => void} added
 * @property {(entry: Entry) => void} changed an earlier entry has a new text or a blob
 * @property {() => void} updated the state or the peers have changed
 */

/** Shown bytes of a binary message. */
const SHOWN_BYTES = 24

/** @param {ArrayBuffer} buffer */
function describeBytes(buffer) {
  const shown = Array.from(new Uint8Array(buffer.slice(0, SHOWN_BYTES)), byte =>
    byte.toString(16).padStart(2, '0')
  ).join(' ')
  return `binary, ${inBytes(buffer.byteLength)}: ${shown}${buffer.byteLength > SHOWN_BYTES ? ' …' : ''}`
}

/** A channel that this page is in, or wants to be in. */
export class Session {
  /** @type {'joining' | 'joined' | 'waiting' | 'left'} */
  state = 'joining'
  /** @type {Map<string, Peer>} */
  peers = new Map()
  /** Files on their way out. @type {Set<AbortController>} */
  #sending = new Set()
  /** Files that arrive, by sender and kind of message. @type {Map<string, { arrival: Arrival, entry: Entry }>} */
  #arriving = new Map()
  #socket
  #listener

  /**
   * @param {string} name
   * @param {Scope} scope
   * @param {string} token empty: none
   * @param {Listener} listener
   */
  constructor(name, scope, token, listener) {
    this.name = name
    this.scope = scope
    this.#listener = listener
    const options = { reconnect: { maxDelayMs: 5000 }, ...(token === '' ? {} : { token }) }
    // A channel of raw frames has no first message for the token, and a channel of this machine needs none.
    this.#socket =
      scope === 'network'
        ? new NetworkWebSocket(name, options)
        : new LocalWebSocket(name, { reconnect: options.reconnect })
    this.#socket.binaryType = 'arraybuffer'
    this.#listen()
  }

  /** The id of this page in the channel. Empty: none. */
  get id() {
    return this.#socket instanceof NetworkWebSocket ? this.#socket.id : ''
  }

  /** Whether a message can be sent there now. @param {string} to id of a peer. Empty: everybody */
  reaches(to) {
    return this.#way(to) !== undefined
  }

  /** @param {string} text @param {string} to id of a peer. Empty: everybody @returns {boolean} whether it was sent */
  send(text, to) {
    const way = this.#wayOrWords(to)
    if (way === undefined) return false
    way.send(text)
    this.#add('message', 'you', to, text)
    return true
  }

  /** @param {File} file @param {string} to id of a peer; empty: everybody */
  async sendFile(file, to) {
    if (file.size > MAX_FILE_BYTES) {
      this.#add(
        'error',
        '',
        '',
        `This page sends files of up to ${inBytes(MAX_FILE_BYTES)}. This one has ${inBytes(file.size)}.`
      )
      return
    }
    const way = this.#wayOrWords(to)
    if (way === undefined) return
    const entry = this.#add('message', 'you', to, `${file.name}, ${inBytes(file.size)}`)
    const controller = new AbortController()
    this.#sending.add(controller)
    const finish = (/** @type {string} */ text) => this.#change(entry, `${file.name}, ${inBytes(file.size)}${text}`)
    try {
      const complete = await sendFile(file, {
        text: text => way.send(text),
        bytes: part => way.send(part),
        waiting: () => way.bufferedAmount,
        sent: sent => finish(sent === file.size ? '' : `: ${Math.floor((sent / file.size) * 100)} % sent`),
        signal: controller.signal
      })
      if (!complete) finish(': not sent to its end')
    } catch {
      finish(': could not be read or sent')
    } finally {
      this.#sending.delete(controller)
    }
  }

  leave() {
    this.state = 'left'
    this.#socket.close(1000)
    this.#stopSending()
  }

  /**
   * Takes the peers from the API. A channel of this machine has no other source.
   *
   * @param {readonly Peer[]} list
   */
  describe(list) {
    if (this.scope === 'local') this.peers = new Map(list.map(peer => [peer.id, peer]))
    for (const { id, location, proxy, dialect } of list) {
      const peer = this.peers.get(id)
      if (peer !== undefined) Object.assign(peer, { location, proxy, dialect })
    }
    this.#listener.updated()
  }

  /** The socket for a message. @param {string} to */
  #way(to) {
    return to === '' ? this.#socket : this.peers.get(to)?.socket
  }

  /** The same, and says so if the peer has left. @param {string} to */
  #wayOrWords(to) {
    const way = this.#way(to)
    if (way === undefined) this.#add('error', '', '', `${short(to)} has left. Nothing was sent.`)
    return way
  }

  #listen() {
    const socket = this.#socket
    socket.addEventListener('open', () => {
      this.state = 'joined'
      this.#add('note', '', '', 'Joined.')
      this.#listener.updated()
    })
    socket.addEventListener('reconnecting', () => {
      if (this.state === 'joined') this.#add('note', '', '', 'The connection is lost. Trying again …')
      if (this.state === 'left') return
      this.state = 'waiting'
      this.#stopSending()
      this.#listener.updated()
    })
    socket.addEventListener('error', event => {
      const { message } = /** @type {import('../lib/networkwebsockets.js').NetworkErrorEvent} */ (event)
      this.#add('error', '', '', message)
    })
    socket.addEventListener('close', () => {
      this.#stopSending()
      if (this.state === 'left') return
      this.state = 'left'
      this.#add('note', '', '', 'No longer in the channel.')
      this.#listener.updated()
    })
    socket.addEventListener('message', event => this.#receive(/** @type {any} */ (event), ''))
    if (!(socket instanceof NetworkWebSocket)) return
    socket.addEventListener('connect', ({ detail: { target } }) => {
      target.binaryType = 'arraybuffer'
      target.addEventListener('message', event => this.#receive(/** @type {any} */ (event), 'you'))
      this.peers.set(target.id, { id: target.id, socket: target })
      this.#add('presence', target.id, '', 'is here')
      this.#listener.updated()
    })
    socket.addEventListener(
      'disconnect',
      ({
        detail: {
          target: { id }
        }
      }) => {
        this.peers.delete(id)
        for (const to of ['', 'you']) this.#abandon(`${id} ${to}`)
        this.#add('presence', id, '', 'has gone')
        this.#listener.updated()
      }
    )
  }

  /** @param {{ data: string | ArrayBuffer, senderId: string }} event @param {string} to */
  #receive({ data, senderId }, to) {
    const key = `${senderId} ${to}`
    if (typeof data !== 'string') return this.#receiveBytes(data, key, senderId, to)
    const announcement = readAnnouncement(data)
    if (announcement === undefined) {
      this.#add('message', senderId, to, data)
      return
    }
    this.#abandon(key)
    const arrival = new Arrival(announcement)
    const entry = this.#add('message', senderId, to, '')
    this.#arriving.set(key, { arrival, entry })
    this.#progress(key)
  }

  /** @param {ArrayBuffer} buffer @param {string} key @param {string} from @param {string} to */
  #receiveBytes(buffer, key, from, to) {
    if (this.#arriving.get(key)?.arrival.take(buffer)) return this.#progress(key)
    const entry = this.#add('message', from, to, describeBytes(buffer))
    entry.blob = new Blob([buffer], { type: 'application/octet-stream' })
    entry.name = 'message.bin'
    entry.size += buffer.byteLength
    this.#listener.changed(entry)
  }

  /** @param {string} key */
  #progress(key) {
    const { arrival, entry } = /** @type {{ arrival: Arrival, entry: Entry }} */ (this.#arriving.get(key))
    const { name, size } = arrival.announcement
    if (arrival.complete) {
      this.#arriving.delete(key)
      entry.blob = arrival.blob
      entry.name = name
      entry.size += size
    }
    this.#change(
      entry,
      `${name}, ${inBytes(size)}${arrival.complete ? '' : `: ${Math.floor((arrival.received / size) * 100)} % here`}`
    )
  }

  /** What had begun to arrive will not be complete. @param {string} key */
  #abandon(key) {
    const begun = this.#arriving.get(key)
    if (begun === undefined) return
    this.#arriving.delete(key)
    this.#change(begun.entry, `${begun.arrival.announcement.name}: did not arrive to its end`)
  }

  #stopSending() {
    for (const controller of this.#sending) controller.abort()
  }

  /** @param {Entry['kind']} kind @param {string} from @param {string} to @param {string} text @returns {Entry} */
  #add(kind, from, to, text) {
    const entry = { at: new Date(), kind, from, to, text, size: text.length * 2 }
    this.#listener.added(entry)
    return entry
  }

  /** @param {Entry} entry @param {string} text */
  #change(entry, text) {
    entry.text = text
    this.#listener.changed(entry)
  }
}
