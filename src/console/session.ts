// One joined channel: its socket, peers and messages. It tells a listener and shows nothing itself.
import {
  LocalWebSocket,
  NetworkWebSocket,
  type NetworkErrorEvent,
  type NetworkMessageEvent,
  type PeerWebSocket
} from '../client/index.ts'
import { BASE } from './api.ts'
import { FileLines } from './files.ts'
import { bytes as inBytes, plural, short } from './format.ts'
import { saveAs } from './log-line.ts'
import { payloadOf, type Moment, type Payload } from './timeline/entry.ts'
import { LinkWatch, type LinkState } from './timeline/links.ts'
import { Memory, Recorder } from './timeline/recorder.ts'

export type Scope = 'network' | 'local'

/** One line of the log. */
export interface Entry {
  at: Date
  kind: 'message' | 'presence' | 'note' | 'error'
  /** Id of the peer, or `you`. Empty: unknown. */
  from: string
  /** Id of the peer, or `you`. Empty: everybody. */
  to: string
  text: string
  /** The data of a message. Undefined: this line is no message, or raw text, which has no type. */
  payload?: Payload
  /** Buttons: their texts, and their names for screen readers. */
  actions?: { label: string; name: string; run: () => void }[] | undefined
  /** It was not sent. */
  refused?: boolean
  /** Bytes in memory, roughly. */
  size: number
}

export interface Peer {
  id: string
  location?: 'local' | 'remote'
  proxy?: string
  /** Name of its computer, if it is known. */
  proxyName?: string
  dialect?: string
  /** Of its page. */
  origin?: string
  via?: 'guest'
  invitation?: string
  connectedAt?: string
  messages?: number
  bytes?: number
  /** Undefined: takes no direct messages. */
  socket?: PeerWebSocket
}

export interface Listener {
  added: (entry: Entry) => void
  /** An earlier entry has a new text or other buttons. */
  changed: (entry: Entry) => void
  /** The API has told more about the peers. */
  described: () => void
  /** The state or the peers have changed. */
  updated: () => void
}

/** Shown bytes of a binary message. */
const SHOWN_BYTES = 24

/** Own messages whose refusal is awaited. */
const MAX_SENT = 2000
/** Close code for want of the right token. */
const TOKEN_REQUIRED = 4501

/** The memory of the timelines of this page. */
const memory = new Memory()

function describeBytes(bytes: Uint8Array) {
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), byte => byte.toString(16).padStart(2, '0')).join(' ')
  return `binary, ${inBytes(bytes.length)}: ${shown}${bytes.length > SHOWN_BYTES ? ' …' : ''}`
}

/** Opens the place of an error in the manual. */
function openHelp(code: string) {
  const page = code.startsWith('NWS_CLIENT_') ? 'CLIENT' : 'ERRORS'
  window.open(`${BASE}docs/${page}.md#${code.toLowerCase()}`, '_blank', 'noopener')
}

/** A channel that this page is in, or wants to be in. */
export class Session {
  readonly name: string
  readonly scope: Scope
  state: 'joining' | 'joined' | 'waiting' | 'left' = 'joining'
  peers = new Map<string, Peer>()
  /** Why the channel was not joined at the last attempt. Empty: it was, or the connection is lost. */
  problem = ''
  /** Time until the next attempt, milliseconds. */
  delayMs = 0
  /** Whether the proxy ended it for want of the right token. */
  needsToken = false
  /** A fault for developers is on. */
  isFaulty = false
  /** All that this page has seen of the channel. */
  readonly recorder = new Recorder(memory)
  readonly #links: LinkWatch
  /** Own messages by their numbers, as the proxy counts them. */
  #sent = new Map<number, { entry: Entry; payload: Payload }>()
  /** The last line of a problem, and how often it came. */
  #told: { entry: Entry; text: string; count: number } | undefined
  #files: FileLines | undefined
  #socket
  #listener

  /** @param token empty: none */
  constructor(name: string, scope: Scope, token: string, listener: Listener) {
    this.name = name
    this.scope = scope
    this.#listener = listener
    this.#links = new LinkWatch(name)
    const options = { endpoint: BASE, reconnect: { maxDelayMs: 5000 }, ...(token === '' ? {} : { token }) }
    // A channel of raw frames has no first message for the token, and a channel of this machine needs none.
    this.#socket =
      scope === 'network'
        ? new NetworkWebSocket(name, options)
        : new LocalWebSocket(name, { endpoint: BASE, reconnect: options.reconnect })
    this.#socket.binaryType = 'arraybuffer'
    this.#listen()
  }

  /** The id of this page in the channel. Empty: none. */
  get id() {
    return this.#socket instanceof NetworkWebSocket ? this.#socket.id : ''
  }

  /** Whether a message can be sent there now. @param to id of a peer. Empty: everybody */
  reaches(to: string) {
    return this.#way(to) !== undefined
  }

  /** Sends any data. @param to id of a peer. Empty: everybody @returns whether it was sent */
  sendPayload(payload: Payload, to: string): boolean {
    const way = this.#wayOrWords(to)
    if (way === undefined) return false
    if (payload.type === 'binary') way.send(payload.bytes)
    else if (payload.type === 'text') way.send(payload.text)
    else if (this.#socket instanceof NetworkWebSocket) this.#socket.sendJson(payload.text, to === '' ? undefined : to)
    else way.send(payload.text) // A raw frame has no types.
    this.#sent.set(this.#socket.messagesSent, { entry: this.#addMessage('you', to, payload), payload })
    if (this.#sent.size > MAX_SENT) this.#sent.delete(this.#sent.keys().next().value as number)
    this.record({ kind: 'message', from: this.id, to, own: true, payload })
    return true
  }

  /** Records a moment of now. */
  record(moment: Pick<Moment, 'kind'> & Partial<Moment>) {
    this.recorder.add({
      at: performance.timeOrigin + performance.now(),
      from: '',
      to: '',
      proxy: '',
      own: false,
      ...moment
    })
  }

  /** Takes the links from the API, for the timeline. */
  watch(links: readonly LinkState[]) {
    if (this.scope === 'local' || this.state !== 'joined') return
    for (const { proxy, words } of this.#links.look(links)) this.record({ kind: 'link', proxy, words })
  }

  /** @param to id of a peer. Empty: everybody */
  sendFiles(files: File[], to: string) {
    if (this.#files === undefined) this.#add('error', '', '', 'Files need a channel of the whole network.')
    else if (this.#wayOrWords(to) !== undefined) void this.#files.send(files, to)
  }

  leave() {
    this.state = 'left'
    this.#files?.stop()
    this.#socket.close(1000)
  }

  /** Takes the peers from the API. A channel of this machine has no other source. */
  describe(list: readonly Peer[], isFaulty: boolean) {
    this.isFaulty = isFaulty
    if (this.scope === 'local') this.peers = new Map(list.map(peer => [peer.id, peer]))
    for (const described of list) {
      const peer = this.peers.get(described.id)
      // A name may be gone that was there before.
      if (peer !== undefined) Object.assign(peer, { proxyName: undefined }, described)
      this.recorder.learn(described.id, described.proxy ?? '')
    }
    this.#listener.described()
  }

  /** The socket for a message. */
  #way(to: string) {
    return to === '' ? this.#socket : this.peers.get(to)?.socket
  }

  /** The same, and says so if the peer has left. */
  #wayOrWords(to: string) {
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
      this.record({ kind: 'page', from: this.id, own: true, words: 'This page has joined.' })
      this.#listener.updated()
    })
    socket.addEventListener('reconnecting', event => {
      this.delayMs = (event as CustomEvent<{ delayMs: number }>).detail.delayMs
      if (this.state === 'joined') {
        this.#add('note', '', '', 'The connection is lost. Trying again …')
        const words = 'This page has lost its connection. It misses the messages until it is back.'
        this.record({ kind: 'page', from: this.id, own: true, words })
      }
      if (this.state === 'left') return
      this.state = 'waiting'
      this.#listener.updated()
    })
    socket.addEventListener('error', event => {
      this.#failed(event as NetworkErrorEvent)
    })
    socket.addEventListener('close', event => {
      if (this.state === 'left') return
      this.state = 'left'
      this.needsToken = (event as CloseEvent).code === TOKEN_REQUIRED
      this.#add('note', '', '', 'No longer in the channel.')
      this.#listener.updated()
    })
    socket.addEventListener('message', event => this.#receive(event as NetworkMessageEvent, ''))
    if (!(socket instanceof NetworkWebSocket)) return
    this.#files = new FileLines(
      socket,
      (from, to, text) => this.#add('message', from, to, text),
      entry => this.#listener.changed(entry)
    )
    socket.addEventListener('connect', ({ detail: { target } }) => {
      target.binaryType = 'arraybuffer'
      target.addEventListener('message', event => this.#receive(event as NetworkMessageEvent, 'you'))
      this.peers.set(target.id, { id: target.id, socket: target })
      this.#add('presence', target.id, '', 'is here')
      this.record({ kind: 'join', from: target.id })
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
        this.record({ kind: 'leave', from: id })
        this.#listener.updated()
      }
    )
  }

  /** Says what went wrong, and which messages were not sent. */
  #failed({ code, message, detail: { first, last } }: NetworkErrorEvent) {
    let refused = 0
    for (let number = Number(first); number <= Number(last); number++) {
      refused++
      const sent = this.#sent.get(number)
      if (sent === undefined) continue
      this.#sent.delete(number)
      const { entry, payload } = sent
      entry.refused = true
      entry.actions = [{ label: 'Send again', name: 'Send again', run: () => void this.sendPayload(payload, entry.to) }]
      this.#listener.changed(entry)
    }
    if (this.state !== 'joined') this.problem = message
    const text = refused > 0 ? `${plural(refused, 'message')} not sent. ${message}` : message
    this.record({ kind: 'page', from: this.id, own: true, words: text.slice(0, 500) })
    // Each attempt may tell the same problem.
    if (this.state !== 'joined' && this.#told?.text === text) {
      const { entry } = this.#told
      entry.text = `${text} (${++this.#told.count} times)`
      this.#listener.changed(entry)
    } else {
      const entry = this.#add('error', '', '', text)
      entry.actions = [{ label: 'What is this?', name: `What is ${code}?`, run: () => openHelp(code) }]
      this.#listener.changed(entry)
      this.#told = { entry, text, count: 1 }
    }
    this.#listener.updated()
  }

  #receive({ data, json, senderId }: NetworkMessageEvent, to: string): void {
    if (data instanceof Blob) return // Never with this binaryType.
    const payload = payloadOf(data, json)
    this.record({ kind: 'message', from: senderId, to: to === '' ? '' : this.id, payload })
    const entry = this.#addMessage(senderId, to, payload)
    if (payload.type !== 'binary') return
    const save = () => saveAs(new Blob([payload.bytes], { type: 'application/octet-stream' }), 'message.bin')
    entry.actions = [{ label: 'Save', name: 'Save message.bin', run: save }]
    this.#listener.changed(entry)
  }

  #addMessage(from: string, to: string, payload: Payload): Entry {
    const { type } = payload
    const text = type === 'binary' ? describeBytes(payload.bytes) : payload.text
    const entry = this.#add('message', from, to, text, type === 'text' && this.scope === 'local' ? undefined : payload)
    if (type === 'binary') entry.size += payload.bytes.length
    return entry
  }

  #add(kind: Entry['kind'], from: string, to: string, text: string, payload?: Payload): Entry {
    const entry: Entry = { at: new Date(), kind, from, to, text, size: text.length * 2, ...(payload && { payload }) }
    this.#listener.added(entry)
    return entry
  }
}
