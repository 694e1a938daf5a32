// One joined channel: its socket, peers and messages. It tells a listener and shows nothing itself.
import { LocalWebSocket, NetworkWebSocket } from '../lib/networkwebsockets.js'
import { FileLines } from './files.js'
import { bytes as inBytes, plural, short } from './format.js'
import { saveAs } from './log-line.js'

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
 * @property {{ label: string, name: string, run: () => void }[] | undefined} [actions] buttons: their texts, and their names for screen readers
 * @property {boolean} [refused] it was not sent
 * @property {number} size bytes in memory, roughly
 */

/**
 * @typedef {object} Peer
 * @property {string} id
 * @property {'local' | 'remote'} [location]
 * @property {string} [proxy]
 * @property {string} [dialect]
 * @property {'guest'} [via]
 * @property {import('../lib/networkwebsockets.js').PeerWebSocket} [socket] undefined: takes no direct messages
 */

/**
 * @typedef {object} Listener
 * @property {(entry: Entry) => void} added
 * @property {(entry: Entry) => void} changed an earlier entry has a new text or other buttons
 * @property {() => void} updated the state or the peers have changed
 */

/** Shown bytes of a binary message. */
const SHOWN_BYTES = 24

/** Own messages whose refusal is awaited. */
const MAX_SENT = 2000
/** Close code for want of the right token. */
const TOKEN_REQUIRED = 4501

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
  /** Why the channel was not joined at the last attempt. Empty: it was, or the connection is lost. */
  problem = ''
  /** Time until the next attempt, milliseconds. */
  delayMs = 0
  /** Whether the proxy ended it for want of the right token. */
  needsToken = false
  /** Own messages by their numbers, as the proxy counts them. @type {Map<number, Entry>} */
  #sent = new Map()
  /** The last line of a problem, and how often it came. @type {{ entry: Entry, text: string, count: number } | undefined} */
  #told
  /** @type {FileLines | undefined} */
  #files
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
    this.#sent.set(this.#socket.messagesSent, this.#add('message', 'you', to, text))
    if (this.#sent.size > MAX_SENT) this.#sent.delete(/** @type {number} */ (this.#sent.keys().next().value))
    return true
  }

  /** @param {File[]} files @param {string} to id of a peer. Empty: everybody */
  sendFiles(files, to) {
    if (this.#files === undefined) this.#add('error', '', '', 'Files need a channel of the whole network.')
    else if (this.#wayOrWords(to) !== undefined) void this.#files.send(files, to)
  }

  leave() {
    this.state = 'left'
    this.#files?.stop()
    this.#socket.close(1000)
  }

  /**
   * Takes the peers from the API. A channel of this machine has no other source.
   *
   * @param {readonly Peer[]} list
   */
  describe(list) {
    if (this.scope === 'local') this.peers = new Map(list.map(peer => [peer.id, peer]))
    for (const { id, location, proxy, dialect, via } of list) {
      const peer = this.peers.get(id)
      if (peer !== undefined) Object.assign(peer, { location, proxy, dialect, via })
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
      this.problem = ''
      this.#told = undefined
      this.#sent.clear()
      this.#add('note', '', '', 'Joined.')
      this.#listener.updated()
    })
    socket.addEventListener('reconnecting', event => {
      this.delayMs = /** @type {CustomEvent<{ delayMs: number }>} */ (event).detail.delayMs
      if (this.state === 'joined') this.#add('note', '', '', 'The connection is lost. Trying again …')
      if (this.state === 'left') return
      this.state = 'waiting'
      this.#listener.updated()
    })
    socket.addEventListener('error', event => {
      this.#failed(/** @type {import('../lib/networkwebsockets.js').NetworkErrorEvent} */ (event))
    })
    socket.addEventListener('close', event => {
      if (this.state === 'left') return
      this.state = 'left'
      this.needsToken = /** @type {CloseEvent} */ (event).code === TOKEN_REQUIRED
      this.#add('note', '', '', 'No longer in the channel.')
      this.#listener.updated()
    })
    socket.addEventListener('message', event => this.#receive(/** @type {any} */ (event), ''))
    if (!(socket instanceof NetworkWebSocket)) return
    this.#files = new FileLines(
      socket,
      (from, to, text) => this.#add('message', from, to, text),
      entry => this.#listener.changed(entry)
    )
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
        this.#add('presence', id, '', 'has gone')
        this.#listener.updated()
      }
    )
  }

  /** Says what went wrong, and which messages were not sent. @param {import('../lib/networkwebsockets.js').NetworkErrorEvent} error */
  #failed({ message, detail: { first, last } }) {
    let refused = 0
    for (let number = Number(first); number <= Number(last); number++) {
      refused++
      const entry = this.#sent.get(number)
      if (entry === undefined) continue
      this.#sent.delete(number)
      entry.refused = true
      entry.actions = [{ label: 'Send again', name: 'Send again', run: () => void this.send(entry.text, entry.to) }]
      this.#listener.changed(entry)
    }
    if (this.state !== 'joined') this.problem = message
    const text = refused > 0 ? `${plural(refused, 'message')} not sent. ${message}` : message
    // Each attempt may tell the same problem.
    if (this.state !== 'joined' && this.#told?.text === text) {
      const { entry } = this.#told
      entry.text = `${text} (${++this.#told.count} times)`
      this.#listener.changed(entry)
    } else {
      this.#told = { entry: this.#add('error', '', '', text), text, count: 1 }
    }
    this.#listener.updated()
  }

  /** @param {{ data: string | ArrayBuffer, senderId: string }} event @param {string} to */
  #receive({ data, senderId }, to) {
    if (typeof data === 'string') {
      this.#add('message', senderId, to, data)
      return
    }
    const entry = this.#add('message', senderId, to, describeBytes(data))
    entry.size += data.byteLength
    const save = () => saveAs(new Blob([data], { type: 'application/octet-stream' }), 'message.bin')
    entry.actions = [{ label: 'Save', name: 'Save message.bin', run: save }]
    this.#listener.changed(entry)
  }

  /** @param {Entry['kind']} kind @param {string} from @param {string} to @param {string} text @returns {Entry} */
  #add(kind, from, to, text) {
    const entry = { at: new Date(), kind, from, to, text, size: text.length * 2 }
    this.#listener.added(entry)
    return entry
  }
}
