// One joined channel: its socket, peers and messages. It tells a listener and shows nothing itself.
import { LocalWebSocket, NetworkWebSocket } from '../lib/networkwebsockets.js'
import { FileLines } from './files.js'
import { bytes as inBytes, short } from './format.js'
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
 * @property {{ label: string, name: string, run: () => void }[] | undefined} [actions] buttons: what they say, and what is read out
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
    this.#add('message', 'you', to, text)
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
      this.#add('note', '', '', 'Joined.')
      this.#listener.updated()
    })
    socket.addEventListener('reconnecting', () => {
      if (this.state === 'joined') this.#add('note', '', '', 'The connection is lost. Trying again …')
      if (this.state === 'left') return
      this.state = 'waiting'
      this.#listener.updated()
    })
    socket.addEventListener('error', event => {
      const { message } = /** @type {import('../lib/networkwebsockets.js').NetworkErrorEvent} */ (event)
      this.#add('error', '', '', message)
    })
    socket.addEventListener('close', () => {
      if (this.state === 'left') return
      this.state = 'left'
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
